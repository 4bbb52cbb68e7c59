"""Exits with the parent: Linux sends a signal of the child's choice when the parent thread ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int) -> None:
    """SIGKILL when the thread that started this process ends. Other systems rely on closed pipes."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    # The parent may have ended before prctl was called, and then the signal never comes.
    if os.getppid() != parent_pid:
        os._exit(0)
