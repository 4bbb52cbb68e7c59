"""The fast mode: which steps are computed, how the others are predicted, and that every plan makes the same video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from splitreel.contract.types import Plan, Quality
from splitreel.models.cogvideox.step_cache import StepCache
from splitreel.rules.step_schedule import computed_steps, reused_steps
from tests.engine.matrix import GUIDED, TOLERANCE, relative
from tests.engine.world import RunRequest, RunResult, World

FAST = replace(GUIDED, quality=Quality.FAST, num_inference_steps=9)


def test_first_and_last_steps_are_computed_and_one_of_three_between_them() -> None:
    assert computed_steps(1) == [True]
    assert computed_steps(4) == [True] * 4
    assert computed_steps(9) == [True, True, False, False, True, False, False, True, True]
    assert reused_steps(50) == 30
    assert all(computed_steps(steps)[0] and computed_steps(steps)[-1] for steps in range(1, 101))


def test_a_change_at_a_constant_rate_is_predicted_exactly() -> None:
    cache = StepCache(computed_steps(9))
    cache.keep(0, torch.tensor([1.0]))
    assert cache.predict(1) == 1
    cache.keep(2, torch.tensor([2.0]))
    assert cache.predict(3) == 2.5
    cache.keep(4, torch.tensor([6.0]))
    assert cache.predict(6) == 10
    assert cache.reused == 4


@pytest.fixture(scope="module")
def model(model_of: Callable[[str], Path]) -> Path:
    return model_of("t2v-5b")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(4, tmp_path_factory.mktemp("world")) as ranks:
        yield ranks


@pytest.fixture(scope="module")
def one(model: Path, world: World) -> RunResult:
    """The fast video of one rank."""
    return world.run(RunRequest(model, Plan(), FAST))[0]


def test_the_fast_video_is_not_the_exact_one(model: Path, world: World, one: RunResult) -> None:
    exact = world.run(RunRequest(model, Plan(), replace(FAST, quality=Quality.EXACT)))[0]
    assert one.approximate
    assert not exact.approximate
    assert relative(one.latents[0], exact.latents[0]) > 1e-3, "four of nine steps were not computed"


@pytest.mark.parametrize(
    "plan", [Plan(cfg=2), Plan(cfg=2, ulysses=2), Plan(ring=3), Plan(tp=2)], ids=lambda plan: plan.key
)
def test_every_plan_makes_the_fast_video_of_one_rank(plan: Plan, model: Path, world: World, one: RunResult) -> None:
    split = world.run(RunRequest(model, plan, FAST))[0]
    assert relative(split.latents[0], one.latents[0]) <= TOLERANCE
    assert split.approximate
