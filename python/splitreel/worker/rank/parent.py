"""Dying with the parent. Linux ends a process whose parent thread has ended, if it asks for it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int) -> None:
    """SIGKILL when the thread that started this process ends. Elsewhere than on Linux, closed pipes must do."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    # The parent may have ended before the request: then nobody would ever send the signal.
    if os.getppid() != parent_pid:
        os._exit(0)
