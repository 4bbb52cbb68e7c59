"""The standard streams of a command. A reader that goes away, or a full disk behind them, never ends a job."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


class _Lossy(io.FileIO):
    """Drops what can't be written, and stops trying."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._is_lost = False

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type] # io hands over a buffer
        if not self._is_lost:
            try:
                return super().write(view) or 0
            except OSError:
                self._is_lost = True
        return view.nbytes


def protect_streams() -> None:
    """Call it first: a process that was started without a stream would give its number to the next socket or file."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdout = _stream(1, sys.stdout)
    sys.stderr = _stream(2, sys.stderr)


def _stream(descriptor: int, before: TextIO | None) -> TextIO:
    encoding = "utf-8" if before is None else before.encoding
    raw = _Lossy(descriptor)
    # Names of files that are not UTF-8 come out as the bytes that they are.
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, errors="surrogateescape", line_buffering=descriptor == 2 or raw.isatty()
    )
