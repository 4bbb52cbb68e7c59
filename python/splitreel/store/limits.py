"""Limits for a process that reads a model's files, so that a decompression bomb ends that process and nothing else."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final

_MEMORY_BYTES: Final = 2 * 1_073_741_824
_CPU_SECONDS: Final = 600
_PASSED_ON: Final = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR")


def limit_this_process() -> None:
    """Limits address space, CPU time and core dumps. The parent limits the elapsed time. Linux only."""
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # the user's own limit is lower
            resource.setrlimit(kind, (most, most))


def child_environment() -> dict[str, str]:
    """No credentials, one thread and one malloc arena: a large machine's defaults alone would fill the address space."""
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "RAYON_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
    }
