"""Every strategy and product: the video of one process, or within a stated distance of it.

By default the quickest kind of model runs every plan, and the other four a sample; `--thorough` runs every kind over
every single strategy and its part of the products. `python -m tests.engine.matrix` prints the table for the docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob
from tests.engine.matrix import (
    DRIFT,
    GUIDED,
    KINDS,
    TOLERANCE,
    UNGUIDED,
    Case,
    cases_of,
    job_of,
    plain_diffusers,
    relative,
    sample_of,
)
from tests.engine.world import RunRequest, Worlds

QUICKEST, *OTHERS = KINDS


def with_every_kind(values: list[Any], name: Callable[[Any], str]) -> list[Any]:
    """Parameters (kind, value): for the quickest kind always, for the others only with --thorough."""
    quick = [pytest.param(QUICKEST, value, id=f"{QUICKEST}-{name(value)}") for value in values]
    return quick + [
        pytest.param(kind, value, id=f"{kind}-{name(value)}", marks=pytest.mark.thorough)
        for kind in OTHERS
        for value in values
    ]


def case_id(case: Case) -> str:
    guidance = "" if case.job.guidance_scale > 1 else "-unguided"
    return f"{case.plan.key}{guidance}-{len(case.job.videos)}"


_REFERENCES: dict[tuple[str, EngineJob], list[np.ndarray]] = {}


class Models:
    def __init__(self, folder: Callable[[str], Path], image: Path, world: Worlds) -> None:
        self.folder = folder
        self._image = image
        self._world = world

    def job(self, kind: str, job: EngineJob) -> EngineJob:
        return job_of(kind, job, self._image)

    def reference(self, kind: str, job: EngineJob) -> list[np.ndarray]:
        """One process's latents for this job, computed once."""
        key = (kind, job)
        if key not in _REFERENCES:
            _REFERENCES[key] = self._world.run(RunRequest(self.folder(kind), Plan(), job))[0].latents
        return _REFERENCES[key]


@pytest.fixture
def models(model_of: Callable[[str], Path], image: Path, world: Worlds) -> Models:
    return Models(model_of, image, world)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "guidance", [GUIDED, pytest.param(UNGUIDED, marks=pytest.mark.thorough)], ids=["guided", "unguided"]
)
def test_one_rank_is_plain_diffusers(kind: str, guidance: EngineJob, models: Models) -> None:
    job = models.job(kind, guidance)
    assert relative(models.reference(kind, job)[0], plain_diffusers(models.folder(kind), job)) <= 1e-6


def check(kind: str, case: Case, models: Models, world: Worlds) -> None:
    job = models.job(kind, case.job)
    # First, because one process reads its own weights.
    reference = models.reference(kind, job)
    results = world.run(RunRequest(models.folder(kind), case.plan, job))
    found = [latents for result in results for latents in result.latents]
    assert max(relative(a, b) for a, b in zip(found, reference, strict=True)) <= TOLERANCE
    assert not any(result.approximate for result in results)


@pytest.mark.parametrize("case", cases_of(QUICKEST), ids=case_id)
def test_every_plan_is_one_rank(case: Case, models: Models, world: Worlds) -> None:
    check(QUICKEST, case, models, world)


@pytest.mark.parametrize("case", sample_of(), ids=case_id)
@pytest.mark.parametrize("kind", OTHERS)
def test_a_sample_of_plans_is_one_rank_on_every_kind(kind: str, case: Case, models: Models, world: Worlds) -> None:
    check(kind, case, models, world)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("kind", "case"),
    [pytest.param(kind, case, id=f"{kind}-{case_id(case)}") for kind in OTHERS for case in cases_of(kind)],
)
def test_every_plan_is_one_rank_on_every_kind(kind: str, case: Case, models: Models, world: Worlds) -> None:
    check(kind, case, models, world)


