"""Whether the plan that the planner would pick is the fastest of those that were measured."""

from __future__ import annotations

from collections.abc import Mapping

from splitreel.bench.gpu_cases import plan_name
from splitreel.bench.table import Value
from splitreel.contract.types import Plan
from splitreel.rules.plan import PlanContext, rank_plans

# By how much its first choice may be slower.
_TOLERANCE = 0.03


def check_planner(context: PlanContext, step_s: Mapping[Plan, float]) -> dict[str, Value]:
    """`step_s`: measured seconds per step of one video. Plans that may change the video don't count."""
    exact = {plan: seconds for plan, seconds in step_s.items() if not plan.may_differ and plan.dp == 1}
    best = min(exact, key=lambda plan: exact[plan])
    chosen = rank_plans(context)[0]
    return {
        "gpus": context.devices.count,
        "chosen": plan_name(chosen),
        "chosen_s": exact.get(chosen),
        "best": plan_name(best),
        "best_s": exact[best],
        "slower": exact[chosen] / exact[best] - 1 if chosen in exact else None,
    }


def planner_problem(model: str, found: Mapping[str, Value]) -> str | None:
    slower = found["slower"]
    if not isinstance(slower, float):
        return f"{model}: the planner picks {found['chosen']}, which was not measured."
    if slower <= _TOLERANCE:
        return None
    return f"{model}: the planner picks {found['chosen']}, which is {slower:.0%} slower than {found['best']}."
