"""The cases of the matrix: kinds of model, plans and jobs, and what they are compared with.

`python -m tests.engine.matrix` prints the table of docs/parallelism.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import CogVideoXImageToVideoPipeline, CogVideoXPipeline
from PIL import Image

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, VideoJob
from splitreel.models.cogvideox.random_model import make_model

KINDS = ("t2v-2b", "t2v-5b", "t2v-1.5", "i2v-5b", "i2v-1.5")
# Final latents in float32, relative to the norm of one process's.
TOLERANCE = 1e-5
# With four patches after two warm-up steps of eight, on weights drawn so that attention matters a lot.
DRIFT = 0.15
# For the balanced quality. Plans differ in the last bits of float32, so a value halfway between two of float8 can round
# either way, and these weights amplify the difference.
SIMILAR = 5e-2

GUIDED = EngineJob(
    videos=(VideoJob("a small dog running on the beach at sunset", "", 42),),
    width=48,
    height=32,
    num_frames=9,
    num_inference_steps=3,
)
UNGUIDED = replace(GUIDED, guidance_scale=1.0)
TWO = replace(GUIDED, videos=(GUIDED.videos[0], VideoJob("a large cat playing the guitar in the city", "", 7)))


@dataclass(frozen=True, slots=True)
class Case:
    plan: Plan
    job: EngineJob


def make_image(file: Path) -> Path:
    """Wider than the videos, so that what runs is the crop as well."""
    Image.effect_mandelbrot((60, 32), (-2, -1.5, 1, 1.5), 20).convert("RGB").save(file)
    return file


def job_of(kind: str, job: EngineJob, image: Path) -> EngineJob:
    """The job as this kind can run it: with an image if it needs one."""
    if not kind.startswith("i2v"):
        return job
    return replace(job, videos=tuple(replace(video, image=image) for video in job.videos))


def sample_of() -> list[Case]:
    """Plans of up to four ranks that use every strategy once, valid for every kind."""
    plans = (Plan(cfg=2, ulysses=2), Plan(ring=2, tp=2), Plan(pp=2))
    return [Case(plan, synchronous(GUIDED)) for plan in plans]


def cases_of(kind: str) -> list[Case]:
    """Single strategies at 2, 3 and 4 ranks (5 and 7 for Ring), and this kind's part of the products."""
    heads = 30 if kind == "t2v-2b" else 48
    turn = KINDS.index(kind)
    cases = [Case(plan, synchronous(GUIDED)) for plan in _singles(heads)]
    products = _products(heads)
    mine = products if turn == 0 else products[turn :: len(KINDS)]
    cases += [Case(plan, synchronous(GUIDED)) for plan in mine]
    cases += [Case(Plan(ring=3), UNGUIDED), Case(Plan(tp=2), UNGUIDED), Case(Plan(pp=3), synchronous(UNGUIDED))]
    cases += [Case(Plan(dp=2, cfg=2), TWO), Case(Plan(dp=2, pp=2), synchronous(TWO)), Case(Plan(dp=2, tp=2), TWO)]
    cases += [Case(Plan(ulysses=2), TWO)]
    # A change of tp or pp reads weights again, so plans with the same shards follow each other.
    return sorted(set(cases), key=lambda case: (case.plan.pp, case.plan.tp, case.plan.key, len(case.job.videos)))


def synchronous(job: EngineJob) -> EngineJob:
    """All steps are warm-up, so that PipeFusion is exact. Three patches: the smallest share of a kind's tokens."""
    return replace(job, warmup_steps=job.num_inference_steps, num_pipeline_patch=3)


def _singles(heads: int) -> list[Plan]:
    plans = [Plan(cfg=2), *(Plan(ring=ring) for ring in (2, 3, 4, 5, 7)), *(Plan(pp=pp) for pp in (2, 3, 4))]
    for degree in (2, 3, 4):
        if heads % degree == 0:
            plans += [Plan(ulysses=degree), Plan(tp=degree)]
    return plans


