"""Writes the frames of a benchmark's job to an MP4, as the product does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from splitreel.bench.step_clock import StepClock
from splitreel.contract.metadata import MetadataModel, MetadataReport, VideoMetadata
from splitreel.contract.sampling import sampling_values
from splitreel.contract.types import Device, GenerateRequest, Plan
from splitreel.engine.api import EngineJob

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from splitreel.worker.rank.clip_writer import ClipWriter


@contextmanager
def writing_to(file: Path | None, job: EngineJob, clock: StepClock) -> Iterator[None]:
    """Frames that the hooks receive meanwhile are in the file when this ends. None: they are dropped."""
    if file is None:
        yield
        return
    from splitreel.video.mp4 import VideoFormat
    from splitreel.worker.rank.clip_writer import ClipCallbacks, ClipWriter

    writer: ClipWriter | None = None
    callbacks = ClipCallbacks(
        written=lambda _count: None,
        is_canceled=lambda: False,
        metadata=lambda: _metadata(job),
        may_publish=lambda: True,
        published=lambda _path: None,
    )

    def add(video: int, index: int, frame_u8_HWC: npt.NDArray[np.uint8]) -> None:
        nonlocal writer
        assert video == 0
        if index == 0:
            file.unlink(missing_ok=True)
            writer = ClipWriter(file, VideoFormat(job.width, job.height, job.fps), callbacks)
        assert writer is not None
        writer.add(frame_u8_HWC)

    clock.frame = add  # type: ignore[method-assign]
    yield
    # Only the rank that writes received any.
    if writer is not None:
        writer.complete()
        writer.wait()


def _metadata(job: EngineJob) -> VideoMetadata:
    video = job.videos[0]
    request = GenerateRequest(
        **sampling_values(job),
        model_id="benchmark",
        prompt=video.prompt,
        negative_prompt=video.negative_prompt,
        image_path=None,
        seed=video.seed,
        video_count=1,
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    report = MetadataReport(total_ms=0.0, ms_per_step=0.0, weight_bytes_read=0, stages=(), peaks=())
    model, devices = MetadataModel("benchmark", "0" * 64), (Device("cpu", 0, None, "benchmark"),)
    return VideoMetadata(request, Plan(), False, model, {}, devices, "bfloat16", now, report)
