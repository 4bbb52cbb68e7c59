"""Whether a job fits, and the smallest change that would make it fit. Pure; same rules as src/shared/memory-advice.ts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from splitreel.contract import explanations
from splitreel.contract.errors import Explanation
from splitreel.contract.types import Offload, Plan, Quality
from splitreel.rules.memory import MemoryJob, StageNeed, memory_needs, worst
from splitreel.rules.memory_shape import MemoryShape
from splitreel.rules.plan import PlanContext, check_plan, plan_text, valid_plans
from splitreel.rules.request import request_limits

# From the fastest to the most frugal.
_OFFLOADS: Final = tuple(Offload)
_OFFLOAD_ADVICE: Final = {
    Offload.MODEL: explanations.fit_offload_model,
    Offload.SEQUENTIAL: explanations.fit_offload_sequential,
}
_TENTH_OF_GB: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class MemoryQuestion:
    """`context`: the possible plans, with the job's offload. `device_bytes`: of the smallest GPU."""

    shape: MemoryShape
    context: PlanContext
    job: MemoryJob
    plan: Plan
    device_bytes: int


def worst_need(question: MemoryQuestion) -> StageNeed:
    """The need of the rank that writes, which holds the most."""
    return worst(memory_needs(question.shape, question.job, question.plan))


def fits(question: MemoryQuestion) -> bool:
    return worst_need(question).device_bytes <= question.device_bytes


def smallest_change(question: MemoryQuestion) -> Explanation:
    """What to change so that the job fits. Changes that cost less time and alter the video less come first.

    The balanced quality comes before sequential offload, which copies every block in every step.
    """
    for changed, explanation in _changes(question):
        if fits(changed):
            return explanation
    need = worst_need(question)
    return explanations.fit_nothing(
        needed_bytes=rounded_up(need.device_bytes), free_bytes=rounded_up(question.device_bytes)
    )


def rounded_up(size_bytes: int) -> int:
    """Rounded up to a tenth of a gigabyte, so that the amount shown is always enough."""
    return -(-size_bytes // _TENTH_OF_GB) * _TENTH_OF_GB


def _changes(question: MemoryQuestion) -> Iterator[tuple[MemoryQuestion, Explanation]]:
    yield from _other_plans(question)
    yield from _offloaded(question, Offload.MODEL)
    yield from _balanced(question)
    yield from _offloaded(question, Offload.SEQUENTIAL)
    limits = request_limits(question.context.shape)
    for frames in range(question.job.num_frames - limits.frame_step, limits.min_frames - 1, -limits.frame_step):
        job = replace(question.job, num_frames=frames)
        yield replace(question, job=job), explanations.fit_frames(frames=frames)
    if limits.fixed_size is None:
        yield from _smaller_sizes(question, limits.size_step, limits.min_side)


def _other_plans(question: MemoryQuestion) -> Iterator[tuple[MemoryQuestion, Explanation]]:
    """Exact plans, nearest first; among equals, CFG and Ulysses before Ring, and whole weights before shards."""

    def rank(plan: Plan) -> tuple[int, int, int]:
        pairs = zip(plan.degrees, question.plan.degrees, strict=True)
        # Rounded, so that both languages see the same ties.
        return (round(1000 * sum(abs(math.log2(a) - math.log2(b)) for a, b in pairs)), plan.tp, plan.ring)

    plans = [plan for plan in valid_plans(question.context) if plan != question.plan and plan.dp == question.plan.dp]
    for plan in sorted((plan for plan in plans if plan.pp <= question.plan.pp), key=rank):
        is_one = plan.world_size == 1
        advice = explanations.fit_one_rank() if is_one else explanations.fit_plan(split=plan_text(plan))
        yield replace(question, plan=plan), advice


def _offloaded(question: MemoryQuestion, offload: Offload) -> Iterator[tuple[MemoryQuestion, Explanation]]:
    """Yields nothing if as much is offloaded already, or if the plan doesn't allow it."""
    context = replace(question.context, offload=offload)
    is_more = _OFFLOADS.index(offload) > _OFFLOADS.index(question.job.offload)
    if is_more and not check_plan(context, question.plan):
        job = replace(question.job, offload=offload)
        yield replace(question, context=context, job=job), _OFFLOAD_ADVICE[offload]()


def _balanced(question: MemoryQuestion) -> Iterator[tuple[MemoryQuestion, Explanation]]:
    if question.job.is_quantized:
        return
    context = replace(question.context, quality=Quality.BALANCED)
    quantized = replace(question, context=context, job=replace(question.job, is_quantized=True))
    yield quantized, explanations.fit_balanced()
    for offloaded, _ in _offloaded(quantized, Offload.MODEL):
        yield offloaded, explanations.fit_balanced_offloaded()


def _smaller_sizes(question: MemoryQuestion, step: int, least: int) -> Iterator[tuple[MemoryQuestion, Explanation]]:
    """Smaller by one step of the width at a time, the height in proportion."""
    width, height = question.job.width, question.job.height
    for smaller in range(width - step, least - 1, -step):
        lower = max(least, smaller * height // width // step * step)
        job = replace(question.job, width=smaller, height=lower)
        yield replace(question, job=job), explanations.fit_size(width=smaller, height=lower)
