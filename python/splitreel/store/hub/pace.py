"""Download speed: the user's limit, and the speed measured."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

_WINDOW_SECONDS: Final = 5.0
_LIMITED_CHUNK_BYTES: Final = 16_384
_CHUNK_BYTES: Final = 1_048_576


class Pace:
    """Shared by all connections of all downloads: the limit is for the network connection, not for one file."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limit: int | None = None
        self._free_at = 0.0

    def set_limit(self, bytes_per_second: int | None) -> None:
        with self._lock:
            self._limit = bytes_per_second or None
            self._free_at = self._clock()

    @property
    def chunk_bytes(self) -> int:
        return _CHUNK_BYTES if self._limit is None else _LIMITED_CHUNK_BYTES

    def delay(self, count: int) -> float:
        """Seconds to wait after receiving `count` bytes, so that all connections together stay below the limit."""
        with self._lock:
            if self._limit is None:
                return 0.0
            now = self._clock()
            self._free_at = max(self._free_at, now) + count / self._limit
            return self._free_at - now


class Speed:
    """Bytes per second over the last seconds, counting only received bytes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque([(clock(), 0)])

    def add(self, count: int) -> None:
        with self._lock:
            self._total += count

    @property
    def total(self) -> int:
        return self._total

    def per_second(self) -> float:
        with self._lock:
            now = self._clock()
            self._marks.append((now, self._total))
            while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW_SECONDS:
                self._marks.popleft()
            since, total = self._marks[0]
            return (self._total - total) / (now - since) if now > since else 0.0
