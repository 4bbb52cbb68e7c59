"""How long ranks may take to stop after an error."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from splitreel.contract import failures, wire
from splitreel.contract.protocol import StartJob
from splitreel.contract.types import Stage
from splitreel.worker.rank.messages import Progress, Stopped
from splitreel.worker.supervisor.current_job import CurrentJob, JobRequest
from splitreel.worker.supervisor.stages import StageTracker
from tests.processes.worker import start_job

ERROR = failures.host_oom(rank=1, stage="denoising").error
WRITER: Any = SimpleNamespace(number=0)
OTHER: Any = SimpleNamespace(number=1)


@pytest.fixture
def job(tmp_path: Path) -> CurrentJob:
    started = wire.from_wire(StartJob, start_job(Path("model"), tmp_path, prompts=("a cat", "a dog")))
    return CurrentJob(1, JobRequest(started), StageTracker("job", 2, lambda _: None), lambda _: None)


def report(job: CurrentJob, stage: Stage, status: Any) -> None:
    job.on_event(WRITER, Progress(1, 0, stage, status, 1, 2), WRITER, 0.0)


def test_an_error_of_one_rank_ends_the_others_soon(job: CurrentJob) -> None:
    job.on_event(OTHER, Stopped(1, ERROR, shared=False), OTHER, 100.0)
    assert job.overdue(101.0, 30.0) is None
    assert job.overdue(103.0, 30.0) == ERROR


def test_a_decoded_video_is_written_before_that(job: CurrentJob) -> None:
    report(job, Stage.DECODING, "finished")
    report(job, Stage.WRITING, "started")
    job.on_event(OTHER, Stopped(1, ERROR, shared=False), OTHER, 100.0)
    assert job.overdue(103.0, 30.0) is None
    assert job.overdue(163.0, 30.0) == ERROR
    report(job, Stage.WRITING, "finished")
    assert job.overdue(103.0, 30.0) == ERROR


def test_a_video_that_is_not_decoded_is_given_up(job: CurrentJob) -> None:
    report(job, Stage.DECODING, "started")
    report(job, Stage.WRITING, "started")
    job.on_event(OTHER, Stopped(1, ERROR, shared=False), OTHER, 100.0)
    assert job.overdue(103.0, 30.0) == ERROR