def _products(heads: int) -> list[Plan]:
    """Plans of up to 8 ranks with two or more strategies, each degree at most 4. Data parallelism has its own cases."""
    plans = []
    for cfg in (1, 2):
        for pp in (1, 2, 4):
            for ring in (1, 2, 3):
                for ulysses in (1, 2, 3):
                    for tp in (1, 2, 3):
                        plan = Plan(cfg=cfg, pp=pp, ring=ring, ulysses=ulysses, tp=tp)
                        is_product = sum(degree > 1 for degree in plan.degrees) > 1
                        if is_product and plan.world_size <= 8 and heads % (ulysses * tp) == 0:
                            plans.append(plan)
    return plans


def plain_diffusers(folder: Path, asked: EngineJob) -> np.ndarray[Any, Any]:
    """The first video's latents from diffusers' own pipeline, in this process."""
    video = asked.videos[0]
    extra: dict[str, object] = {}
    if video.image is None:
        pipeline = CogVideoXPipeline.from_pretrained(folder, dtype=torch.float32)
    else:
        pipeline = CogVideoXImageToVideoPipeline.from_pretrained(folder, dtype=torch.float32)
        extra["image"] = Image.open(video.image).convert("RGB").crop((6, 0, 54, 32))
    for number, lora in enumerate(asked.loras):
        pipeline.load_lora_weights(lora.path, adapter_name=str(number))
    if asked.loras:
        pipeline.set_adapters([str(number) for number in range(len(asked.loras))], [x.strength for x in asked.loras])
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.enable_tiling()
    latents: torch.Tensor = pipeline(
        prompt=video.prompt,
        negative_prompt="",
        width=asked.width,
        height=asked.height,
        num_frames=asked.num_frames,
        num_inference_steps=asked.num_inference_steps,
        guidance_scale=asked.guidance_scale,
        use_dynamic_cfg=True,
        generator=torch.Generator("cpu").manual_seed(video.seed),
        max_sequence_length=pipeline.transformer.config.max_text_seq_length,
        output_type="latent",
        **extra,
    ).frames
    # CogVideoX 1.5 pads at the front. That isn't part of the video.
    frames = (asked.num_frames - 1) // pipeline.vae_scale_factor_temporal + 1
    result: np.ndarray[Any, Any] = latents[:, latents.shape[1] - frames :].numpy()
    return result


def relative(result: np.ndarray[Any, Any], reference: np.ndarray[Any, Any]) -> float:
    return float(np.linalg.norm(result - reference) / np.linalg.norm(reference))


def strategy_of(plan: Plan) -> str:
    """Such as `CFG x Ring`: the axes with a degree above 1."""
    names = {"dp": "data", "cfg": "CFG", "pp": "PipeFusion", "ring": "Ring", "ulysses": "Ulysses", "tp": "tensor"}
    return " x ".join(name for axis, name in names.items() if getattr(plan, axis) > 1)


def print_table(root: Path) -> None:
    """For each kind of model and strategy: the number of plans and their largest distance from one process's latents."""
    from tests.engine.world import RunRequest, World

    image = make_image(root / "image.png")
    found: dict[str, dict[str, list[float]]] = {}
    with World(8, root) as world:
        for kind in KINDS:
            make_model(kind, root / kind)
            references: dict[EngineJob, list[np.ndarray[Any, Any]]] = {}
            for case in cases_of(kind):
                job = job_of(kind, case.job, image)
                if job not in references:
                    references[job] = world.run(RunRequest(root / kind, Plan(), job))[0].latents
                results = world.run(RunRequest(root / kind, case.plan, job))
                made = [latents for result in results for latents in result.latents]
                drift = max(relative(a, b) for a, b in zip(made, references[job], strict=True))
                found.setdefault(strategy_of(case.plan), {}).setdefault(kind, []).append(drift)
    print("| strategy |", " | ".join(KINDS), "|\n|", " | ".join(["---"] * (len(KINDS) + 1)), "|")
    for strategy, by_kind in sorted(found.items(), key=lambda item: (item[0].count(" x "), item[0])):
        cells = [f"{len(by_kind[kind])}: {max(by_kind[kind]):.0e}" if kind in by_kind else "" for kind in KINDS]
        print("|", strategy, "|", " | ".join(cells), "|")


if __name__ == "__main__":
    import tempfile

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        print_table(Path(folder))
