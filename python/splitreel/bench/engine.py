"""`bench engine`: our engine compared with plain diffusers, and the cost of each plan, on the CPU.

On a CPU, ranks share cores and memory, so more of them are rarely faster. The figures that matter are the ratio to
diffusers, the bytes sent compared with the formula, the time to re-plan, and how long ranks wait. For speed, see
`bench gpu`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from splitreel.bench.gpu_cases import plan_name
from splitreel.bench.measure import Run, measure_pipeline, relative
from splitreel.bench.plain import dtype_of, plain_pipeline
from splitreel.bench.step_clock import StepClock
from splitreel.bench.table import Table, Value, machine, write_json
from splitreel.bench.traffic import StepShape, bytes_sent, has_formula
from splitreel.bench.world import RankContext, RunRefused, World
from splitreel.contract.types import Plan, Stage
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.store.find_model import find_model
from splitreel.store.model_folder import check_model_folder

_LIMIT_S = 1800.0
_PLANS = (
    Plan(),
    Plan(cfg=2),
    Plan(ulysses=2),
    Plan(ring=2),
    Plan(tp=2),
    Plan(pp=2),
    Plan(ulysses=3),
    Plan(ring=3),
    Plan(cfg=2, ulysses=2),
    Plan(cfg=2, ring=2),
    Plan(ulysses=2, ring=2),
    Plan(cfg=2, tp=2),
    Plan(cfg=2, pp=2),
)
_COLUMNS = {
    "plan": "plan",
    "ranks": "ranks",
    "step_s": "s/step",
    "slower": "x one rank",
    "waiting": "share of time waiting",
    "sent": "kB sent per step, per rank",
    "formula": "by formula",
    "replan_ms": "ms to re-plan",
    "bytes_read": "bytes read for that",
    "difference": "difference from one rank",
}


@dataclass(frozen=True, slots=True)
class PlanCost:
    """One rank's figures."""

    step_s: float
    waiting: float
    sent_per_step: int
    replan_s: float
    bytes_read: int
    latents_BFCHW: npt.NDArray[np.float32] | None
    shape: StepShape


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="splitreel.bench engine", description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", default="demo", help="a model folder or demo (default: demo)")
    parser.add_argument("--size", default="96x64")
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=5, help="alternating runs of each engine (default: 5)")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--small", action="store_true", help="few and short runs, to check that everything works")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(arguments)
    if args.small:
        args.pairs, args.steps, args.frames, args.ranks = 1, 2, 9, 2
    folder = find_model(args.model)
    if not folder.is_dir():
        parser.error(f"--model: there is no model {args.model}")
    width, height = (int(side) for side in str(args.size).split("x"))
    video = VideoJob("a red ball rolls to the right on a blue background", "", seed=42)
    job = EngineJob(width, height, args.frames, args.steps, videos=(video,))
    figures: dict[str, object] = {"machine": machine(), "model": args.model, "size": args.size, "job": str(job)}
    figures["beside_diffusers"] = _compare_with_diffusers(Run(folder, job), args.pairs)
    figures["plans"] = _by_plan(folder, job, args.ranks)
    if args.out is not None:
        write_json(args.out, figures)
    return 0


@dataclass(frozen=True, slots=True)
class _Pairs:
    run: Run
    count: int


@dataclass(slots=True)
class _Seconds:
    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    difference: float = 0.0


def _compare_with_diffusers(run: Run, pairs: int) -> dict[str, Value]:
    with World(1, "cpu") as world:
        seconds = world.run(_alternate, _Pairs(run, pairs), timeout_s=_LIMIT_S)[0]
    ratios = [ours / plain for ours, plain in zip(seconds.ours, seconds.plain, strict=True)]
    figures: dict[str, Value] = {
        "ours_s": statistics.median(seconds.ours),
        "diffusers_s": statistics.median(seconds.plain),
        "ratio": statistics.median(seconds.ours) / statistics.median(seconds.plain),
        "least": min(ratios),
        "most": max(ratios),
        "difference": seconds.difference,
    }
    print(f"\nWhole runs, one rank, {pairs} of each, alternating\n")
    table = Table({
        "ours_s": "ours, s",
        "diffusers_s": "diffusers, s",
        "ratio": "ratio of medians",
        "least": "lowest ratio of a pair",
        "most": "highest ratio of a pair",
        "difference": "difference of the latents",
    })  # fmt: skip
    table.start()
    table.add(figures)
    return figures


