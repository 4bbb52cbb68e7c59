"""The GPUs of this machine as nvidia-smi tells them, in PCI order."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from splitreel.contract.errors import SplitreelError

_FIELDS = "index,uuid,name,memory.total,driver_version"
_PATIENCE_S = 8.0


@dataclass(frozen=True, slots=True)
class Gpu:
    index: int
    uuid: str
    name: str
    memory_bytes: int
    driver: str


def find_gpus() -> list[Gpu]:
    """Raises DRIVER_MISSING, DRIVER_NOT_RESPONDING or DRIVER_GARBLED."""
    program = shutil.which("nvidia-smi")
    if program is None:
        raise SplitreelError("DRIVER_MISSING")
    command = [program, f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise SplitreelError("DRIVER_NOT_RESPONDING") from error
    except OSError as error:
        raise SplitreelError("DRIVER_MISSING", details=str(error)) from error
    if answer.returncode != 0:
        raise SplitreelError("DRIVER_MISSING", details=answer.stdout[:2000] + answer.stderr[:2000])
    try:
        return [_parse(line) for line in answer.stdout.splitlines() if line.strip()]
    except ValueError as error:
        raise SplitreelError("DRIVER_GARBLED", details=answer.stdout[:2000]) from error


def known_gpus() -> list[Gpu]:
    """As `find_gpus`; none where the driver does not answer, of which others tell."""
    try:
        return find_gpus()
    except SplitreelError:
        return []


# Stands for a capability that nvidia-smi does not tell: then only a trial can show what runs.
_UNKNOWN_CAPABILITY = (99, 0)


def compute_capabilities() -> list[tuple[int, int]]:
    """One a visible GPU; empty without a driver that answers."""
    try:
        gpus = visible_gpus()
    except SplitreelError:
        return []
    command = ["nvidia-smi", "--query-gpu=uuid,compute_cap", "--format=csv,noheader,nounits"]
    answered: dict[str, tuple[int, int]] = {}
    with suppress(OSError, ValueError, subprocess.TimeoutExpired):
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        for line in answer.stdout.splitlines() if answer.returncode == 0 else []:
            uuid, capability = (value.strip() for value in line.split(","))
            major, minor = capability.split(".")
            answered[uuid] = (int(major), int(minor))
    return [answered.get(gpu.uuid, _UNKNOWN_CAPABILITY) for gpu in gpus]


def _parse(line: str) -> Gpu:
    index, uuid, name, memory, driver = (value.strip() for value in line.split(","))
    return Gpu(int(index), uuid, name, int(memory) * 1024 * 1024, driver)


def visible_gpus() -> list[Gpu]:
    """Those that CUDA_VISIBLE_DEVICES leaves; numbers count in PCI order, as nvidia-smi does."""
    gpus = find_gpus()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return gpus
    names = [name.strip() for name in chosen.split(",") if name.strip()]
    return [gpu for gpu in gpus if any(name == str(gpu.index) or gpu.uuid.startswith(name) for name in names)]
