"""What a video's file says about how it was made.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from splitreel.contract.bounds import Bounds
from splitreel.contract.protocol import StagePeak, StageReport
from splitreel.contract.types import Device, GenerateRequest, Plan


@dataclass(frozen=True, slots=True)
class MetadataModel:
    id: str
    fingerprint: str  # sha256 over names and sizes of the weights and the bytes of the configs


@dataclass(frozen=True, slots=True)
class MetadataReport:
    """What is known of a job when one of its videos is written."""

    total_ms: float
    ms_per_step: float
    weight_bytes_read: int  # from disk; 0 when the engine was warm
    stages: Annotated[tuple[StageReport, ...], Bounds(None, 64)]
    peaks: Annotated[tuple[StagePeak, ...], Bounds(None, 64)]  # of the rank that wrote the video


@dataclass(frozen=True, slots=True)
class VideoPart:
    """One of the videos that a joined one consists of."""

    file_name: str
    frames: int  # of the joined video
    request: GenerateRequest


@dataclass(frozen=True, slots=True)
class VideoMetadata:
    """The JSON in the MP4's `comment` tag: everything that is needed to make the video again."""

    request: GenerateRequest  # of this one video, with its own seed and a count of 1
    plan: Plan
    approximate: bool  # whether the plan uses PipeFusion after its warm-up, or the quality is not exact
    model: MetadataModel
    versions: dict[str, str]
    devices: Annotated[tuple[Device, ...], Bounds(1, 64)]  # what the video was made on, one for each rank
    dtype: str
    created_at: str
    report: MetadataReport | None
    # of a joined video, in order; all else is about the last one
    parts: Annotated[tuple[VideoPart, ...], Bounds(None, 64)] = ()
    splitreel: Literal[1] = 1
