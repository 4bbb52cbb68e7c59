"""Every plan of four ranks makes the demo model's video: the trained weights, in the size that people see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, VideoJob
from splitreel.rules.plan import PlanContext, PlanDevices, valid_plans
from splitreel.store.find_model import find_model
from splitreel.store.model_folder import check_model_folder
from tests.engine.matrix import TOLERANCE, relative
from tests.engine.world import Order, World

SENTENCE = VideoJob("a red ball rolls to the right on a blue background", "", 42)
JOB = EngineJob(96, 64, 9, 2, videos=(SENTENCE,))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(4, tmp_path_factory.mktemp("world")) as ranks:
        yield ranks


@pytest.fixture(scope="module")
def model() -> Path:
    return find_model("demo")


@pytest.fixture(scope="module")
def exact(world: World, model: Path) -> np.ndarray:
    return world.run(Order(model, Plan(), JOB))[0].latents[0]


def test_every_exact_plan_makes_the_same_video(model: Path, world: World, exact: np.ndarray) -> None:
    context = PlanContext(check_model_folder(model).shape, PlanDevices("cpu", 4))
    plans = valid_plans(context)
    assert {plan.world_size for plan in plans} == {1, 2, 3, 4}
    assert Plan(cfg=2, ulysses=2) in plans
    assert Plan(tp=4) in plans
    wrong = []
    # What changes tp or pp reads weights again: those of the same shards follow each other.
    for plan in sorted(plans, key=lambda plan: (plan.pp, plan.tp)):
        # With warm-up alone PipeFusion is exact too.
        answers = world.run(Order(model, plan, replace(JOB, warmup_steps=JOB.num_inference_steps)))
        drift = max(relative(latents, exact) for answer in answers for latents in answer.latents)
        if drift > TOLERANCE:
            wrong.append(f"{plan.key}: {drift:.1e}")
    assert wrong == []


def test_stale_pipefusion_stays_near(model: Path, world: World, exact: np.ndarray) -> None:
    answer = world.run(Order(model, Plan(pp=2), replace(JOB, num_pipeline_patch=4)))[0]
    assert answer.approximate
    assert 0 < relative(answer.latents[0], exact) < 0.5
