"""What runs when a kernel fails after its comparison with torch, at a size that the comparison didn't cover.

The operation then runs in torch, from that call on and on this rank alone. Other ranks aren't affected: no kernel
exchanges anything, and both ways give the same numbers except for rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")

# By kernel, one sentence about its failure. A process has one device, so the result holds for the whole process.
_failed: dict[str, str] = {}
_is_comparing = False


def kernel_failures() -> tuple[str, ...]:
    return tuple(_failed.values())


@contextmanager
def comparing_kernels() -> Iterator[None]:
    """Kernels that fail inside raise, so that a comparison never compares torch with itself."""
    global _is_comparing  # noqa: PLW0603 - only the engine's thread runs kernels
    _is_comparing = True
    try:
        yield
    finally:
        _is_comparing = False


def torch_fallback(fallback: Callable[P, T]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorates a function that launches kernels. `fallback` does the same in torch.

    A kernel that doesn't compile or launch has written nothing, so `fallback` starts from the same values.
    """

    def decorate(launch: Callable[P, T]) -> Callable[P, T]:
        name = launch.__name__.lstrip("_")

        @wraps(launch)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            if name not in _failed or _is_comparing:
                try:
                    return launch(*args, **kwargs)
                except torch.OutOfMemoryError:
                    raise  # says nothing about the kernel
                except Exception as error:
                    if _is_comparing:
                        raise
                    # Compilers, the driver and the disk raise anything here.
                    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
                    _failed[name] = f"The GPU kernel {name} failed, and its operation runs without it: {reason}"
            return fallback(*args, **kwargs)

        return run

    return decorate
