"""Imports of torch and what rests on it, without the garbage collector."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting_imports() -> Iterator[None]:
    """For imports that stay until the process ends.

    They make half a million objects. Collecting among them costs a fifth of the import's time and finds nothing, each
    later collection would visit them all, for a third of a second, and in a forked process it would copy their pages.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        # Extensions count what is left at the end, and list it as leaked.
        atexit.register(gc.unfreeze)