@torch.no_grad()
def _alternate(context: RankContext, pairs: _Pairs) -> _Seconds:
    """From prompt to frames in memory, alternating between the two. The first run of each isn't counted."""
    run, seconds = pairs.run, _Seconds()
    pipeline = plain_pipeline(run.model, dtype_of(run.dtype, context.device), context.device, context.open_tensors)
    context.engine.load(run.model, run.plan, LoadOptions(dtype=run.dtype), StepClock(context.device))
    for index in range(pairs.count + 1):
        ours = StepClock(context.device)
        began = time.perf_counter()
        context.engine.generate(run.job, run.plan, ours)
        middle = time.perf_counter()
        plain = measure_pipeline(pipeline, run.job, StepClock(context.device), 0.0)
        ended = time.perf_counter()
        if index > 0:
            seconds.ours.append(middle - began)
            seconds.plain.append(ended - middle)
        assert ours.latents_BFCHW is not None
        assert plain.latents_BFCHW is not None
        seconds.difference = relative(ours.latents_BFCHW, plain.latents_BFCHW)
    return seconds


def _by_plan(model: Path, job: EngineJob, ranks: int) -> list[dict[str, Value]]:
    table = Table(_COLUMNS)
    print(f"\nBy plan, {ranks} warm ranks, one thread each\n")
    table.start()
    notes = []
    with World(ranks, "cpu") as world:
        world.run(cost_of_plan, Run(model, job), timeout_s=_LIMIT_S)  # warm-up, which counts for no plan
        one: PlanCost | None = None
        for plan in (plan for plan in _PLANS if plan.world_size <= ranks):
            try:
                answers = world.run(cost_of_plan, Run(model, job, plan), timeout_s=_LIMIT_S)
            except RunRefused as refused:
                notes.append(f"{plan_name(plan)}: {refused}")
                continue
            costs = [cost for cost in answers if cost is not None]
            one = one or costs[0]
            table.add(_row(plan, costs, one))
    for note in notes:
        print(f"- {note}")
    return table.rows


def _row(plan: Plan, costs: Sequence[PlanCost], one: PlanCost) -> dict[str, Value]:
    step_s = max(cost.step_s for cost in costs)
    latents = next(cost.latents_BFCHW for cost in costs if cost.latents_BFCHW is not None)
    assert one.latents_BFCHW is not None
    return {
        "plan": plan_name(plan),
        "ranks": plan.world_size,
        "step_s": step_s,
        "slower": step_s / one.step_s,
        "waiting": statistics.mean(cost.waiting for cost in costs),
        "sent": max(cost.sent_per_step for cost in costs) / 1e3,
        "formula": bytes_sent(costs[0].shape, plan) / 1e3 if has_formula(plan) else None,
        "replan_ms": 1000 * max(cost.replan_s for cost in costs),
        "bytes_read": max(cost.bytes_read for cost in costs),
        "difference": relative(latents, one.latents_BFCHW),
    }


def cost_of_plan(context: RankContext, run: Run) -> PlanCost | None:
    """Re-planning ends when the first stage starts: weights are read, groups built, the kernel chosen."""
    clock = StepClock(context.device)
    began = time.perf_counter()
    load = context.engine.load(run.model, run.plan, LoadOptions(dtype="float32"), clock)
    report = context.engine.generate(run.job, run.plan, clock)
    if not report.took_part:
        return None
    denoising = report.stages[Stage.DENOISING.value]
    return PlanCost(
        clock.step_s,
        denoising.seconds_waiting / denoising.seconds,
        max(report.bytes_sent_per_step),
        clock.moments[Stage.ENCODING][0] - began,
        load.bytes_read,
        clock.latents_BFCHW,
        _shape(context, run),
    )


def _shape(context: RankContext, run: Run) -> StepShape:
    job, model = run.job, check_model_folder(run.model).shape
    frames = (job.num_frames - 1) // model.temporal_compression + 1
    height, width = job.height // model.spatial_compression, job.width // model.spatial_compression
    patch = model.patch_size
    return StepShape(
        text_tokens=model.max_text_tokens,
        video_tokens=frames * (height // patch) * (width // patch),
        width=model.heads * context.engine.loaded.model.head_dim,
        blocks=model.blocks,
        patch_values=model.latent_channels * patch**2,
        prediction_values=frames * model.latent_channels * height * width,
        element_bytes=4,
    )
