"""The state of the running job, from its start to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from splitreel.contract import failures
from splitreel.contract.errors import AppError
from splitreel.contract.protocol import Event, JobReport, PreviewMade, RankReport, StartJob, VideoFailed, VideoFinished
from splitreel.contract.types import Stage
from splitreel.worker.rank.messages import (
    Done,
    JobEvent,
    LatentsSaved,
    Loaded,
    MayPublish,
    Preview,
    Progress,
    Publish,
    Published,
    Stopped,
)
from splitreel.worker.supervisor.checks import CheckedJob
from splitreel.worker.supervisor.job_end import JobEnd, JobState, agreed_end, forced_end
from splitreel.worker.supervisor.ranks import Rank, RankSet
from splitreel.worker.supervisor.stages import StageTracker

# How long the other ranks may take to stop after the first one: with an error that all of them share, and with one that
# only that rank knows.
_SHARED_ERROR_S = 10.0
_OWN_ERROR_S = 2.0
# How much longer if a video of the job is decoded and still being written: it isn't lost with the one that failed.
_WRITING_S = 60.0


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to run. The last two fields exist on the command line only, not in the app's protocol."""

    job: StartJob
    latents_path: Path | None = None
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"


@dataclass(slots=True)
class CurrentJob:
    serial: int
    request: JobRequest
    stages: StageTracker
    emit: Callable[[Event], None]
    checked: CheckedJob | None = None  # None until the checks have passed
    began: float = field(default_factory=time.monotonic)
    is_running: bool = False
    is_loaded: bool = False  # on every rank
    canceled_at: float | None = None  # steady clock
    settle_at: float | None = None  # steady clock: when every rank must have stopped after the first one failed
    failure: AppError | None = None
    published: set[int] = field(default_factory=set)
    failed_videos: dict[int, AppError] = field(default_factory=dict)
    weight_bytes: dict[int, int] = field(default_factory=dict)
    latents: dict[int, LatentsSaved] = field(default_factory=dict)
    granted: set[int] = field(default_factory=set)

    @property
    def job(self) -> StartJob:
        return self.request.job

    @property
    def elapsed_ms(self) -> float:
        return 1000 * (time.monotonic() - self.began)

    @property
    def can_be_canceled(self) -> bool:
        """False once every video may be published: a cancel comes too late then."""
        return self.canceled_at is None and len(self.granted) < len(self.job.videos)

    def on_event(self, rank: Rank, event: JobEvent, ranks: RankSet, now: float) -> None:
        """`now`: steady clock."""
        job_id = self.job.job_id
        match event:
            case Progress():
                self.stages.update(rank.number, event)
            case Loaded():
                self._rank_loaded(rank, event, ranks)
            case Preview():
                self.emit(PreviewMade(job_id, event.video, event.step, event.path))
            case MayPublish():
                is_granted = self.canceled_at is None
                if is_granted:
                    self.granted.add(event.video)
                rank.send(Publish(self.serial, event.video, is_granted))
            case Published():
                self.published.add(event.video)
                self.emit(VideoFinished(job_id, event.video, event.path))
            case LatentsSaved():
                self.latents[event.video] = event
            case Done() | Stopped():
                rank.answer = event
                self._rank_answered(event, now)

    def _rank_loaded(self, rank: Rank, event: Loaded, ranks: RankSet) -> None:
        self.weight_bytes[rank.number] = event.bytes_read
        if len(self.weight_bytes) == len(ranks):
            # A warm engine reads nothing and sends no progress, but the stage is part of every job.
            self.stages.begin(Stage.LOADING, 0)
            self.stages.end(Stage.LOADING)
            self.is_loaded = True

    def _rank_answered(self, answer: Done | Stopped, now: float) -> None:
        if isinstance(answer, Done):
            for failed in answer.errors:
                if failed.video not in self.failed_videos:
                    self.failed_videos[failed.video] = failed.error
                    if self.canceled_at is None:
                        self.emit(VideoFailed(self.job.job_id, failed.video, failed.error))
        elif answer.error is not None and self.settle_at is None:
            self.failure = answer.error
            self.settle_at = now + (_SHARED_ERROR_S if answer.shared else _OWN_ERROR_S)

    def agreed_end(self, ranks: RankSet) -> JobEnd | None:
        return agreed_end(self._state, [rank.answer for rank in ranks.ranks]) if self.is_running else None

    def forced_end(self, error: AppError) -> JobEnd:
        return forced_end(self._state, error)

    def overdue(self, now: float, cancel_s: float) -> AppError | None:
        """An error when ranks have not stopped in time, after a failure or a cancel."""
        if self.settle_at is not None and now > self.settle_at + (_WRITING_S if self.stages.is_writing else 0.0):
            return self.failure
        if self.canceled_at is not None and now - self.canceled_at > cancel_s:
            return failures.canceled().error
        return None

    @property
    def _state(self) -> JobState:
        return JobState(
            len(self.job.videos), len(self.published), self.failed_videos, self.canceled_at is not None, self.failure
        )

    def report(self, ranks: RankSet) -> JobReport:
        done = [(rank, rank.answer) for rank in ranks.ranks if isinstance(rank.answer, Done)]
        return JobReport(
            total_ms=self.elapsed_ms,
            ms_per_step=next((answer.ms_per_step for _, answer in done if answer.ms_per_step > 0), 0.0),
            weight_bytes_read=sum(self.weight_bytes.values()),
            stages=self.stages.reports(),
            ranks=tuple(_rank_report(rank, answer) for rank, answer in done),
            notices=tuple(dict.fromkeys(notice for _, answer in done for notice in answer.notices)),
        )


def _rank_report(rank: Rank, answer: Done) -> RankReport:
    return RankReport(
        rank.number, rank.device, answer.peak_memory_bytes, answer.stage_peaks, answer.text_encoder, answer.kernel
    )
