"""The fast mode: which steps are computed, that every plan reuses the same ones, and what reusing means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from splitreel.contract.types import Plan, Quality
from splitreel.models.cogvideox import model as cogvideox
from splitreel.models.cogvideox.random_model import make_model
from splitreel.models.cogvideox.step_cache import computed_steps
from tests.engine.matrix import GUIDED, TOLERANCE, relative
from tests.engine.world import RunRequest, RunResult, World

FAST = replace(GUIDED, quality=Quality.FAST, num_inference_steps=6)
LINE = (1.0, 0.0)  # the change itself


def test_the_first_and_the_last_step_are_computed_and_small_changes_are_reused() -> None:
    embeddings = torch.tensor([[1.0], [1.04], [1.08], [1.12], [1.5], [1.5]])
    assert computed_steps(embeddings, LINE, 0.1) == [True, False, False, True, True, True]
    assert computed_steps(embeddings, LINE, 0.0) == [True] * 6
    assert computed_steps(embeddings[:1], LINE) == [True]
    assert computed_steps(embeddings[:2], LINE) == [True, True]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "t2v-5b"
    make_model("t2v-5b", folder)
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    # Weights are random, and so are their time embeddings: every other step is reused here, whatever they are.
    patch = pytest.MonkeyPatch()
    patch.setattr(cogvideox, "computed_steps", lambda steps, _polynomial: [step % 2 == 0 for step in range(len(steps))])
    with World(4, tmp_path_factory.mktemp("world")) as ranks:
        yield ranks
    patch.undo()


@pytest.fixture(scope="module")
def one(model: Path, world: World) -> RunResult:
    """The fast video of one rank."""
    return world.run(RunRequest(model, Plan(), FAST))[0]


def test_the_fast_video_is_not_the_exact_one(model: Path, world: World, one: RunResult) -> None:
    exact = world.run(RunRequest(model, Plan(), replace(FAST, quality=Quality.EXACT)))[0]
    assert one.approximate
    assert not exact.approximate
    assert relative(one.latents[0], exact.latents[0]) > 1e-3, "three of six steps were not computed"


@pytest.mark.parametrize(
    "plan", [Plan(cfg=2), Plan(cfg=2, ulysses=2), Plan(ring=3), Plan(tp=2)], ids=lambda plan: plan.key
)
def test_every_plan_makes_the_fast_video_of_one_rank(plan: Plan, model: Path, world: World, one: RunResult) -> None:
    split = world.run(RunRequest(model, plan, FAST))[0]
    assert relative(split.latents[0], one.latents[0]) <= TOLERANCE
    assert split.approximate
