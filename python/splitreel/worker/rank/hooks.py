"""The engine's hooks during one job: reports progress and writes videos, previews and latents.

A video's file is written on a separate thread (clip_writer.py), which calls the observer too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol

from splitreel.contract.metadata import MetadataModel, MetadataReport, VideoMetadata
from splitreel.contract.protocol import StagePeak, StageReport
from splitreel.contract.sampling import request_of
from splitreel.contract.types import Quality, Stage
from splitreel.engine.api import LoadReport
from splitreel.video.mp4 import VideoFormat
from splitreel.video.output_file import disk_error
from splitreel.worker.rank.clip_writer import ClipCallbacks, ClipWriter
from splitreel.worker.rank.messages import Run

if TYPE_CHECKING:
    import numpy as np
    import torch


class JobObserver(Protocol):
    """Receives what happens in a job: the supervisor's channel, or the terminal under torchrun.

    Called on the engine's thread and, for the stage WRITING, on that of the video's writer.
    """

    def started(self, video: int, stage: Stage, total: int) -> None: ...
    def progressed(self, video: int, stage: Stage, completed: int, total: int) -> None: ...
    def finished(self, video: int, stage: Stage, total: int) -> None: ...
    def previewed(self, video: int, step: int, path: Path) -> None: ...
    def latents_saved(self, video: int, path: Path, shape: tuple[int, ...]) -> None: ...

    def may_publish(self, video: int) -> bool:
        """Blocks until the supervisor decides. False: the job was canceled."""
        ...

    def published(self, video: int, path: Path) -> None: ...


@dataclass(slots=True)
class _Clock:
    """When the stages of one video ran, in seconds of the monotonic clock."""

    started: dict[Stage, float] = field(default_factory=dict)
    durations: dict[Stage, float] = field(default_factory=dict)
    steps: list[float] = field(default_factory=list)
    peaks: dict[Stage, int] = field(default_factory=dict)
    step_began: float = 0.0

    def end_step(self) -> None:
        now = time.monotonic()
        self.steps.append(now - (self.step_began or self.started[Stage.DENOISING]))
        self.step_began = now


def mean_step_s(videos: Sequence[Sequence[float]]) -> float:
    """The time of a denoising step: the mean over all but each video's first, which also warms kernels up.

    The first counts only if it is the only one. 0 without steps. Every figure in ms per step comes from here.
    """
    steps = [step for video in videos for step in (video[1:] or video)]
    return sum(steps) / len(steps) if steps else 0.0


class JobHooks:
    def __init__(self, run: Run, observer: JobObserver, canceled: Event) -> None:
        self._run = run
        self._observer = observer
        self._canceled = canceled
        self._began = time.monotonic()
        self._totals: dict[tuple[int, Stage], int] = {}
        self._clocks: dict[int, _Clock] = {}
        self._clips: dict[int, ClipWriter] = {}
        self.loaded: LoadReport | None = None

    def stage_started(self, video: int, stage: Stage, total: int) -> None:
        self._start(video, stage, total)

    def stage_progressed(self, video: int, stage: Stage, completed: int) -> None:
        kind = stage
        if kind is Stage.DENOISING:
            self._clock(video).end_step()
        self._observer.progressed(video, kind, completed, self._totals.get((video, kind), completed))

    def stage_finished(self, video: int, stage: Stage) -> None:
        self._finish(video, stage)
        # Only now: the video's metadata includes how long decoding took.
        if stage is Stage.DECODING and (clip := self._clips.get(video)) is not None:
            clip.complete()

    def memory_measured(self, video: int, stage: Stage, peak_bytes: int) -> None:
        self._clock(video).peaks[stage] = peak_bytes

    def cancel_requested(self) -> bool:
        return self._canceled.is_set()

    def preview(self, video: int, step: int, image_u8_HWC: np.ndarray) -> None:
        if self._run.job.preview_folder is None:
            return
        from splitreel.video.preview import write_preview

        path = Path(self._run.job.preview_folder) / f"{video}-{step}.jpg"
        # A preview isn't worth a video: on a full disk the job continues without it.
        with suppress(OSError):
            write_preview(path, image_u8_HWC)
            self._observer.previewed(video, step, path)

    def latents(self, video: int, latents_BFCHW: torch.Tensor) -> None:
        if self._run.latents_folder is None:
            return
        folder = Path(self._run.latents_folder)
        path = folder / f"{video}.f32"
        try:
            path.write_bytes(latents_BFCHW.contiguous().numpy().data)
        except OSError as error:
            raise disk_error(error, folder) from error
        self._observer.latents_saved(video, path, tuple(latents_BFCHW.shape))

    def frame(self, video: int, index: int, frame_u8_HWC: np.ndarray) -> None:
        if index == 0:
            # What is left here is of a video whose decoding failed.
            self.end()
            self._clips[video] = self._start_clip(video)
        self._clips[video].add(frame_u8_HWC)

    def video_written(self, video: int) -> None:
        self._clips.pop(video).wait()

    @property
    def ms_per_step(self) -> float:
        """Over the videos that this rank took part in."""
        return 1000 * mean_step_s([clock.steps for clock in self._clocks.values()])

    def end(self) -> None:
        """Ends every writer. After an error, videos that are decoded are still written; after a cancel none is."""
        for clip in self._clips.values():
            clip.end()
        self._clips.clear()

    def _start_clip(self, video: int) -> ClipWriter:
        settings = self._run.job.settings
        self._start(video, Stage.WRITING, settings.num_frames)

        def published(path: Path) -> None:
            self._finish(video, Stage.WRITING)
            self._observer.published(video, path)

        return ClipWriter(
            Path(self._run.job.videos[video].output_path),
            VideoFormat(settings.width, settings.height, settings.fps),
            ClipCallbacks(
                written=lambda count: self._observer.progressed(video, Stage.WRITING, count, settings.num_frames),
                is_canceled=self._canceled.is_set,
                metadata=lambda: self._metadata(video),
                may_publish=lambda: self._observer.may_publish(video),
                published=published,
            ),
        )

    def _start(self, video: int, stage: Stage, total: int) -> None:
        self._clock(video).started[stage] = time.monotonic()
        self._totals[video, stage] = total
        self._observer.started(video, stage, total)

    def _finish(self, video: int, stage: Stage) -> None:
        clock = self._clock(video)
        clock.durations[stage] = time.monotonic() - clock.started.get(stage, time.monotonic())
        self._observer.finished(video, stage, self._totals.get((video, stage), 0))

    def _clock(self, video: int) -> _Clock:
        return self._clocks.setdefault(video, _Clock())

    def _metadata(self, video: int) -> VideoMetadata:
        run, clock = self._run, self._clock(video)
        job = run.job
        writing = time.monotonic() - clock.started[Stage.WRITING]
        durations = {**clock.durations, Stage.WRITING: writing}
        is_cuda = job.devices[0].kind == "cuda"
        return VideoMetadata(
            request=request_of(job, job.videos[video]),
            plan=job.plan,
            approximate=job.settings.quality is not Quality.EXACT
            or job.plan.is_approximate(
                patches=job.settings.num_pipeline_patch,
                warmup_steps=job.settings.warmup_steps,
                steps=job.settings.num_inference_steps,
            ),
            model=MetadataModel(job.model_id, run.fingerprint),
            versions=run.versions,
            devices=job.devices[: job.plan.world_size],
            dtype=run.dtype if run.dtype != "auto" else "bfloat16" if is_cuda else "float32",
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            report=MetadataReport(
                total_ms=run.elapsed_ms + 1000 * (time.monotonic() - self._began),
                ms_per_step=1000 * mean_step_s([clock.steps]),
                weight_bytes_read=self.loaded.bytes_read if self.loaded is not None else 0,
                stages=tuple(StageReport(stage, 1000 * seconds) for stage, seconds in durations.items()),
                peaks=tuple(StagePeak(stage, amount) for stage, amount in clock.peaks.items()),
            ),
        )
