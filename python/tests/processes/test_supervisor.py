"""Real processes around a small engine: order of events, warmth, cancels, and every way to die."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from splitreel.video.mp4 import read_metadata
from tests.processes.worker import FAKE, Worker, all_gone, descendants, is_alive, make_model_folder, start_job

QUICK = {"heartbeat_s": 1.5, "idle_s": 3.0, "deadlock_s": 20.0, "cancel_s": 5.0}
ORDER = ["starting", "loading", "optimizing", "encoding", "denoising", "decoding", "writing"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model_folder(tmp_path_factory.mktemp("models") / "model")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "videos"


@pytest.fixture(scope="module")
def workers() -> Iterator[list[Worker]]:
    """The module's supervisor, as the only item: starting one costs more than most of these tests."""
    holder = [Worker(FAKE, QUICK)]
    yield holder
    family = holder[0].family()
    assert holder[0].close() == 0
    assert all_gone(family)


@pytest.fixture
def worker(workers: list[Worker]) -> Worker:
    """A supervisor without ranks, whose earlier events are forgotten. A test that fails may cost the next a new one."""
    try:
        workers[0].unload()
    except (OSError, TimeoutError):
        workers[0].process.kill()
        workers[0] = Worker(FAKE, QUICK)
        workers[0].unload()
    workers[0].forget()
    return workers[0]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def denoising(event: dict[str, object]) -> bool:
    return event["type"] == "stageProgressed" and event["stage"] == "denoising" and event["completed"] != 0


def long_job(model: Path, output: Path, stage: str) -> dict[str, object]:
    """A job that still takes a second when `stage` begins, so that what a test does then comes before its end."""
    is_late = stage in {"decoding", "writing"}
    settings: dict[str, object] = {"numInferenceSteps": 4 if is_late else 400, "numFrames": 41}
    return start_job(model, output, ("a dog, frame 0.04" if is_late else "a dog",), settings=settings)


def next_job_works(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, job_id="after"))
    end = worker.wait_end()
    assert (end["type"], end["jobId"]) == ("jobFinished", "after")
    assert "after 0.mp4" in files(output)


def test_a_job_from_start_to_finish(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output))
    end = worker.wait_end()
    assert end["type"] == "jobFinished"
    assert [event["stage"] for event in worker.of("stageStarted")] == ORDER
    assert sorted(event["stage"] for event in worker.of("stageFinished")) == sorted(ORDER)
    steps = [event for event in worker.of("stageProgressed") if event["stage"] == "denoising"]
    assert (steps[-1]["completed"], steps[-1]["total"]) == (4, 4)
    numbers = [event["seq"] for event in worker.events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(Path(event["path"]).is_file() for event in worker.of("previewMade"))
    video = output / "j1 0.mp4"
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        found = (stream.codec_context.name, stream.width, stream.height, stream.frames, float(stream.average_rate or 0))
    assert found == ("h264", 96, 64, 9, 8.0)
    metadata = read_metadata(video)
    assert (metadata.request.prompt, metadata.request.seed, metadata.plan.ulysses) == ("a dog", 0, 2)
    assert metadata.report is not None
    assert [peak.stage for peak in metadata.report.peaks] == ["denoising"]
    rank = end["report"]["ranks"][0]
    assert rank["stages"] == [{"stage": "denoising", "peakMemoryBytes": 12345}]
    assert (rank["textEncoder"], rank["kernel"]) == ("kept", "sdpa")


def test_it_reports_which_attention_kernels_can_be_chosen() -> None:
    worker = Worker(FAKE)
    found = worker.wait_for("kernelsFound")["kernels"]
    worker.close()
    assert [state["kernel"] for state in found] == ["sdpa", "cudnn", "flash", "flash3", "flash4"]
    assert found[0]["reason"] is None
    blocked = {state["reason"]["code"] for state in found[1:] if state["reason"] is not None}
    if shutil.which("nvidia-smi") is None:
        assert blocked == {"kernel_needs_gpu"}


def test_the_second_job_reads_no_weights_and_keeps_its_ranks(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, plan={"ulysses": 3}))
    assert worker.wait_end()["report"]["weightBytesRead"] == 3000
    pids = worker.rank_pids()
    # A smaller plan leaves a rank idle and loaded.
    worker.send(start_job(model, output, job_id="j2", plan={"ulysses": 2}))
    assert worker.wait_end()["report"]["weightBytesRead"] == 0
    assert worker.rank_pids() == pids


