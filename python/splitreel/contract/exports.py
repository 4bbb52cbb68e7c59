"""The request of `splitreel export`, and its progress: newline-delimited JSON on EVENT_FD.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias

from splitreel.contract.bounds import Bounds
from splitreel.contract.errors import AppError


class ExportFormat(StrEnum):
    """`frames`: a folder of PNG files. `frame`: one PNG file. The others are named after their codec."""

    H264 = "h264"
    HEVC = "hevc"
    WEBM = "webm"
    PRORES = "prores"
    GIF = "gif"
    WEBP = "webp"
    FRAMES = "frames"
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to make of a video."""

    format: ExportFormat
    fps: Annotated[int, Bounds(1, 120)] | None  # null: the video's own; frames between are interpolated
    scale: Annotated[int, Bounds(1, 4)]  # enlargement of both sides
    frame: int | None  # which frame to write; only for `frame`


@dataclass(frozen=True, slots=True)
class ExportProgressed:
    """Counts frames."""

    done: int
    total: int
    type: Literal["exportProgressed"] = "exportProgressed"


@dataclass(frozen=True, slots=True)
class ExportFinished:
    path: str
    type: Literal["exportFinished"] = "exportFinished"


@dataclass(frozen=True, slots=True)
class ExportFailed:
    error: AppError
    type: Literal["exportFailed"] = "exportFailed"


Event: TypeAlias = ExportProgressed | ExportFinished | ExportFailed

EVENTS: Final[dict[str, type[Event]]] = {
    "exportProgressed": ExportProgressed,
    "exportFinished": ExportFinished,
    "exportFailed": ExportFailed,
}
