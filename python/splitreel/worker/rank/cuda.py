"""Starts CUDA in this process, or raises an error with CUDA's own reason."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from splitreel.contract import failures

if TYPE_CHECKING:
    import torch

_PROBE_TIMEOUT_S = 60.0
_LENGTH = 200


def start_cuda(device: torch.device, label: str) -> str:
    """The name of the device. Raises CUDA_UNAVAILABLE; `label` names the device there."""
    import torch

    try:
        torch.cuda.set_device(device)
        return torch.cuda.get_device_name(device)
    except (RuntimeError, AssertionError) as error:
        reason = _reason(str(error))
        raise failures.cuda_unavailable(device=label, details=f"{reason}\n{error}") from error


def _reason(message: str) -> str:
    if "forked subprocess" in message:
        # If CUDA can't start, torch blames the fork. A fresh process gives the real reason.
        message = _probe() or message
    lines = [line for line in message.strip().splitlines() if line.strip()]
    text = lines[-1] if lines else "it gives no reason"
    return text.removeprefix("RuntimeError: ").removeprefix("AssertionError: ").rstrip(".")[:_LENGTH]


def _probe() -> str | None:
    command = [sys.executable, "-I", "-c", "import torch; torch.zeros(1, device='cuda')"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PROBE_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stderr if done.returncode != 0 else None
