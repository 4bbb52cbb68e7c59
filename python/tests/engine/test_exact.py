"""Every plan gives the video of one process, and one process gives plain diffusers' video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXPipeline

from splitreel.engine.api import EngineJob, SchedulerChoice, Stage, VideoJob
from splitreel.engine.decoding import to_uint8
from splitreel.plan import Plan
from splitreel.testing.models import make_model
from tests.engine.world import Order, World, picture_of

KINDS = ("t2v-2b", "t2v-5b")
STEPS = 3
# Final latents in float32; relative to the norm of the reference.
TOLERANCE = 1e-5

UP_TO_FOUR = [
    Plan(cfg=cfg, ring=ring, ulysses=ulysses)
    for cfg in (1, 2)
    for ring in (1, 2, 3, 4)
    for ulysses in (1, 2, 3)
    if 1 < cfg * ring * ulysses <= 4
]
OF_EIGHT = [Plan(cfg=2, ring=2, ulysses=2), Plan(ring=4, ulysses=2)]


def job(*, guidance: float = 6.0, videos: int = 1, scheduler: SchedulerChoice = SchedulerChoice.MODEL) -> EngineJob:
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
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    for kind in KINDS:
        make_model(kind, root / kind)
    return {kind: root / kind for kind in KINDS}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(8, tmp_path_factory.mktemp("world")) as ranks:
        yield ranks


def plain_diffusers(folder: Path, asked: EngineJob) -> np.ndarray[Any, Any]:
    torch.set_num_threads(1)
    pipeline = CogVideoXPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    latents: torch.Tensor = pipeline(
        prompt=asked.videos[0].prompt,
        negative_prompt="",
        width=asked.width,
        height=asked.height,
        num_frames=asked.num_frames,
        num_inference_steps=asked.num_inference_steps,
        guidance_scale=asked.guidance_scale,
        use_dynamic_cfg=True,
        generator=torch.Generator("cpu").manual_seed(asked.videos[0].seed),
        max_sequence_length=pipeline.transformer.config.max_text_seq_length,
        output_type="latent",
    ).frames
    result: np.ndarray[Any, Any] = latents.numpy()
    return result


def relative(result: np.ndarray[Any, Any], reference: np.ndarray[Any, Any]) -> float:
    return float(np.linalg.norm(result - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize("kind", KINDS)
def test_one_rank_is_plain_diffusers(kind: str, models: dict[str, Path], world: World) -> None:
    answer = world.run(Order(models[kind], Plan(), job()))[0]
    assert relative(answer.latents[0], plain_diffusers(models[kind], job())) <= 1e-6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plan", [*UP_TO_FOUR, *OF_EIGHT], ids=lambda plan: plan.key)
def test_every_plan_is_one_rank(kind: str, plan: Plan, models: dict[str, Path], world: World) -> None:
    reference = world.run(Order(models[kind], Plan(), job()))[0].latents[0]
    answers = world.run(Order(models[kind], plan, job()))
    assert relative(answers[0].latents[0], reference) <= TOLERANCE
    # Only the writer has a video, and nobody read a weight for another plan.
    assert [len(answer.latents) for answer in answers[1:]] == [0] * 7
    assert all(answer.load.reused and answer.load.bytes_read == 0 for answer in answers)


def test_guidance_of_one_and_the_other_scheduler(models: dict[str, Path], world: World) -> None:
    asked = job(guidance=1.0, scheduler=SchedulerChoice.DPM)
    reference = world.run(Order(models["t2v-2b"], Plan(), asked))[0].latents[0]
    split = world.run(Order(models["t2v-2b"], Plan(ring=3), asked))[0].latents[0]
    assert relative(split, reference) <= TOLERANCE
    with_ddim = world.run(Order(models["t2v-2b"], Plan(), job(guidance=1.0)))[0].latents[0]
    assert relative(with_ddim, reference) > 1e-3, "the scheduler that was asked for is the one that runs"


def test_replicas_make_their_own_videos(models: dict[str, Path], world: World) -> None:
    one_by_one = world.run(Order(models["t2v-5b"], Plan(), job(videos=2)))[0].latents
    answers = world.run(Order(models["t2v-5b"], Plan(dp=2, cfg=2), job(videos=2)))
    assert relative(answers[0].latents[0], one_by_one[0]) <= TOLERANCE
    assert relative(answers[2].latents[0], one_by_one[1]) <= TOLERANCE
    assert relative(one_by_one[0], one_by_one[1]) > 0.1, "seeds differ, so videos do"


def test_progress_is_counted_and_whole(models: dict[str, Path], world: World) -> None:
    told = world.run(Order(models["t2v-5b"], Plan(cfg=2), job()))[0]
    steps = [count for what, count in told.told if what == "0 denoising"]
    assert steps == [1, 2, 3]
    tiles = [count for what, count in told.told if what == "0 decoding"]
    total = next(count for what, count in told.told if what == "0 decoding of")
    assert tiles == list(range(1, total + 1))
    assert told.frame_count == 9
    assert told.previews == [2]


@pytest.mark.parametrize("asking", [0, 3])
def test_a_cancel_on_one_rank_ends_all_at_the_same_step(asking: int, models: dict[str, Path], world: World) -> None:
    plan = Plan(cfg=2, ulysses=2)
    cancelled = world.run(Order(models["t2v-5b"], plan, job(), cancel=(asking, Stage.DENOISING, 2)))
    assert [answer.cancelled for answer in cancelled] == [True] * 4 + [False] * 4
    steps = {max(count for what, count in answer.told if what == "0 denoising") for answer in cancelled[:4]}
    assert steps == {2}
    after = world.run(Order(models["t2v-5b"], plan, job()))[0].latents[0]
    reference = world.run(Order(models["t2v-5b"], Plan(), job()))[0].latents[0]
    assert relative(after, reference) <= TOLERANCE


@pytest.mark.parametrize(
    "plan", [Plan(), Plan(cfg=2), Plan(ring=3), Plan(cfg=2, ulysses=2), Plan(cfg=2, ring=2, ulysses=2)]
)
def test_tiles_over_ranks_are_the_tiled_decode_bit_for_bit(plan: Plan, models: dict[str, Path], world: World) -> None:
    asked = replace(job(), width=80, height=96)
    answers = world.run(Order(models["t2v-2b"], plan, asked))
    latents = torch.from_numpy(answers[0].latents[0])
    vae = AutoencoderKLCogVideoX.from_pretrained(models["t2v-2b"] / "vae")
    vae.enable_tiling()
    with torch.no_grad():
        whole = vae.decode(latents.permute(0, 2, 1, 3, 4) / vae.config.scaling_factor).sample
    assert answers[0].picture == picture_of(list(to_uint8(whole)))
    assert all(answer.frame_count == 0 for answer in answers[1:])
