"""Whether the engine's own kernels run is recorded for the memory forecast of later jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from splitreel.bench.world import RankContext, World
from splitreel.contract.types import Plan
from splitreel.engine import engine as module
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.engine.engine import Engine
from splitreel.models.cogvideox import model as cogvideox
from splitreel.models.cogvideox.random_model import make_model
from splitreel.rules.kernel_trials import TrialsFile, has_own_kernels, own_kernels_trial
from tests.engine.world import RecordingHooks

JOB = EngineJob(48, 32, 9, 2, videos=(VideoJob("a dog", "", 1),))
NEW_GPU = (9, 0)


@pytest.fixture
def trials(tmp_path: Path) -> TrialsFile:
    return TrialsFile(tmp_path / "kernels.json")


def test_an_older_gpu_never_runs_them(trials: TrialsFile) -> None:
    assert has_own_kernels([NEW_GPU], trials)
    assert has_own_kernels([], trials)
    assert not has_own_kernels([NEW_GPU, (7, 5)], trials)


def test_a_failure_counts_until_they_run_again(trials: TrialsFile) -> None:
    trials.add(own_kernels_trial("NVIDIA X", "torch.bfloat16", 64, "out of resource: shared memory"))
    assert not has_own_kernels([NEW_GPU], trials)
    trials.add(own_kernels_trial("NVIDIA X", "torch.bfloat16", 64, None))
    assert has_own_kernels([NEW_GPU], trials)


def test_a_failure_of_another_triton_does_not_count(trials: TrialsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("splitreel.rules.kernel_trials.kernel_versions", lambda _: "torch 1, triton 1")
        trials.add(own_kernels_trial("NVIDIA X", "torch.bfloat16", 64, "no"))
        assert not has_own_kernels([NEW_GPU], trials)
    assert has_own_kernels([NEW_GPU], trials)


def test_the_engine_records_what_it_finds(trials: TrialsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    make_model("t2v-2b", tmp_path / "model")
    monkeypatch.setattr(module, "can_run_kernels", lambda _: True)
    problem: list[str | None] = ["differs from torch"]
    monkeypatch.setattr(cogvideox, "fused_kernels_problem", lambda *_, **__: problem[0])
    monkeypatch.setattr(cogvideox, "fused_decoder_problem", lambda *_, **__: problem[0])
    monkeypatch.setattr(cogvideox.CogVideoXModel, "fuse", lambda _: None)

    def load() -> Engine:
        made = Engine(rank=0, world_size=1, device=torch.device("cpu"), kernel_trials=tmp_path / "kernels.json")
        made.load(tmp_path / "model", Plan(), LoadOptions(), RecordingHooks())
        return made

    load()
    assert [trial.problem for trial in trials.read()] == ["differs from torch"]
    problem[0] = None
    engine = load()
    assert has_own_kernels([NEW_GPU], trials)
    # One that fails at a size which the comparison didn't cover.
    monkeypatch.setattr(module, "kernel_failures", lambda: ("The GPU kernel gelu failed",))
    engine.generate(JOB, Plan(), RecordingHooks())
    assert not has_own_kernels([NEW_GPU], trials)


def problem_on(context: RankContext, arguments: tuple[Path, int]) -> tuple[str | None, tuple[str, ...]]:
    """Loads a model whose kernels fail on one rank. What the engine holds against them, and reports of a job."""
    folder, rank = arguments
    problem = "no compiler" if context.rank == rank else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cogvideox, "fused_kernels_problem", lambda *_, **__: problem)
        patch.setattr(cogvideox, "fused_decoder_problem", lambda *_, **__: problem)
        context.engine.load(folder, Plan(cfg=2), LoadOptions(), RecordingHooks())
    report = context.engine.generate(JOB, Plan(cfg=2), RecordingHooks())
    assert [outcome.error for outcome in report.outcomes] == [None]
    return context.engine.loaded.model.fused_problem, report.notices


@pytest.mark.parametrize("rank", [0, 1])
def test_what_stops_one_rank_is_the_reason_on_all(rank: int, model_of: Callable[[str], Path]) -> None:
    """The memory forecast of each rank asks for it."""
    with World(2, "cpu") as world:
        found = world.run(problem_on, (model_of("t2v-2b"), rank), timeout_s=120)
    assert found == [("no compiler", ())] * 2
