"""What one rank sends to others and how long it waits for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Ledger:
    """Running totals; readers take differences.

    `seconds_waiting` is the host's time inside collectives. On the CPU that is the whole wait; on CUDA
    collectives run on a stream of their own and the host waits only where it must read a result.
    """

    bytes_sent: int = 0
    seconds_waiting: float = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds_waiting += time.perf_counter() - started
