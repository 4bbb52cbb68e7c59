"""Faults of ranks on all GPUs of this machine, by the real worker: processes end, and so does their use of memory."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.types import Plan
from splitreel.contract.wire import to_wire
from splitreel.machine.gpus import visible_gpus
from splitreel.store.find_model import find_model
from tests.processes.worker import Worker, all_gone, start_job

pytest.importorskip("av", reason="the worker writes videos")

PLANS = {1: Plan(), 2: Plan(cfg=2), 4: Plan(cfg=2, ulysses=2), 8: Plan(cfg=2, ring=2, ulysses=2)}
RANKS = max(ranks for ranks in PLANS if ranks <= len(visible_gpus()))
CANCEL_S = 30.0
# The driver's own figures vary by a few MiB without any process.
TOLERANCE_MIB = 16


def used_mib() -> list[int]:
    """GPU memory in use, by GPU."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(line) for line in lines[:RANKS]]


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    family = worker.family()
    worker.close()
    assert all_gone(family)


def job(output: Path, job_id: str, steps: int) -> dict[str, Any]:
    plan: Any = to_wire(PLANS[RANKS])
    settings: dict[str, object] = {"width": 128, "height": 96, "numFrames": 49, "numInferenceSteps": steps}
    started = start_job(find_model("demo"), output, ("a red ball",), job_id, plan, settings)
    return {**started, "devices": [to_wire(gpu.device) for gpu in visible_gpus()[:RANKS]]}


def begin(worker: Worker, output: Path, job_id: str) -> list[int]:
    """A long job in the middle of its steps. Returns the pids of its ranks."""
    worker.send(job(output, job_id, 500))
    event = worker.wait(
        lambda event: (
            event["type"] == "jobFailed"
            or (event["type"] == "stageProgressed" and event["stage"] == "denoising" and event["completed"] > 3)
        ),
        100,
    )
    assert event["type"] == "stageProgressed", event.get("error")
    return worker.rank_pids()


@pytest.mark.parametrize("rank", sorted({0, RANKS - 1}))
def test_kill_9_of_a_rank_ends_all_ranks_and_frees_their_memory(worker: Worker, tmp_path: Path, rank: int) -> None:
    before = used_mib()
    pids = begin(worker, tmp_path, "killed")
    during = used_mib()
    os.kill(pids[rank], signal.SIGKILL)
    error = worker.wait_for("jobFailed", 60)["error"]
    assert (error["code"], error["params"]["rank"]) == ("RANK_DIED", rank)
    assert all_gone(pids)
    assert all(busy > idle + TOLERANCE_MIB for busy, idle in zip(during, before, strict=True))
    assert all(now <= idle + TOLERANCE_MIB for now, idle in zip(used_mib(), before, strict=True))
    worker.send(job(tmp_path, "next", 3))
    assert worker.wait_end(240)["type"] == "jobFinished"


def test_a_cancel_in_the_middle_of_a_step_stops_all_ranks(worker: Worker, tmp_path: Path) -> None:
    pids = begin(worker, tmp_path, "cancelled")
    worker.send({"type": "cancelJob", "jobId": "cancelled"})
    end = worker.wait_end(CANCEL_S)
    assert end["type"] == "jobCanceled", end
    # Warm: the same ranks make the next video.
    worker.send(job(tmp_path, "next", 3))
    assert worker.wait_end(240)["type"] == "jobFinished"
    assert worker.rank_pids() == pids
    assert [path.name for path in tmp_path.glob("*.mp4")] == ["next 0.mp4"]