def test_more_ranks_are_started_beside_those_that_run(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, plan={"ulysses": 2}))
    worker.wait_end()
    before = worker.rank_pids()
    worker.send(start_job(model, output, job_id="j2", plan={"ulysses": 4}))
    assert worker.wait_end()["type"] == "jobFinished"
    assert worker.rank_pids()[:2] == before
    assert len(worker.rank_pids()) == 4


@pytest.mark.parametrize("stage", ORDER)
def test_cancel_in_each_stage(worker: Worker, model: Path, output: Path, stage: str) -> None:
    worker.send(long_job(model, output, stage))
    worker.wait(lambda event: event["type"] == "stageStarted" and event["stage"] == stage)
    worker.send({"type": "cancelJob", "jobId": "j1"})
    worker.send({"type": "cancelJob", "jobId": "j1"})
    end = worker.wait_end()
    assert end["type"] == "jobCanceled"
    assert files(output) == []
    next_job_works(worker, model, output)
    ends = [event for event in worker.events if event.get("jobId") == "j1" and event["type"].startswith("job")]
    assert [event["type"] for event in ends] == ["jobStarted", "jobCanceled"]


def test_a_cancel_after_the_last_video_comes_too_late(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output))
    worker.wait_for("videoFinished")
    worker.send({"type": "cancelJob", "jobId": "j1"})
    assert worker.wait_end()["type"] == "jobFinished"
    assert files(output) == ["j1 0.mp4"]


@pytest.mark.parametrize("stage", ["loading", "denoising", "decoding"])
def test_kill_9_of_a_rank(worker: Worker, model: Path, output: Path, stage: str) -> None:
    worker.send(long_job(model, output, stage))
    worker.wait(lambda event: event["type"] == "stageStarted" and event["stage"] == stage)
    pids = worker.rank_pids()
    os.kill(pids[1], signal.SIGKILL)
    error = worker.wait_for("jobFailed")["error"]
    assert (error["code"], error["params"]["rank"], error["params"]["exit"]) == ("RANK_DIED", 1, "SIGKILL")
    assert all_gone(pids)
    assert files(output) == []
    next_job_works(worker, model, output)


@pytest.mark.parametrize("stage", ["loading", "denoising"])
def test_a_stopped_rank_is_named(worker: Worker, model: Path, output: Path, stage: str) -> None:
    worker.send(long_job(model, output, stage))
    worker.wait(lambda event: event["type"] == "stageStarted" and event["stage"] == stage)
    pids = worker.rank_pids()
    os.kill(pids[1], signal.SIGSTOP)
    error = worker.wait_for("jobFailed")["error"]
    assert (error["code"], error["params"]["rank"]) == ("RANK_HUNG", 1)
    assert all_gone(pids)
    next_job_works(worker, model, output)


def test_a_rank_that_sleeps_in_a_step_is_named(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, prompts=("hang 1 for ever",)))
    error = worker.wait_for("jobFailed")["error"]
    assert (error["code"], error["params"]["rank"]) == ("RANK_HUNG", 1)
    assert "_inject_fault" in error["details"]
    next_job_works(worker, model, output)


def test_slow_is_not_hung(worker: Worker, model: Path, output: Path) -> None:
    # Four seconds of work without progress: longer than every deadline for idle ranks.
    worker.send(start_job(model, output, prompts=("spin 1 while",)))
    assert worker.wait_end()["type"] == "jobFinished"


def test_a_rank_that_raises(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, prompts=("boom 1 now",)))
    error = worker.wait_for("jobFailed")["error"]
    assert error["code"] == "INTERNAL"
    assert "RuntimeError: boom" in error["details"]
    next_job_works(worker, model, output)


def test_a_rank_that_exits(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, prompts=("exit 1 now",)))
    error = worker.wait_for("jobFailed")["error"]
    assert (error["code"], error["params"]["exit"]) == ("RANK_DIED", 7)
    next_job_works(worker, model, output)


def test_out_of_memory_leaves_the_engine_usable(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, prompts=("oom",)))
    assert worker.wait_for("jobFailed")["error"]["code"] == "HOST_OOM"
    pids = worker.rank_pids()
    next_job_works(worker, model, output)
    assert worker.rank_pids() == pids


