"""The kinds of values that a sentence may contain, as src/shared/message-kinds.ts lists them.

There is no kind for a phrase: what another program printed belongs in an error's details.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from typing import Literal, NewType, TypeAlias

from splitreel.contract.types import Stage

Axis: TypeAlias = Literal["dp", "cfg", "pp", "ring", "ulysses", "tp"]
Side: TypeAlias = Literal["width", "height"]
PathText: TypeAlias = str | os.PathLike[str]
StageName: TypeAlias = Stage | Literal["loading", "encoding", "denoising", "decoding"]
PlanText = NewType("PlanText", str)  # `cfg 2 x ulysses 2`


def printable(text: str) -> str:
    """What a file holds or is called may not be UTF-8, and then reaches neither the window nor a terminal."""
    return text.encode("utf-8", "backslashreplace").decode()


def path_text(path: PathText) -> str:
    """Bytes of a path that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def names_text(names: Iterable[str]) -> str:
    return ", ".join(printable(name) for name in names)


def shape_text(shape: Iterable[int]) -> str:
    """`16 x 3 x 3`"""
    return " x ".join(str(size) for size in shape) or "1"


def exit_value(code: int | None) -> int | str:
    """An exit code as it is; for a signal, which subprocess reports as a negative number, its name."""
    if code is None:
        return "no exit code"
    if code >= 0:
        return code
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"SIG{-code}"
