"""Checking kernels is a separate stage: counted, cancelable, and absent once the engine knows its kernels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from splitreel.contract.errors import Canceled
from splitreel.contract.types import Plan, Stage
from splitreel.engine import loaded_model
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.engine.engine import Engine
from splitreel.kernels.checks import own_kernel_checks
from splitreel.models.cogvideox import model as cogvideox
from splitreel.models.cogvideox.random_model import make_model
from tests.engine.world import RecordingHooks

JOB = EngineJob(48, 32, 9, 2, videos=(VideoJob("a dog", "", 1),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("model")
    make_model("t2v-2b", made)
    return made


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """On a device that has kernels to check, all of which differ in the VAE's."""
    monkeypatch.setattr(loaded_model, "can_run_kernels", lambda _: True)

    def compare(*_: object, checked: Callable[[], None], problem: str | None, **__: object) -> str | None:
        checked()
        return problem

    monkeypatch.setattr(cogvideox, "fused_kernels_problem", partial(compare, problem=None))
    monkeypatch.setattr(cogvideox, "fused_decoder_problem", partial(compare, problem="differs from torch"))
    return Engine(rank=0, world_size=1, device=torch.device("cpu"))


def run(engine: Engine, folder: Path, hooks: RecordingHooks) -> list[tuple[str, int]]:
    engine.load(folder, Plan(), LoadOptions(), hooks)
    engine.generate(JOB, Plan(), hooks)
    return [(name, count) for name, count in hooks.events if "optimizing" in name]


def test_the_first_job_counts_kernels_and_the_next_does_not(engine: Engine, folder: Path) -> None:
    hooks = RecordingHooks()
    found = run(engine, folder, hooks)
    total = own_kernel_checks(torch.device("cpu"))
    assert found == [("0 optimizing of", total), ("0 optimizing", 1), ("0 optimizing", 2), ("0 optimizing finished", 0)]
    assert hooks.events.index(found[-1]) < hooks.events.index(("0 encoding of", 2))
    assert run(engine, folder, RecordingHooks()) == []


def test_a_cancel_takes_effect_between_two_kernels(engine: Engine, folder: Path) -> None:
    hooks = RecordingHooks(cancel_at=(Stage.OPTIMIZING, 1))
    with pytest.raises(Canceled):
        run(engine, folder, hooks)
    assert ("0 optimizing", 2) not in hooks.events
    assert run(engine, folder, RecordingHooks())[-1] == ("0 optimizing finished", 0)


def test_without_kernels_there_is_no_stage(folder: Path) -> None:
    assert run(Engine(rank=0, world_size=1, device=torch.device("cpu")), folder, RecordingHooks()) == []
