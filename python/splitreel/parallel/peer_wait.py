"""Whether this rank is waiting for others, so that the supervisor can find the rank that holds them up. No torch.

A rank is one process, and its engine runs on one thread, so the flag is a module variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_depth = 0


@contextmanager
def waiting_for_peers() -> Iterator[None]:
    """Wrap every call that returns only after another rank has acted."""
    global _depth  # noqa: PLW0603 - written by the engine's thread alone, read by the heartbeat's
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


def is_waiting_for_peers() -> bool:
    return _depth > 0
