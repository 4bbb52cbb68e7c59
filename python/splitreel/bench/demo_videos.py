"""Makes videos of the demo model with our engine, on warm ranks, in several jobs."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from splitreel.bench.silent import SilentHooks
from splitreel.bench.world import RankContext, World
from splitreel.contract.types import Plan, Quality
from splitreel.demo.clips import Frame
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob

Clip = npt.NDArray[np.uint8]  # (F, H, W, 3)

# Videos per job: enough that a job's start is negligible, few enough to show progress.
_PIECE = 8


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """`num_pipeline_patch` and `warmup_steps` apply to PipeFusion."""

    model: Path
    frame: Frame
    steps: int
    guidance: float
    plan: Plan = field(default_factory=Plan)
    num_pipeline_patch: int = 4
    warmup_steps: int = 1
    quality: Quality = Quality.EXACT


@dataclass(frozen=True, slots=True)
class _Batch:
    settings: ClipSettings
    videos: tuple[VideoJob, ...]


class _FrameKeeper(SilentHooks):
    """Collects the frames of each video."""

    def __init__(self) -> None:
        self.frames: dict[int, list[Clip]] = {}

    def frame(self, video: int, index: int, frame_u8_HWC: Clip) -> None:
        self.frames.setdefault(video, []).append(frame_u8_HWC)


def _make(context: RankContext, batch: _Batch) -> dict[int, Clip]:
    settings, hooks = batch.settings, _FrameKeeper()
    options = LoadOptions(dtype="float32", quantized=settings.quality is not Quality.EXACT)
    context.engine.load(settings.model, settings.plan, options, hooks)
    job = EngineJob(
        videos=batch.videos,
        width=settings.frame.width,
        height=settings.frame.height,
        num_frames=settings.frame.frames,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        num_pipeline_patch=settings.num_pipeline_patch,
        warmup_steps=settings.warmup_steps,
        quality=settings.quality,
    )
    report = context.engine.generate(job, settings.plan, hooks)
    for outcome in report.outcomes:
        if outcome.error is not None:
            raise RuntimeError(f"video {outcome.video}: {outcome.error.message}")
    return {video: np.stack(frames) for video, frames in hooks.frames.items()}


def make_videos(world: World, settings: ClipSettings, prompts: Sequence[str]) -> list[Clip]:
    """One clip per prompt; prompt i uses seed i. Prints progress to stderr."""
    clips: list[Clip] = []
    began = time.monotonic()
    for first in range(0, len(prompts), _PIECE):
        videos = tuple(VideoJob(text, "", seed=first + n) for n, text in enumerate(prompts[first : first + _PIECE]))
        plan = replace(settings.plan, dp=min(settings.plan.dp, len(videos)))
        made: dict[int, Clip] = {}
        for part in world.run(_make, _Batch(replace(settings, plan=plan), videos), timeout_s=3600):
            made |= part
        clips += [made[number] for number in range(len(videos))]
        print(f"{len(clips)} of {len(prompts)} clips, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return clips


def as_tensor(clip: Clip) -> torch.Tensor:
    """To (F, 3, H, W) float32 in [0, 1], for the recognizer and the contact sheet."""
    return torch.from_numpy(clip).permute(0, 3, 1, 2).float() / 255


def psnr_db(found: Clip, expected: Clip) -> float:
    """PSNR in dB of 8-bit frames; infinite for equal ones."""
    error = float(np.mean((found.astype(np.float64) - expected.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))
