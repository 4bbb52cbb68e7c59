"""One job on one rank: calls the engine and collects its results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

from splitreel.contract.protocol import StagePeak
from splitreel.contract.sampling import sampling_values
from splitreel.contract.types import Quality, Stage
from splitreel.engine.api import EngineJob, EngineReport, LoadOptions, LoadReport, VideoJob
from splitreel.worker.rank.hooks import JobHooks, JobObserver
from splitreel.worker.rank.messages import Done, Run, VideoError
from splitreel.worker.rank.port import RankEngine

# Previews per video: enough to see it form, few enough for their cost not to matter.
_PREVIEWS = 10


def run_job(
    run: Run, engine: RankEngine, observer: JobObserver, canceled: Event, loaded: Callable[[LoadReport], None]
) -> tuple[Done, EngineReport]:
    """Raises SplitreelError or Canceled on every rank together. Any other exception is this rank's own failure."""
    hooks = JobHooks(run, observer, canceled)
    job = run.job
    try:
        settings = job.settings
        quantized = settings.quality is not Quality.EXACT
        options = LoadOptions(run.dtype, settings.offload, loras=settings.loras, quantized=quantized)
        work = engine_job(run)
        hooks.loaded = engine.load(Path(run.model_path), job.plan, options, hooks, work)
        loaded(hooks.loaded)
        report = engine.generate(work, job.plan, hooks)
    except KeyboardInterrupt:
        # Under torchrun: nothing waits for what is being written.
        canceled.set()
        raise
    finally:
        hooks.end()
    errors = tuple(
        VideoError(outcome.video, outcome.error)
        for outcome in report.outcomes
        if outcome.error is not None and not outcome.is_peer_error
    )
    peaks = tuple(
        StagePeak(Stage(name), figures.peak_device_bytes or figures.peak_host_bytes)
        for name, figures in report.stages.items()
    )
    peak = max((stage.peak_memory_bytes for stage in peaks), default=0)
    done = Done(run.serial, errors, hooks.ms_per_step, peak, peaks, report.text_encoder, report.kernel, report.notices)
    return done, report


def engine_job(run: Run) -> EngineJob:
    settings = run.job.settings
    steps = settings.num_inference_steps
    every = max(1, steps // _PREVIEWS)
    previews = frozenset(range(every, steps, every)) if run.job.preview_folder is not None else frozenset()
    return EngineJob(
        **sampling_values(settings),
        videos=tuple(
            VideoJob(
                video.prompt,
                video.negative_prompt,
                video.seed,
                None if video.image_path is None else Path(video.image_path),
            )
            for video in run.job.videos
        ),
        preview_steps=previews,
    )