@pytest.mark.parametrize("kind", [QUICKEST, *(pytest.param(kind, marks=pytest.mark.thorough) for kind in OTHERS)])
def test_a_plan_of_the_same_shards_reads_no_weight(kind: str, models: Models, world: Worlds) -> None:
    job, folder = models.job(kind, GUIDED), models.folder(kind)
    world.run(RunRequest(folder, Plan(pp=2, ulysses=2), job), size=8)
    for plan in (Plan(pp=2, cfg=2), Plan(pp=2, ring=2), Plan(pp=2, cfg=2, ring=2), Plan(pp=2)):
        results = world.run(RunRequest(folder, plan, job), size=8)
        assert all(result.load.reused and result.load.bytes_read == 0 for result in results), plan.key


PIPELINES = [
    (plan, job)
    for plan in (Plan(pp=2), Plan(pp=4), Plan(cfg=2, pp=2, ulysses=2), Plan(pp=2, ring=2, tp=2))
    for job in (replace(GUIDED, num_pipeline_patch=1), replace(GUIDED, warmup_steps=GUIDED.num_inference_steps))
]


@pytest.mark.parametrize(
    ("kind", "case"),
    with_every_kind(
        PIPELINES, lambda case: f"{case[0].key}-{'patch' if case[1].num_pipeline_patch == 1 else 'warmup'}"
    ),
)
def test_one_patch_or_only_warm_up_steps_are_exact(
    kind: str, case: tuple[Plan, EngineJob], models: Models, world: Worlds
) -> None:
    check(kind, Case(*case), models, world)


DRIFTING = [Plan(pp=2), Plan(pp=2, ulysses=2), Plan(pp=2, ring=2), Plan(cfg=2, pp=2)]
STALE = replace(GUIDED, num_inference_steps=8, warmup_steps=2)


def drift(kind: str, plan: Plan, models: Models, world: Worlds, *, without_cache: bool = False) -> float:
    job = models.job(kind, STALE)
    exact = models.reference(kind, job)[0]
    request = RunRequest(models.folder(kind), plan, replace(job, num_pipeline_patch=4), without_cache=without_cache)
    result = world.run(request)[0]
    assert result.approximate
    return relative(result.latents[0], exact)


_DRIFTS: dict[tuple[str, Plan], float] = {}


def known_drift(kind: str, plan: Plan, models: Models, world: Worlds) -> float:
    """Computed once."""
    if (kind, plan) not in _DRIFTS:
        _DRIFTS[kind, plan] = drift(kind, plan, models, world)
    return _DRIFTS[kind, plan]


@pytest.mark.parametrize(("kind", "plan"), with_every_kind(DRIFTING, lambda plan: plan.key))
def test_stale_keys_drift_a_little(kind: str, plan: Plan, models: Models, world: Worlds) -> None:
    assert 0 < known_drift(kind, plan, models, world) <= DRIFT


@pytest.mark.parametrize("kind", [QUICKEST, *(pytest.param(kind, marks=pytest.mark.thorough) for kind in OTHERS)])
def test_drift_does_not_depend_on_how_a_stage_is_shared(kind: str, models: Models, world: Worlds) -> None:
    drifts = [known_drift(kind, plan, models, world) for plan in DRIFTING]
    assert max(drifts) - min(drifts) <= 1e-3


@pytest.mark.parametrize("kind", [QUICKEST, *(pytest.param(kind, marks=pytest.mark.thorough) for kind in OTHERS)])
def test_patches_that_attend_only_to_themselves_drift_a_lot(kind: str, models: Models, world: Worlds) -> None:
    """Checks the measure itself: a broken engine must be far from a working one."""
    assert drift(kind, Plan(pp=2), models, world, without_cache=True) > 2 * DRIFT


def test_the_cases_include_every_strategy_and_uneven_shares() -> None:
    plans = {case.plan for kind in KINDS for case in cases_of(kind)}
    assert {1, 2, 3, 4} <= {plan.ring for plan in plans} & {plan.pp for plan in plans}
    assert {3} <= {plan.tp for plan in plans} & {plan.ulysses for plan in plans}
    assert any(plan.ring in {5, 7} for plan in plans), "prime and uneven"
    assert {plan.world_size for plan in plans} >= {2, 3, 4, 6, 8}
    assert any(case.job.guidance_scale == 1 for case in cases_of(QUICKEST))
    assert any(len(case.job.videos) == 2 and case.plan.dp == 2 for case in cases_of(QUICKEST))
