"""Signs of life of a process that it need not give itself: what the kernel has counted for it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01


@dataclass(frozen=True, slots=True)
class Vitals:
    is_stopped: bool  # by SIGSTOP or a debugger
    cpu_s: float
    read_bytes: int


def read_vitals(pid: int) -> Vitals | None:
    """None where the kernel does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        # The name may hold spaces and brackets; the state follows the last bracket.
        values = stat[stat.rindex(")") + 2 :].split()
        counted = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
        return Vitals(
            is_stopped=values[0] in {"T", "t"},
            cpu_s=(int(values[11]) + int(values[12])) * _TICK_S,
            read_bytes=int(counted["rchar"]) + int(values[9]) * 4096,
        )
    except (OSError, ValueError, KeyError, IndexError):
        return None


class SteadyClock:
    """Seconds that this process has been running: a suspended computer or a stopped supervisor does not age ranks."""

    _LONGEST_S = 1.0

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._now = 0.0

    def tick(self) -> float:
        """Call several times a second."""
        now = time.monotonic()
        self._now += min(now - self._last, self._LONGEST_S)
        self._last = now
        return self._now

    @property
    def now(self) -> float:
        return self._now
