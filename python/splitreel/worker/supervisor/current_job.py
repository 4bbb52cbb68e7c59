"""The job that is being done: what is known of it between its start and its one end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from splitreel.contract.errors import AppError
from splitreel.contract.protocol import JobReport, RankReport, StartJob
from splitreel.worker.rank.messages import Done, LatentsSaved
from splitreel.worker.supervisor.checks import CheckedJob
from splitreel.worker.supervisor.ranks import Rank, RankSet
from splitreel.worker.supervisor.stages import StageTracker


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job as it is asked for. The last two are the command line's; the app's protocol has no word for them."""

    job: StartJob
    latents_path: Path | None = None
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"


@dataclass(slots=True)
class CurrentJob:
    serial: int
    request: JobRequest
    checked: CheckedJob
    stages: StageTracker
    began: float = field(default_factory=time.monotonic)
    is_running: bool = False
    cancelled_at: float | None = None  # steady clock
    settle_at: float | None = None  # steady clock: when the first failure must have become everyone's
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
    def is_decided(self) -> bool:
        """Every video has been let through to its name: a cancel comes too late."""
        return len(self.granted) == len(self.job.videos)

    def report(self, ranks: RankSet) -> JobReport:
        done = [(rank, rank.answer) for rank in ranks.ranks if isinstance(rank.answer, Done)]
        steps = max((answer.step_ms for _, answer in done), key=len, default=())
        return JobReport(
            total_ms=self.elapsed_ms,
            ms_per_step=sum(steps) / len(steps) if steps else 0.0,
            weight_bytes_read=sum(self.weight_bytes.values()),
            stages=self.stages.read_events(),
            ranks=tuple(_rank_report(rank, answer) for rank, answer in done),
        )


def _rank_report(rank: Rank, answer: Done) -> RankReport:
    return RankReport(
        rank.number, rank.label, answer.peak_memory_bytes, answer.stage_peaks, answer.text_encoder, answer.kernel
    )
