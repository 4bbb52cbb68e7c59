"""What a run reports, where it stops, and that tiles over ranks equal the tiled decode. test_matrix compares plans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLCogVideoX

from splitreel.contract.types import Plan, Scheduler, Stage
from splitreel.engine.api import EngineJob, VideoJob
from splitreel.models.frames import to_uint8
from tests.engine.matrix import TOLERANCE, relative
from tests.engine.world import RunRequest, Worlds, frames_hash

KINDS = ("t2v-2b", "t2v-5b")
STEPS = 3


def job(*, guidance: float = 6.0, videos: int = 1, scheduler: Scheduler = Scheduler.MODEL) -> EngineJob:
    return EngineJob(
        videos=tuple(VideoJob("a small dog running on the beach at sunset", "", 42 + index) for index in range(videos)),
        width=48,
        height=32,
        num_frames=9,
        num_inference_steps=STEPS,
        guidance_scale=guidance,
        scheduler=scheduler,
        preview_steps=frozenset({2}),
    )


@pytest.fixture(scope="module")
def models(model_of: Callable[[str], Path]) -> dict[str, Path]:
    return {kind: model_of(kind) for kind in KINDS}


def test_guidance_of_one_and_the_other_scheduler(models: dict[str, Path], world: Worlds) -> None:
    asked = job(guidance=1.0, scheduler=Scheduler.DPM)
    reference = world.run(RunRequest(models["t2v-2b"], Plan(), asked))[0].latents[0]
    split = world.run(RunRequest(models["t2v-2b"], Plan(ring=3), asked))[0].latents[0]
    assert relative(split, reference) <= TOLERANCE
    with_ddim = world.run(RunRequest(models["t2v-2b"], Plan(), job(guidance=1.0)))[0].latents[0]
    assert relative(with_ddim, reference) > 1e-3, "the scheduler that was asked for is the one that runs"


def test_progress_is_counted_and_whole(models: dict[str, Path], world: Worlds) -> None:
    result = world.run(RunRequest(models["t2v-5b"], Plan(cfg=2), job()))[0]
    steps = [count for what, count in result.events if what == "0 denoising"]
    assert steps == [1, 2, 3]
    tiles = [count for what, count in result.events if what == "0 decoding"]
    total = next(count for what, count in result.events if what == "0 decoding of")
    assert tiles == list(range(1, total + 1))
    assert result.frame_count == 9
    assert result.previews == [2]


@pytest.mark.parametrize(
    "plan", [Plan(cfg=2, ulysses=2), Plan(pp=2, tp=2), Plan(cfg=2, pp=2)], ids=lambda plan: plan.key
)
@pytest.mark.parametrize("asking", [pytest.param(0, marks=pytest.mark.thorough), 3])
def test_a_cancel_on_one_rank_ends_all_at_the_same_step(
    plan: Plan, asking: int, models: dict[str, Path], world: Worlds
) -> None:
    asked = replace(job(), num_inference_steps=8, warmup_steps=3)
    canceled = world.run(RunRequest(models["t2v-5b"], plan, asked, cancel=(asking, Stage.DENOISING, 2)), size=8)
    assert [result.canceled for result in canceled] == [True] * 4 + [False] * 4
    steps = {max(count for what, count in result.events if what == "0 denoising") for result in canceled[:4]}
    # A pipeline has no barrier: a request made in one step is known to all at the start of the next but one, and its
    # first stage learns of a step's end when the last patch returns.
    assert steps <= ({2} if plan.pp == 1 else {2, 3, 4})
    after = world.run(RunRequest(models["t2v-5b"], plan, replace(job(), warmup_steps=STEPS)), size=8)[0].latents[0]
    reference = world.run(RunRequest(models["t2v-5b"], Plan(), job()))[0].latents[0]
    assert relative(after, reference) <= TOLERANCE


@pytest.mark.parametrize(
    "plan", [Plan(), Plan(cfg=2), Plan(ring=3), Plan(cfg=2, ulysses=2), Plan(cfg=2, ring=2, ulysses=2)]
)
def test_tiles_over_ranks_are_the_tiled_decode_bit_for_bit(plan: Plan, models: dict[str, Path], world: Worlds) -> None:
    asked = replace(job(), width=80, height=96)
    results = world.run(RunRequest(models["t2v-2b"], plan, asked))
    latents = torch.from_numpy(results[0].latents[0])
    vae = AutoencoderKLCogVideoX.from_pretrained(models["t2v-2b"] / "vae")
    vae.enable_tiling()
    with torch.no_grad():
        whole = vae.decode(latents.permute(0, 2, 1, 3, 4) / vae.config.scaling_factor).sample
    assert results[0].frames_hash == frames_hash(list(to_uint8(whole)))
    assert all(result.frame_count == 0 for result in results[1:])


def test_a_warm_engine_repeats_itself(models: dict[str, Path], world: Worlds) -> None:
    """Cold, warm, and warm after another job: the same frames, bit for bit."""
    request = RunRequest(models["t2v-5b"], Plan(), job())
    hashes = [world.run(request, size=2)[0].frames_hash]
    hashes.append(world.run(request, size=2)[0].frames_hash)
    world.run(RunRequest(models["t2v-5b"], Plan(cfg=2), job(guidance=3.0)), size=2)
    hashes.append(world.run(request, size=2)[0].frames_hash)
    assert len(set(hashes)) == 1