def test_one_video_of_two_fails(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, prompts=("full", "a cat")))
    assert worker.wait_end()["type"] == "jobFinished"
    assert [event["error"]["code"] for event in worker.of("videoFailed")] == ["DISK_FULL"]
    assert files(output) == ["j1 1.mp4"]


def test_kill_9_of_the_zygote(worker: Worker, model: Path, output: Path) -> None:
    worker.send(long_job(model, output, "denoising"))
    worker.wait(denoising)
    zygote = worker.zygote()
    pids = [zygote, *descendants(zygote)]
    assert len(pids) == 3
    os.kill(zygote, signal.SIGKILL)
    assert worker.wait_for("jobFailed")["error"]["code"] in {"WORKER_DIED", "RANK_DIED"}
    assert all_gone(pids)
    next_job_works(worker, model, output)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_nothing_outlives_the_supervisor(model: Path, output: Path, how: signal.Signals | None) -> None:
    worker = Worker(FAKE)
    worker.send(long_job(model, output, "denoising"))
    worker.wait(denoising)
    family, zygote = worker.family(), worker.zygote()
    # The supervisor, the process that reads models, the zygote and two ranks.
    assert len(family) == 5
    os.kill(descendants(zygote)[0], signal.SIGSTOP)
    if how is None:
        worker.close()
    else:
        worker.process.send_signal(how)
    assert all_gone(family)
    worker.process.wait(60)
    assert files(output) == []


def test_garbage_is_ignored(worker: Worker, model: Path, output: Path) -> None:
    worker.send(b"not json\n")
    worker.send(b'{"type": "dance"}\n')
    worker.send(b"[" * 100_000 + b"\n")
    worker.send(b"\xff\xfe half\n")
    worker.send(b"x" * 3_000_000 + b"\n")
    next_job_works(worker, model, output)
    assert len([event for event in worker.of("logged") if event["level"] == "error"]) == 5


def test_errors_reach_the_app(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output, plan={"ulysses": 5}))
    error = worker.wait_for("jobFailed")["error"]
    assert (error["code"], [reason["code"] for reason in error["reasons"]]) == ("PLAN_INVALID", ["heads_not_shared"])
    worker.send(start_job(model, output, settings={"numFrames": 50}))
    assert worker.wait_for("jobFailed")["error"]["code"] == "REQUEST_INVALID"
    worker.send(start_job(model / "nowhere", output))
    assert worker.wait_for("jobFailed")["error"]["code"] == "MODEL_MISSING"
    output.mkdir()
    (output / "j1 0.mp4").write_text("mine")
    worker.send(start_job(model, output))
    assert worker.wait_for("jobFailed")["error"]["code"] == "OUTPUT_EXISTS"
    assert (output / "j1 0.mp4").read_text() == "mine"


def test_ranks_that_cannot_join_fail_the_job_with_their_reason(model: Path, output: Path) -> None:
    worker = Worker({**FAKE, "engine_module": "unjoinable_engine"}, QUICK)
    worker.send(start_job(model, output))
    error = worker.wait_for("jobFailed")["error"]
    assert (error["code"], error["details"]) == ("CUDA_UNAVAILABLE", "the driver is too old")
    assert worker.close() == 0


def test_unload_frees_and_the_next_job_starts_cold(worker: Worker, model: Path, output: Path) -> None:
    worker.send(start_job(model, output))
    worker.wait_end()
    pids = worker.rank_pids()
    worker.send({"type": "unload"})
    worker.wait(lambda event: event["type"] == "engineStateChanged" and event["state"] == "cold")
    assert all_gone(pids)
    next_job_works(worker, model, output)


def test_children_see_an_allowlist_of_the_environment(worker: Worker) -> None:
    assert {"HF_HUB_OFFLINE", "PYTHONNOUSERSITE", "GLOO_SOCKET_IFNAME"} <= environment_of(worker.zygote())
    for pid in worker.family()[1:]:
        names = environment_of(pid)
        assert not names & {"LD_PRELOAD", "PYTHONPATH", "HF_TOKEN"}
        assert not [name for name in names if name.endswith(("_KEY", "_TOKEN", "_SECRET"))]


def environment_of(pid: int) -> set[str]:
    return {entry.split(b"=")[0].decode() for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")}


def test_heartbeats_come_while_nothing_else_happens(worker: Worker) -> None:
    for _ in range(3):
        worker.wait_for("heartbeat")
    assert is_alive(worker.process.pid)
