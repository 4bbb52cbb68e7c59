"""Whether this rank is waiting for other ranks, so that a watcher can tell a victim from a culprit. No torch.

A rank is one process, and its engine runs on one thread: the flag is the process's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_depth = 0


@contextmanager
def waiting_for_peers() -> Iterator[None]:
    """Wrap every call that returns only once another rank has done something."""
    global _depth  # noqa: PLW0603 - written by the engine's thread alone, read by the heartbeat's
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


def is_waiting_for_peers() -> bool:
    return _depth > 0
