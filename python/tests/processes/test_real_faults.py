"""The real engine under the real supervisor, with ranks that are killed, stopped or out of memory during a job."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.messages import error_message
from splitreel.store.find_model import find_model
from tests.processes.worker import HERE, Worker, all_gone, start_job

FAULTY: dict[str, object] = {"engine_module": "faulty_engine", "extra_path": HERE}
HEARTBEAT_S = 2.0
PLANS = {
    "cfg": {"cfg": 2, "ulysses": 1},
    "ulysses": {"ulysses": 2},
    "tensor": {"tp": 2, "ulysses": 1},
    "pipeline": {"pp": 2, "ulysses": 1},
}


def thorough(*values: object) -> Any:
    return pytest.param(*values, marks=pytest.mark.thorough)


# By default each plan and each rank once.
RANKS = [
    ("cfg", 1),
    ("tensor", 0),
    ("pipeline", 1),
    *(thorough(*values) for values in (("cfg", 0), ("ulysses", 1), ("tensor", 1), ("pipeline", 0))),
]
SMALL: dict[str, object] = {"width": 96, "height": 64, "numFrames": 9}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker(FAULTY, {"heartbeat_s": HEARTBEAT_S})
    yield worker
    family = worker.family()
    worker.close()
    assert all_gone(family)


def job(output: Path, plan: str, job_id: str, prompt: str = "a red ball", steps: int = 4) -> dict[str, Any]:
    demo = find_model("demo")
    settings = {**SMALL, "numInferenceSteps": steps, "numPipelinePatch": 2}
    return start_job(demo, output, (prompt,), job_id, PLANS[plan], settings)


def next_job_is_made(worker: Worker, output: Path, plan: str) -> None:
    worker.send(job(output, plan, "next"))
    assert worker.wait_end(120)["type"] == "jobFinished"
    assert [path.name for path in output.glob("*.mp4")] == ["next 0.mp4"]
    assert not list(output.glob("*.part*"))


@pytest.mark.parametrize(("plan", "rank"), RANKS)
def test_out_of_memory_on_one_rank_ends_the_job_on_all(worker: Worker, tmp_path: Path, plan: str, rank: int) -> None:
    worker.send(job(tmp_path, plan, "oom", f"a red ball oom {rank}"))
    worker.wait(lambda event: event["type"] == "stageStarted" and event["stage"] == "denoising", 120)
    # Its peers wait in a collective that times out after an hour, so the supervisor must end the job.
    error = worker.wait_for("jobFailed", 120)["error"]
    assert (error["code"], error["params"]["rank"], error["params"]["stage"]) == ("GPU_OOM", rank, "denoising")
    sentence = error_message(error["code"], error["params"])
    # Outside this test only GPUs raise torch's error, so the sentence never names a CPU.
    assert sentence == f"The CPU ran out of memory on worker {rank} during denoising."
    assert error["advice"]
    next_job_is_made(worker, tmp_path, plan)


@pytest.mark.parametrize(
    ("plan", "rank", "stage"),
    [
        ("cfg", 0, "loading"),
        ("cfg", 0, "writing"),
        ("ulysses", 1, "denoising"),
        ("tensor", 1, "encoding"),
        ("tensor", 1, "decoding"),
        ("pipeline", 0, "denoising"),
        thorough("cfg", 1, "denoising"),
        thorough("tensor", 0, "denoising"),
        thorough("pipeline", 1, "denoising"),
        thorough("pipeline", 1, "decoding"),
    ],
)
def test_kill_9_is_named_and_cleaned_up(worker: Worker, tmp_path: Path, plan: str, rank: int, stage: str) -> None:
    if stage == "loading":
        worker.send({"type": "unload"})
    worker.send(job(tmp_path, plan, "killed", steps=4 if stage in {"decoding", "writing"} else 400))
    worker.wait(lambda event: event["type"] == "stageStarted" and event["stage"] == stage, 120)
    pids = worker.rank_pids()
    os.kill(pids[rank], signal.SIGKILL)
    end = worker.wait_end(120)
    if end["type"] == "jobFinished":
        # The last stages of a small video can be faster than a signal. Then the video is complete.
        assert stage in {"decoding", "writing"}
        (tmp_path / "killed 0.mp4").unlink()
    else:
        assert (end["error"]["code"], end["error"]["params"]["rank"]) == ("RANK_DIED", rank)
        assert all_gone(pids)
    next_job_is_made(worker, tmp_path, plan)


@pytest.mark.parametrize(("plan", "rank"), RANKS)
def test_a_stopped_rank_is_named(worker: Worker, tmp_path: Path, plan: str, rank: int) -> None:
    worker.send(job(tmp_path, plan, "stopped", steps=400))
    worker.wait(lambda event: event["type"] == "stageProgressed" and event["stage"] == "denoising", 120)
    pids = worker.rank_pids()
    os.kill(pids[rank], signal.SIGSTOP)
    error = worker.wait_for("jobFailed", 120)["error"]
    assert (error["code"], error["params"]["rank"], error["params"]["stage"]) == ("RANK_HUNG", rank, "denoising")
    assert all_gone(pids)
    next_job_is_made(worker, tmp_path, plan)
