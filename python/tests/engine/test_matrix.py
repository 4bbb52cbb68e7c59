"""Every strategy and product on every kind of model: the video of one process, or within a stated drift of it.

Ranks are started once and sent many plans. `python -m tests.engine.matrix` prints the table for the docs.
Single strategies are tried at 2, 3 and 4 ranks on all five kinds. Of the products up to 8 ranks each kind gets those of
its turn, so that every product runs on some kind, and all of them on the quickest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

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
    make_models,
    plain_diffusers,
    relative,
)
from tests.engine.world import Order, World


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return make_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(8, tmp_path_factory.mktemp("world")) as ranks:
        yield ranks


_REFERENCES: dict[tuple[str, EngineJob], list[np.ndarray]] = {}


def reference(world: World, models: Path, kind: str, job: EngineJob) -> list[np.ndarray]:
    """One process's latents for this job, made once."""
    key = (kind, job)
    if key not in _REFERENCES:
        _REFERENCES[key] = world.run(Order(models / kind, Plan(), job))[0].latents
    return _REFERENCES[key]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", [GUIDED, UNGUIDED], ids=["guided", "unguided"])
def test_one_rank_is_plain_diffusers(kind: str, asked: EngineJob, models: Path, world: World) -> None:
    job = job_of(models, kind, asked)
    assert relative(reference(world, models, kind, job)[0], plain_diffusers(models / kind, job)) <= 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_every_plan_is_one_rank(kind: str, models: Path, world: World) -> None:
    """Sorted so that plans of the same shards follow each other: what changes tp or pp reads weights again."""
    wrong = []
    for case in cases_of(kind):
        job = job_of(models, kind, case.job)
        answers = world.run(Order(models / kind, case.plan, job))
        made = [latents for answer in answers for latents in answer.latents]
        drift = max(relative(a, b) for a, b in zip(made, reference(world, models, kind, job), strict=True))
        if drift > TOLERANCE or any(answer.approximate for answer in answers):
            wrong.append(f"{case.plan.key}: {drift:.1e}")
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_of_the_same_shards_reads_no_weight(kind: str, models: Path, world: World) -> None:
    job = job_of(models, kind, GUIDED)
    world.run(Order(models / kind, Plan(pp=2, ulysses=2), job))
    for plan in (Plan(pp=2, cfg=2), Plan(pp=2, ring=2), Plan(pp=2, cfg=2, ring=2), Plan(pp=2)):
        answers = world.run(Order(models / kind, plan, job))
        assert all(answer.load.reused and answer.load.bytes_read == 0 for answer in answers), plan.key
        # Groups are built in `generate`; together with the check of what is held they cost this.
        assert max(answer.load.seconds for answer in answers) < 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plan", [Plan(pp=2), Plan(pp=4), Plan(cfg=2, pp=2, ulysses=2), Plan(pp=2, ring=2, tp=2)])
def test_one_patch_and_warm_up_alone_are_exact(kind: str, plan: Plan, models: Path, world: World) -> None:
    if plan.tp * plan.ulysses > 1 and kind == "t2v-2b" and 30 % (plan.tp * plan.ulysses) != 0:
        pytest.fail("the plan is not valid for this model")
    for job in (replace(GUIDED, num_pipeline_patch=1), replace(GUIDED, warmup_steps=GUIDED.num_inference_steps)):
        asked = job_of(models, kind, job)
        answer = world.run(Order(models / kind, plan, asked))[0]
        assert not answer.approximate
        assert relative(answer.latents[0], reference(world, models, kind, asked)[0]) <= TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_stale_keys_drift_a_little_and_no_keys_of_others_a_lot(kind: str, models: Path, world: World) -> None:
    """The drift is the same however ranks share a stage; an engine whose patches see only themselves exceeds it."""
    job = job_of(models, kind, replace(GUIDED, num_inference_steps=8, warmup_steps=2))
    exact = reference(world, models, kind, replace(job, num_pipeline_patch=1))[0]
    drifts = {}
    for plan in (Plan(pp=2), Plan(pp=2, ulysses=2), Plan(pp=2, ring=2), Plan(cfg=2, pp=2)):
        answer = world.run(Order(models / kind, plan, replace(job, num_pipeline_patch=4)))[0]
        assert answer.approximate
        drifts[plan.key] = relative(answer.latents[0], exact)
    assert min(drifts.values()) > 0
    assert max(drifts.values()) <= DRIFT
    assert max(drifts.values()) - min(drifts.values()) <= 1e-3
    blind = world.run(Order(models / kind, Plan(pp=2), replace(job, num_pipeline_patch=4), blind=True))[0]
    assert relative(blind.latents[0], exact) > 2 * DRIFT


def test_the_cases_hold_every_strategy_and_uneven_shares() -> None:
    plans = {case.plan for kind in KINDS for case in cases_of(kind)}
    assert {1, 2, 3, 4} <= {plan.ring for plan in plans} & {plan.pp for plan in plans}
    assert {3} <= {plan.tp for plan in plans} & {plan.ulysses for plan in plans}
    assert any(plan.ring == 5 or plan.ring == 7 for plan in plans), "prime and uneven"
    assert {plan.world_size for plan in plans} >= {2, 3, 4, 6, 8}
    assert any(case.job.guidance_scale == 1 for case in cases_of("t2v-2b"))
    assert any(len(case.job.videos) == 2 and case.plan.dp == 2 for case in cases_of("t2v-2b"))
    assert isinstance(cases_of("t2v-2b")[0], Case)
