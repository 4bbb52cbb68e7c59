"""200 cancels at random moments over random plans: each ends in time, on all ranks alike, and the next job is right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob
from splitreel.models.random import make_model
from tests.engine.matrix import GUIDED, TOLERANCE, relative
from tests.engine.world import Order, World

# 2B-like: 30 heads. Plans of the same shards follow each other, so that weights are read five times in all.
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
EACH = 20
STEPS = 12


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models") / "t2v-2b"
    make_model("t2v-2b", folder)
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(4, tmp_path_factory.mktemp("world")) as ranks:
        yield ranks


def jobs() -> tuple[EngineJob, EngineJob]:
    """One that is cancelled, long enough for it, and a short one whose video is known."""
    return replace(GUIDED, num_inference_steps=STEPS, warmup_steps=2, num_pipeline_patch=3), replace(
        GUIDED, num_inference_steps=2, warmup_steps=2
    )


def test_two_hundred_cancels(model: Path, world: World) -> None:
    draw = random.Random(7)
    long, short = jobs()
    reference = world.run(Order(model, Plan(), short))[0].latents[0]
    landed = 0
    for plan in PLANS:
        whole = world.run(Order(model, plan, long))[0]
        for _ in range(EACH):
            rank, moment = draw.randrange(plan.world_size), draw.uniform(0, whole.seconds)
            answers = world.run(Order(model, plan, long, cancel_after=(rank, moment)))[: plan.world_size]
            assert len({answer.cancelled for answer in answers}) == 1, f"{plan.key}: some went on"
            if answers[0].cancelled:
                landed += 1
                # Measured on each rank from the wish to the end; a loaded machine's steps are what they are.
                step = max(answer.longest_step for answer in answers) or whole.longest_step
                late = max(answer.seconds_to_stop for answer in answers)
                assert late <= 2 * step + 1, f"{plan.key}: {late:.2f} s with steps of {step:.2f} s"
            after = world.run(Order(model, plan, short))[0].latents[0]
            assert relative(after, reference) <= TOLERANCE, f"{plan.key}: the job after a cancel is wrong"
    # Some wishes come after the end: then the video is whole.
    assert landed > EACH * len(PLANS) // 2
