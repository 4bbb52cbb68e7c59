"""Memory on a real GPU: offloading frees it, and the planner's predictions hold at a small size.

At true size with random weights: `npm run bench -- memory`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from splitreel.contract.types import Offload, Plan, Stage
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.engine.engine import Engine
from splitreel.engine.memory_budget import DeviceMemoryBudget
from splitreel.models.cogvideox.random_model import make_model
from tests.engine.world import RecordingHooks

CUDA = torch.device("cuda", 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "t2v-5b"
    make_model("t2v-5b", folder)
    return folder


def engine(model: Path, offload: Offload) -> Engine:
    made = Engine(rank=0, world_size=1, device=CUDA)
    made.load(model, Plan(), LoadOptions(dtype="float32", offload=offload), RecordingHooks())
    return made


def latents(made: Engine) -> tuple[torch.Tensor, dict[str, int]]:
    hooks = RecordingHooks()
    report = made.generate(EngineJob(48, 32, 9, 3, videos=(VideoJob("a dog", "", 1),)), Plan(), hooks)
    assert report.outcomes[0].error is None, report.outcomes[0].error
    return hooks.final[0], {name: figures.peak_device_bytes for name, figures in report.stages.items()}


@pytest.mark.parametrize("offload", [Offload.MODEL, Offload.SEQUENTIAL])
def test_offload_gives_the_same_video_and_leaves_nothing_on_the_gpu(offload: Offload, model: Path) -> None:
    plain = engine(model, Offload.NONE)
    expected, peaks = latents(plain)
    plain.unload()
    offloaded = engine(model, offload)
    before = torch.cuda.memory_allocated(CUDA)
    for _ in range(2):
        found, less = latents(offloaded)
        assert torch.equal(found, expected)
        assert torch.cuda.memory_allocated(CUDA) <= before + 1_000_000, "weights have gone home"
        assert less[Stage.DECODING.value] < peaks[Stage.DECODING.value]
    offloaded.unload()


def test_blocks_are_copied_from_pinned_memory_on_a_separate_stream(model: Path) -> None:
    made = engine(model, Offload.SEQUENTIAL)
    latents(made)
    part = made.loaded.placement._offloaded["transformer"]
    assert part._stream is not None
    assert all(home.is_pinned() for weights in part._blocks for home in weights._host or ())
    made.unload()


def test_the_memory_budget_is_what_the_driver_reports() -> None:
    memory_budget = DeviceMemoryBudget(CUDA).device_bytes()
    assert memory_budget is not None
    assert 0 < memory_budget <= torch.cuda.get_device_properties(CUDA).total_memory


def test_out_of_memory_is_reported_with_what_would_fit(model: Path) -> None:
    made = engine(model, Offload.NONE)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-6, CUDA)
    try:
        report = made.generate(EngineJob(96, 64, 9, 2, videos=(VideoJob("a dog", "", 1),)), Plan(), RecordingHooks())
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, CUDA)
    outcome = report.outcomes[0]
    assert outcome.error is not None
    assert outcome.error.code == "GPU_OOM"
    assert outcome.error.params["rank"] == 0
    assert outcome.error.advice is not None
    latents(made)
    made.unload()
