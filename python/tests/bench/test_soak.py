"""The soak test sees what is wrong: jobs without an end, ends that no fault explains, and files that are left."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from splitreel.bench.soak import Report, Soak, problems_of
from splitreel.bench.soak_worker import JobEnd
from splitreel.contract.lines import parse_command
from splitreel.contract.protocol import StartJob
from tests.test_video import write


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    return {"jobId": "job-1", "videos": [{"outputPath": str(tmp_path / "a.mp4")}]}


def end(code: str, *saved: Path) -> JobEnd:
    return JobEnd(code, "", frozenset(str(path) for path in saved))


def test_good_ends(job: dict[str, Any], tmp_path: Path) -> None:
    assert problems_of("cancel", job, end("CANCELED")) == []
    assert problems_of("kill rank", job, end("RANK_DIED")) == []
    write(tmp_path / "a.mp4").publish()
    assert problems_of("none", job, end("finished", tmp_path / "a.mp4")) == []


def test_a_job_without_an_end_and_an_unexplained_end_are_problems(job: dict[str, Any]) -> None:
    assert problems_of("none", job, None) == ["job-1 (none): no end"]
    assert problems_of("none", job, end("RANK_HUNG")) == ["job-1 (none): RANK_HUNG: "]
    assert problems_of("cancel", job, end("RANK_DIED")) != []


def test_a_fault_after_its_job_may_affect_the_next(job: dict[str, Any]) -> None:
    assert problems_of("none", job, end("WORKER_DIED"), late="kill zygote") == []
    assert problems_of("none", job, end("WORKER_DIED"), late="cancel") != []


def test_the_supervisor_takes_the_jobs_of_the_soak_test(tmp_path: Path) -> None:
    soak = Soak(tmp_path, "demo", random.Random(1))
    try:
        command = soak.command("job-1", tmp_path, "none")
    finally:
        soak.close()
    assert isinstance(parse_command(json.dumps(command).encode()), StartJob)


def test_a_video_that_fails_alone(job: dict[str, Any], tmp_path: Path) -> None:
    full = JobEnd("finished", "", frozenset(), ("DISK_FULL",))
    assert problems_of("full disk", job, full) == []
    assert problems_of("none", job, full) == ["job-1 (none): a video failed: DISK_FULL"]


def test_missing_broken_and_forgotten_files(job: dict[str, Any], tmp_path: Path) -> None:
    assert problems_of("none", job, end("finished")) == ["job-1 (none): 0 of 1 videos"]
    (tmp_path / "a.mp4").write_bytes(b"half")
    assert len(problems_of("none", job, end("finished", tmp_path / "a.mp4"))) == 1
    assert problems_of("cancel", job, end("CANCELED")) == [f"job-1 (cancel): left behind: {tmp_path / 'a.mp4'}"]


def test_the_report_shows_how_memory_develops() -> None:
    report = Report(supervisor_mb=[30.0, 45.0, 33.0], supervisor_files=[12, 12])
    lines = report.lines(1.0)
    assert any("30 at first, 33 at last, 45 at most" in line for line in lines)
