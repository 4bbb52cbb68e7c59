"""A plan: how one job is divided over ranks. Pure: depends on a model's shape, not on the model or on torch.

The same rules as src/shared/plan.ts; both run resources/golden/plan-cases.json.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from splitreel.contract import explanations, reasons
from splitreel.contract.errors import Explanation, Reason
from splitreel.contract.kinds import Axis, PlanText
from splitreel.contract.types import Offload, Plan, Quality
from splitreel.rules.model_shape import ModelShape

AXES: Final[tuple[Axis, ...]] = ("dp", "cfg", "pp", "ring", "ulysses", "tp")


ONE_RANK: Final = Plan()


@dataclass(frozen=True, slots=True)
class PlanDevices:
    """`count`: GPUs chosen, or CPU ranks allowed. `island_size`: how many of them NVLink connects (1: none)."""

    kind: Literal["cuda", "cpu"]
    count: int
    island_size: int = 1


@dataclass(frozen=True, slots=True)
class PlanContext:
    shape: ModelShape
    devices: PlanDevices
    guidance_scale: float = 6.0
    video_count: int = 1
    offload: Offload = Offload.NONE
    quality: Quality = Quality.EXACT


# Measured seconds per step on this machine, by Plan.key, for this model, size and length.
MeasuredSteps: TypeAlias = Mapping[str, float]


def plan_text(plan: Plan) -> PlanText:
    """`cfg 2 x ulysses 2`: the degrees above 1."""
    degrees = zip(AXES, plan.degrees, strict=True)
    return PlanText(" x ".join(f"{axis} {degree}" for axis, degree in degrees if degree > 1))


def check_plan(context: PlanContext, plan: Plan) -> list[Reason]:
    """Every reason why the plan is invalid; empty if it is valid."""
    shape, devices = context.shape, context.devices
    degrees = zip(AXES, plan.degrees, strict=True)
    found = [reasons.degree_not_whole(axis=axis) for axis, degree in degrees if degree < 1]
    if found:
        return found
    head_shares = plan.tp * plan.ulysses
    if shape.heads % head_shares != 0:
        found.append(reasons.heads_not_shared(heads=shape.heads, by=head_shares))
    if plan.cfg > 2:
        found.append(reasons.cfg_not_two(cfg=plan.cfg))
    elif plan.cfg == 2 and context.guidance_scale <= 1:
        found.append(reasons.cfg_without_guidance(guidance=context.guidance_scale))
    if plan.pp > shape.blocks:
        found.append(reasons.pipeline_exceeds_blocks(blocks=shape.blocks, pp=plan.pp))
    if plan.dp > context.video_count:
        found.append(reasons.data_exceeds_videos(dp=plan.dp, videos=context.video_count))
    if context.offload != "none" and devices.kind == "cpu":
        found.append(reasons.offload_needs_gpu())
    if context.offload == "sequential" and plan.tp > 1:
        found.append(reasons.offload_with_split())
    if context.quality is Quality.FAST and plan.pp > 1:
        found.append(reasons.cache_with_pipeline())
    ranks = plan.world_size
    if ranks > devices.count:
        exceeds = reasons.ranks_exceed_gpus if devices.kind == "cuda" else reasons.ranks_exceed_cpu
        found.append(exceeds(ranks=ranks, devices=devices.count))
    return found


def valid_plans(context: PlanContext) -> list[Plan]:
    """Every valid plan for these devices, in the order of AXES, smaller degrees first."""
    limit, shape = context.devices.count, context.shape
    # check_plan rejects every plan beyond these. Without them, searching a thousand devices takes minutes.
    most = {"dp": context.video_count, "cfg": 2, "pp": shape.blocks, "ulysses": shape.heads, "tp": shape.heads}

    def extend(plan: Plan, axes: tuple[str, ...]) -> Iterator[Plan]:
        if not axes:
            yield plan
            return
        free = limit // plan.world_size
        for degree in range(1, min(free, most.get(axes[0], free)) + 1):
            if axes[0] not in {"ulysses", "tp"} or shape.heads % degree == 0:
                yield from extend(replace(plan, **{axes[0]: degree}), axes[1:])

    return [plan for plan in extend(ONE_RANK, AXES) if not check_plan(context, plan)]


def _gathers_keys(plan: Plan, devices: PlanDevices) -> bool:
    """Whether NVLink connects all GPUs that share a video's tokens. Ring then gathers keys, not passing them round."""
    return devices.kind == "cuda" and plan.ring * plan.ulysses * plan.tp <= devices.island_size


