"""Cancels at random moments of random plans: each ends on all ranks alike, within two steps, and the next job is right."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from splitreel.contract.types import Plan, Stage
from tests.engine.matrix import GUIDED, TOLERANCE, relative
from tests.engine.world import RunRequest, Worlds

# 2B-like: 30 heads. Plans with the same shards follow each other, so weights are read five times in all.
PLANS = (
    Plan(ring=3),
    Plan(ulysses=2, cfg=2),
    Plan(ring=2, ulysses=2),
    Plan(cfg=2),
    Plan(tp=2),
    Plan(cfg=2, tp=2),
    Plan(pp=2),
    Plan(cfg=2, pp=2),
    Plan(pp=2, ulysses=2),
    Plan(pp=4),
)
STEPS = 12
LONG = replace(GUIDED, num_inference_steps=STEPS, warmup_steps=2, num_pipeline_patch=3)
SHORT = replace(GUIDED, num_inference_steps=2, warmup_steps=2)


@pytest.fixture(scope="module")
def model(model_of: Callable[[str], Path]) -> Path:
    return model_of("t2v-2b")


_EXPECTED: list[np.ndarray] = []


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
@pytest.mark.parametrize("count", [3, pytest.param(20, marks=pytest.mark.thorough)])
def test_cancels_at_random_steps(plan: Plan, count: int, model: Path, world: Worlds) -> None:
    """At a step of one rank, between any two of its reports."""
    draw = random.Random(plan.key)
    if not _EXPECTED:
        _EXPECTED.extend(world.run(RunRequest(model, Plan(), SHORT))[0].latents)
    for _ in range(count):
        rank, step = draw.randrange(plan.world_size), draw.randint(1, STEPS - 3)
        request = RunRequest(model, plan, LONG, cancel=(rank, Stage.DENOISING, step))
        results = world.run(request)[: plan.world_size]
        assert [result.canceled for result in results] == [True] * plan.world_size
        # A pipeline has no barrier: its stages learn of it at the start of the next step but one.
        assert results[rank].steps_after_cancel <= (0 if plan.pp == 1 else 2)
        after = world.run(RunRequest(model, plan, SHORT))[0].latents[0]
        assert relative(after, _EXPECTED[0]) <= TOLERANCE, "the job after a cancel is wrong"


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
@pytest.mark.parametrize("count", [1, pytest.param(20, marks=pytest.mark.thorough)])
def test_cancels_at_random_moments(plan: Plan, count: int, model: Path, world: Worlds) -> None:
    """From another thread, at any time from the start of encoding to after the end."""
    draw = random.Random(plan.key)
    if not _EXPECTED:
        _EXPECTED.extend(world.run(RunRequest(model, Plan(), SHORT))[0].latents)
    for _ in range(count):
        rank, moment = draw.randrange(plan.world_size), draw.uniform(0, 1)
        results = world.run(RunRequest(model, plan, LONG, cancel_after=(rank, moment)))[: plan.world_size]
        assert len({result.canceled for result in results}) == 1, "some ranks went on"
        assert results[rank].steps_after_cancel <= (1 if plan.pp == 1 else 3) or not results[rank].canceled
        after = world.run(RunRequest(model, plan, SHORT))[0].latents[0]
        assert relative(after, _EXPECTED[0]) <= TOLERANCE, "the job after a cancel is wrong"
