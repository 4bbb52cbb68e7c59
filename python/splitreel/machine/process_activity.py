"""Signs of life of another process, from the kernel's counters: the process doesn't have to cooperate."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_STOPPED = {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP}


@dataclass(frozen=True, slots=True)
class ProcessActivity:
    is_stopped: bool  # by SIGSTOP or a debugger
    cpu_s: float
    read_bytes: int  # by system calls, and from the disk into mapped files
    queued_s: float  # in which the main thread was ready to run, but other processes had the CPUs


def read_activity(pid: int) -> ProcessActivity | None:
    """None if the kernel doesn't report them."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            cpu, io = process.cpu_times(), process.io_counters()
            return ProcessActivity(
                is_stopped=process.status() in _STOPPED,
                cpu_s=cpu.user + cpu.system,
                read_bytes=io.read_chars + io.read_bytes,
                queued_s=_queued_s(pid),
            )
    except (psutil.Error, OSError, AttributeError):
        return None


def _queued_s(pid: int) -> float:
    """The second field of schedstat (Documentation/scheduler/sched-stats.rst). 0 if the kernel doesn't count it."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]) / 1e9
    return 0.0


class SteadyClock:
    """Seconds that this process has run. Time while it was stopped or the computer slept doesn't count against ranks."""

    _LONGEST_S = 1.0

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._now = 0.0

    def tick(self) -> float:
        """Call it several times a second."""
        now = time.monotonic()
        self._now += min(now - self._last, self._LONGEST_S)
        self._last = now
        return self._now

    @property
    def now(self) -> float:
        return self._now