def _heuristic_score(plan: Plan, devices: PlanDevices) -> tuple[int, ...]:
    """A heuristic; the largest score is best.

    Exact before approximate; more devices; whole weights before shards; several videos side by side; CFG; then the
    tokens' split. Shards without NVLink come after everything else, because they take as long as one GPU.
    src/shared/measured-plans.test.ts compares the order with steps measured over NVLink.
    """
    is_slow_shard = plan.tp > 1 and not (devices.kind == "cuda" and plan.tp <= devices.island_size)
    split = _score_over_nvlink(plan) if _gathers_keys(plan, devices) else _score_across_islands(plan, devices)
    return (int(plan.pp == 1), int(not is_slow_shard), plan.world_size, -plan.tp, plan.dp, plan.cfg, *split)


def _score_over_nvlink(plan: Plan) -> tuple[int, int]:
    """Between two GPUs, Ring and Ulysses send as much, and Ring waits less. Between more, Ulysses sends less than Ring.

    Both at once send the most messages: ring 2 x ulysses 2 took 39 % longer than ring 4 for CogVideoX-2B, and 3 % less
    for 5B.
    """
    is_pure = plan.ring == 1 or plan.ulysses == 1
    return int(is_pure), plan.ring if plan.ring * plan.ulysses == 2 else plan.ulysses


def _score_across_islands(plan: Plan, devices: PlanDevices) -> tuple[int, int]:
    """Ulysses within an island, the rest by Ring, which hides more of what it sends."""
    # Without NVLink, pairs are best: xDiT's fastest plan on 8 PCIe cards is ulysses 2, ring 2, cfg 2.
    island = devices.count if devices.kind == "cpu" else max(devices.island_size, 2)
    return int(plan.ulysses <= island), plan.ulysses


def rank_plans(context: PlanContext, measured: MeasuredSteps | None = None) -> list[Plan]:
    """Valid plans, best first: by the rule of thumb, except that the fastest measured plan can come first."""
    seconds = measured or {}
    plans = sorted(valid_plans(context), key=lambda plan: _heuristic_score(plan, context.devices), reverse=True)
    # A measurement only overrules a plan that was measured as well: an untried plan isn't known to be slower.
    if not plans or plans[0].key not in seconds:
        return plans
    exact = [plan for plan in plans if not plan.may_differ]
    fastest = min(exact, key=lambda plan: seconds.get(plan.key, math.inf))
    return [fastest, *(plan for plan in plans if plan != fastest)]


@dataclass(frozen=True, slots=True)
class Recommendation:
    plan: Plan
    explanations: tuple[Explanation, ...]


def recommend_plan(context: PlanContext, measured: MeasuredSteps | None = None) -> Recommendation:
    """The best plan and why. For a valid request the one-rank plan is always valid."""
    ranked = rank_plans(context, measured)
    plan = ranked[0] if ranked else ONE_RANK
    return Recommendation(plan, tuple(_explain(context, plan, measured or {})))


def _explain(context: PlanContext, plan: Plan, measured: MeasuredSteps) -> Iterator[Explanation]:
    devices = context.devices
    is_cuda = devices.kind == "cuda"
    if plan.world_size == 1:
        yield explanations.one_gpu() if is_cuda else explanations.one_cpu_rank()
    if plan.dp > 1:
        yield explanations.data_first(dp=plan.dp)
    if plan.cfg > 1:
        yield explanations.cfg_first()
    if plan.ulysses > 1:
        divides = explanations.ulysses_gpus if is_cuda else explanations.ulysses_cpu
        yield divides(ulysses=plan.ulysses)
    if plan.ring > 1:
        ring = explanations.ring_nvlink if _gathers_keys(plan, devices) else explanations.ring_across
        yield ring(ring=plan.ring)
    idle = devices.count - plan.world_size
    if idle > 0 and plan.world_size > 1:
        stay_idle = explanations.idle_gpus if is_cuda else explanations.idle_cpu
        yield stay_idle(idle=idle, devices=devices.count)
    if plan.key in measured:
        yield explanations.measured(seconds=float(f"{measured[plan.key]:.3g}"))
