"""The standard streams of a command. A reader that closes its end, or a full disk, doesn't end a job."""

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
    """Call it first: in a process started without a standard stream, the next socket or file would get its number."""
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
    # File names that aren't UTF-8 are printed as their original bytes.
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, errors="surrogateescape", line_buffering=descriptor == 2 or raw.isatty()
    )
