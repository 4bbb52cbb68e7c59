"""Defaults and ranges of the settings of a video.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from splitreel.contract import reasons
from splitreel.contract.bounds import Range
from splitreel.contract.types import ImageFit, Scheduler

SAMPLING_RANGES: Final = (
    Range("guidance_scale", reasons.guidance_out_of_range, 0, 30),
    Range("video_count", reasons.videos_out_of_range, 1, 64),
    Range("num_pipeline_patch", reasons.patches_out_of_range, 1, 64),
    Range("fps", reasons.fps_out_of_range, 1, 120),
    Range("image_position", reasons.image_position_out_of_range, 0, 1),
)
SPATIAL_DEFAULTS: Final[Mapping[str, Any]] = {"num_inference_steps": 50, "fps": 8}
TEMPORAL_DEFAULTS: Final[Mapping[str, Any]] = {"num_inference_steps": 50, "fps": 16}
SIZE_OF_SQUARE: Final[Mapping[str, Any]] = {"width": 1360, "height": 768}
DROP_IN_DEFAULTS: Final[Mapping[str, Any]] = {"scheduler": Scheduler.MODEL, "fps": 8, "image_fit": ImageFit.STRETCH}
