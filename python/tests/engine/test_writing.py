"""Videos are written while the next one is made: when the engine waits for a file, and whose error it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from splitreel.contract.types import Plan, Stage
from tests.engine.matrix import GUIDED
from tests.engine.world import RunRequest, Worlds

JOB = replace(GUIDED, num_inference_steps=2, videos=tuple(replace(GUIDED.videos[0], seed=seed) for seed in (1, 2, 3)))


@pytest.fixture(scope="module")
def model(model_of: Callable[[str], Path]) -> Path:
    return model_of("t2v-2b")


def test_a_file_is_awaited_when_the_next_clip_is_decoded(model: Path, world: Worlds) -> None:
    writer, other = world.run(RunRequest(model, Plan(cfg=2), JOB))[:2]
    names = [name for name, _ in writer.events]
    for video in (0, 1):
        awaited = names.index(f"{video} written")
        assert names.index(f"{video + 1} decoding peak") < awaited < names.index(f"{video + 1} first frame")
    assert names[-1] == "2 written"
    assert not [name for name, _ in other.events if name.endswith("written")]
    assert (writer.errors, other.errors) == ((), ())


def test_a_file_that_cannot_be_written_fails_its_video_alone(model: Path, world: Worlds) -> None:
    made = world.run(RunRequest(model, Plan(cfg=2), JOB))[0]
    writer, other = world.run(RunRequest(model, Plan(cfg=2), JOB, unwritable=1))[:2]
    assert (writer.failed, other.failed) == ((1,), (1,))
    assert writer.errors == ("DISK_RAN_FULL",)
    # The others are made, with the same frames.
    assert writer.frames_hash == made.frames_hash


def test_replicas_wait_for_their_own_files(model: Path, world: Worlds) -> None:
    first, second = world.run(RunRequest(model, Plan(dp=2), JOB))[:2]
    assert [name for name, _ in first.events if name.endswith("written")] == ["0 written", "2 written"]
    assert [name for name, _ in second.events if name.endswith("written")] == ["1 written"]


def test_a_cancel_while_the_last_file_is_written_ends_all_ranks(model: Path, world: Worlds) -> None:
    results = world.run(RunRequest(model, Plan(cfg=2), JOB, cancel=(0, Stage.WRITING, 2)))[:2]
    assert [result.canceled for result in results] == [True, True]
