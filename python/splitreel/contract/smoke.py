"""What `splitreel smoke` sends while it tests an environment: newline-delimited JSON on EVENT_FD.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from splitreel.contract.errors import AppError


@dataclass(frozen=True, slots=True)
class ImportsStarted:
    type: Literal["importsStarted"] = "importsStarted"


@dataclass(frozen=True, slots=True)
class VideoStarted:
    device: Literal["cpu", "cuda"]
    type: Literal["videoStarted"] = "videoStarted"


@dataclass(frozen=True, slots=True)
class VideoChecked:
    """How far its numbers are off, relative to the right ones' size."""

    device: Literal["cpu", "cuda"]
    error: float
    allowed: float
    type: Literal["videoChecked"] = "videoChecked"


@dataclass(frozen=True, slots=True)
class SmokePassed:
    versions: dict[str, str]
    type: Literal["smokePassed"] = "smokePassed"


@dataclass(frozen=True, slots=True)
class SmokeFailed:
    error: AppError
    type: Literal["smokeFailed"] = "smokeFailed"


Event: TypeAlias = ImportsStarted | VideoStarted | VideoChecked | SmokePassed | SmokeFailed

EVENTS: Final[dict[str, type[Event]]] = {
    "importsStarted": ImportsStarted,
    "videoStarted": VideoStarted,
    "videoChecked": VideoChecked,
    "smokePassed": SmokePassed,
    "smokeFailed": SmokeFailed,
}
