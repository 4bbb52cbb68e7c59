"""What each stage costs on one rank: time, peak memory, bytes sent, time spent waiting."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from splitreel.contract.types import Stage
from splitreel.engine.api import StageFigures
from splitreel.parallel.collectives import Traffic

_NOTHING = StageFigures(0.0, 0, 0, 0, 0.0)


class StageMeter:
    """Figures per stage since the last `take`. A stage that runs again adds to its figures."""

    def __init__(self, device: torch.device, traffic: Traffic) -> None:
        self._device = device
        self._traffic = traffic
        self._figures: dict[str, StageFigures] = {}

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Measures the stage, also if it fails: its peak matters most then."""
        reset_peaks(self._device)
        began, sent, waited = time.perf_counter(), self._traffic.bytes_sent, self._traffic.seconds_waiting
        try:
            yield
        finally:
            before = self._figures.get(stage.value, _NOTHING)
            self._figures[stage.value] = StageFigures(
                seconds=before.seconds + time.perf_counter() - began,
                peak_device_bytes=max(before.peak_device_bytes, device_peak(self._device)),
                peak_host_bytes=max(before.peak_host_bytes, host_peak()),
                bytes_sent=before.bytes_sent + self._traffic.bytes_sent - sent,
                seconds_waiting=before.seconds_waiting + self._traffic.seconds_waiting - waited,
            )

    def peak_now(self) -> int:
        """The current stage's peak so far: of the GPU, or of the process if there is none."""
        return device_peak(self._device) or host_peak()

    def take(self) -> dict[str, StageFigures]:
        figures, self._figures = self._figures, {}
        return figures


def reset_peaks(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    # Resets VmHWM to the current resident set (Linux, proc(5)). Elsewhere the peak covers the process's whole life.
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def device_peak(device: torch.device) -> int:
    """Peak bytes of torch's tensors since the last reset; 0 on the CPU."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def host_peak() -> int:
    """Peak bytes of the process's resident set since the last reset."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
