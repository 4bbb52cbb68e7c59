"""Plans of up to four ranks make the demo model's video: the trained weights, in the size that people see.

By default each strategy and a few products; `--thorough` runs every plan. test_matrix has every product on small weights.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, VideoJob
from splitreel.rules.plan import PlanContext, PlanDevices, valid_plans
from splitreel.store.find_model import find_model
from splitreel.store.model_folder import check_model_folder
from tests.engine.matrix import TOLERANCE, relative
from tests.engine.world import RunRequest, Worlds

SENTENCE = VideoJob("a red ball rolls to the right on a blue background", "", 42)
JOB = EngineJob(96, 64, 9, 2, videos=(SENTENCE,))


DEMO = find_model("demo")


def _plans() -> list[Plan]:
    """A change of tp or pp reads weights again, so plans with the same shards follow each other."""
    plans = valid_plans(PlanContext(check_model_folder(DEMO).shape, PlanDevices("cpu", 4)))
    return sorted(plans, key=lambda plan: (plan.pp, plan.tp, plan.key))


_EXACT: list[np.ndarray] = []


@pytest.fixture
def exact(world: Worlds) -> np.ndarray:
    if not _EXACT:
        _EXACT.extend(world.run(RunRequest(DEMO, Plan(), JOB))[0].latents)
    return _EXACT[0]


def test_the_plans_use_one_to_four_ranks() -> None:
    assert {plan.world_size for plan in _plans()} == {1, 2, 3, 4}
    assert {Plan(cfg=2, ulysses=2), *_DEFAULT} <= set(_plans())


_DEFAULT = {
    Plan(cfg=2),
    Plan(ulysses=3),
    Plan(tp=4),
    Plan(pp=3),
    Plan(cfg=2, ring=2),
    Plan(ring=2, ulysses=2),
    Plan(pp=2, tp=2),
}


@pytest.mark.parametrize(
    "plan",
    [pytest.param(plan, marks=[] if plan in _DEFAULT else pytest.mark.thorough) for plan in _plans()],
    ids=lambda plan: plan.key,
)
def test_every_exact_plan_makes_the_same_video(plan: Plan, world: Worlds, exact: np.ndarray) -> None:
    # With warm-up steps alone PipeFusion is exact too.
    results = world.run(RunRequest(DEMO, plan, replace(JOB, warmup_steps=JOB.num_inference_steps)))
    assert max(relative(latents, exact) for result in results for latents in result.latents) <= TOLERANCE


def test_stale_pipefusion_stays_near(world: Worlds, exact: np.ndarray) -> None:
    result = world.run(RunRequest(DEMO, Plan(pp=2), replace(JOB, num_pipeline_patch=4)))[0]
    assert result.approximate
    assert 0 < relative(result.latents[0], exact) < 0.5
