"""A family that is added in a separate file and one line of registration makes videos: the interface is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Offload, Plan, Stage
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.models import families
from tests.engine.matrix import TOLERANCE, relative
from tests.engine.second_family import SECOND, make_second_model
from tests.engine.world import RunRequest, World

JOB = EngineJob(48, 32, 5, 3, videos=(VideoJob("a small dog", "", 42),), preview_steps=frozenset({2}))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models") / "second"
    make_second_model(folder)
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Ranks are forked while the family is registered, so they inherit it."""
    families.FAMILIES.append(SECOND)
    try:
        ranks = World(2, tmp_path_factory.mktemp("world"))
    finally:
        families.FAMILIES.remove(SECOND)
    with ranks:
        yield ranks


@pytest.mark.parametrize("plan", [Plan(ulysses=2), Plan(ring=2), Plan(cfg=2)], ids=lambda plan: plan.key)
def test_two_ranks_make_the_video_of_one(plan: Plan, model: Path, world: World) -> None:
    alone = world.run(RunRequest(model, Plan(), JOB))[0]
    assert (alone.frame_count, alone.previews, alone.errors) == (5, [2], ())
    together = world.run(RunRequest(model, plan, JOB))[0]
    assert relative(together.latents[0], alone.latents[0]) <= TOLERANCE
    assert together.frame_count == 5


@pytest.mark.parametrize("offload", [Offload.MODEL, Offload.SEQUENTIAL])
def test_it_can_be_offloaded(offload: Offload, model: Path, world: World) -> None:
    expected = world.run(RunRequest(model, Plan(), JOB))[0]
    found = world.run(RunRequest(model, Plan(ulysses=2), JOB, options=LoadOptions(offload=offload)))[0]
    assert relative(found.latents[0], expected.latents[0]) <= TOLERANCE


def test_it_can_be_canceled(model: Path, world: World) -> None:
    job = replace(JOB, num_inference_steps=50)
    results = world.run(RunRequest(model, Plan(ring=2), job, cancel=(1, Stage.DENOISING, 2)))
    assert [result.canceled for result in results] == [True, True]


def test_without_its_registration_it_is_refused(model: Path) -> None:
    with pytest.raises(SplitreelError) as caught:
        families.family_of(model)
    assert caught.value.code == "MODEL_UNSUPPORTED"
