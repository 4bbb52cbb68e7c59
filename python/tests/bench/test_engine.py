"""`bench engine` at a small size, and the formula of what a rank sends held to what it sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from splitreel.bench import engine
from splitreel.bench.engine import PlanCost, cost_of_plan
from splitreel.bench.gpu_cases import small
from splitreel.bench.measure import Run
from splitreel.bench.synthetic_model import MODELS, make_folder, open_synthetic
from splitreel.bench.traffic import bytes_sent
from splitreel.bench.world import World
from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, VideoJob


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(4, "cpu", weights=open_synthetic) as ranks:
        yield ranks


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(small(MODELS["5b"]), tmp_path_factory.mktemp("models") / "5b")


@pytest.mark.parametrize(
    "plan",
    [Plan(cfg=2), Plan(ulysses=3), Plan(ring=3), Plan(cfg=2, ulysses=2), Plan(ulysses=2, ring=2), Plan(cfg=2, ring=2)],
    ids=lambda plan: plan.key,
)
def test_a_rank_sends_what_the_formula_says(plan: Plan, model: Path, world: World) -> None:
    job = EngineJob(80, 48, 9, 2, videos=(VideoJob("a dog", "", 1),))
    costs: list[PlanCost] = [found for found in world.run(cost_of_plan, Run(model, job, plan), timeout_s=120) if found]
    assert len(costs) == plan.world_size
    assert max(found.sent_per_step for found in costs) == bytes_sent(costs[0].shape, plan)


def test_the_benchmark_runs_and_another_plan_reads_no_weights(tmp_path: Path) -> None:
    out = tmp_path / "engine.json"
    assert engine.main(["--small", "--out", str(out)]) == 0
    figures = json.loads(out.read_text())
    beside = figures["beside_diffusers"]
    assert beside["ours_s"] > 0
    assert beside["diffusers_s"] > 0
    assert beside["difference"] <= 1e-6
    rows = {row["plan"]: row for row in figures["plans"]}
    assert {"1 rank", "cfg 2", "ulysses 2", "ring 2"} <= set(rows)
    for plan in ("cfg 2", "ulysses 2", "ring 2"):
        assert rows[plan]["bytes_read"] == 0
        assert rows[plan]["sent"] == rows[plan]["formula"]
        assert rows[plan]["difference"] <= 1e-5
