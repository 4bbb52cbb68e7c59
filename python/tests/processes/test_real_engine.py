"""The same processes with the real engine and the demo model: torch, gloo, two ranks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from splitreel.contract.devices import cpu_devices
from splitreel.video.mp4 import read_metadata
from tests.processes.commands import FLAGS, STEPS, command
from tests.processes.worker import Worker, all_gone, start_job

SMALL: dict[str, object] = {"numInferenceSteps": STEPS, "width": 96, "height": 64, "numFrames": 9}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    family = worker.family()
    worker.close()
    assert all_gone(family)


def job(output: Path, job_id: str, **settings: object) -> dict[str, Any]:
    return start_job(Path("demo"), output, ("a red ball",), job_id, {"ulysses": 2}, {**SMALL, **settings})


def listeners(pids: list[int]) -> list[str]:
    """Local addresses on which any of the processes listens."""
    sockets: set[str] = set()
    for pid in pids:
        # It may end, or close a file, while its files are listed.
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    sockets |= set(re.findall(r"socket:\[(\d+)\]", str(entry.readlink())))
    found: list[str] = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pids[0]}/net/{table}").read_text().splitlines()[1:]:
            values = line.split()
            if values[3] == "0A" and values[9] in sockets:
                found.append(values[1].split(":")[0])
    return found


def test_cold_then_warm(worker: Worker, tmp_path: Path) -> None:
    worker.send(job(tmp_path, "j1"))
    cold = worker.wait_end(120)
    assert cold["type"] == "jobFinished", cold
    assert cold["report"]["weightBytesRead"] > 0
    pids = worker.rank_pids()
    # 127.0.0.1 as the kernel writes it.
    assert set(listeners(worker.family())) <= {"0100007F"}
    worker.send(job(tmp_path, "j2"))
    warm = worker.wait_end(60)
    assert warm["type"] == "jobFinished"
    assert warm["report"]["weightBytesRead"] == 0
    assert worker.rank_pids() == pids
    metadata = read_metadata(tmp_path / "j2 0.mp4")
    stages = {"encoding", "denoising", "decoding"}
    for rank in cold["report"]["ranks"]:
        assert {peak["stage"] for peak in rank["stages"]} == {"loading", *stages}
        assert all(peak["peakMemoryBytes"] > 0 for peak in rank["stages"])
    assert metadata.report is not None
    # The second job finds its prompts in the cache.
    assert {peak.stage for peak in metadata.report.peaks} == stages - {"encoding"}
    assert metadata.devices == cpu_devices(2)
    assert (metadata.dtype, metadata.request.num_inference_steps) == ("float32", STEPS)


@pytest.mark.parametrize("stage", ["encoding", "denoising", "decoding", "writing"])
def test_cancel(worker: Worker, tmp_path: Path, stage: str) -> None:
    # Long enough that the cancel comes before the end, except in the last stage.
    steps = 8 if stage in {"decoding", "writing"} else 200
    worker.send(job(tmp_path, f"c-{stage}", numInferenceSteps=steps, numFrames=25))
    worker.wait(lambda event: event["type"] == "stageStarted" and event["stage"] == stage, 120)
    worker.send({"type": "cancelJob", "jobId": f"c-{stage}"})
    # The video may have been published before the cancel arrived. Then it is complete.
    kept = worker.wait_end(60)["type"] == "jobFinished"
    assert [path.suffix for path in tmp_path.glob("*.*")] == ([".mp4"] if kept else [])
    assert not kept or stage == "writing"


def test_tokens_are_counted_without_the_ranks(worker: Worker) -> None:
    worker.send({"type": "countTokens", "requestId": "r", "modelPath": "demo", "text": "a red ball"})
    counted = worker.wait_for("tokensCounted")
    assert 1 < counted["tokens"] <= counted["max"]


def test_generate_and_torchrun_make_the_same_latents(one_rank: Path, tmp_path: Path) -> None:
    torchrun = ["torch.distributed.run", "--nproc_per_node=2", "-m", "splitreel.parallel_inference", *FLAGS]
    lines = command(tmp_path, *torchrun, "--ulysses_degree=2", "--save_latents", "two.safetensors")
    name = "cogvideox_dp1_cfg1_ulysses2_ring1_tp1_pp1_patch1_96x64"
    assert lines[-2].endswith(f"results/{name}.mp4")
    assert lines[-2].startswith("output saved to ")
    assert lines[-1].startswith("epoch time: ")
    one, two = (load_file(file)["latents"] for file in (one_rank, tmp_path / "two.safetensors"))
    assert one.shape == two.shape
    assert one.dtype == "float32"
    assert abs(one - two).max() / abs(one).max() < 1e-5
    assert (tmp_path / "results" / f"{name}.mp4").is_file()
