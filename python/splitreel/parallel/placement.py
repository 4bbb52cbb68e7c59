"""Which shard each rank holds, and which rank takes which position of a plan. Pure; the same on every rank.

A shard is one pipeline stage's blocks (pp), and of each block one tensor-parallel slice (tp). When a plan only changes
its other degrees, ranks keep their shards and change positions, so no weight is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from splitreel.contract.types import Plan
from splitreel.parallel.groups import axis_members
from splitreel.rules.plan import AXES


@dataclass(frozen=True, slots=True)
class Shard:
    """The part of a transformer that one rank holds."""

    pp_rank: int = 0
    pp_size: int = 1
    tp_rank: int = 0
    tp_size: int = 1


def shard_at(plan: Plan, position: int) -> Shard:
    """The shard that the rank at this position of the plan needs."""
    inner = plan.ring * plan.ulysses * plan.tp
    return Shard(position // inner % plan.pp, plan.pp, position % plan.tp, plan.tp)


def first_shards(plan: Plan, world_size: int) -> tuple[Shard, ...]:
    """The shard of each rank when weights are read for this plan. Ranks outside the plan hold a shard as well.

    A later plan with the same tp and pp over more ranks then finds its weights loaded.
    """
    return tuple(shard_at(plan, rank % plan.world_size) for rank in range(world_size))


def assign_ranks(plan: Plan, shards: Sequence[Shard]) -> tuple[int, ...] | None:
    """The rank at each position of the plan. `shards[i]` is what rank i holds; None if the plan needs others."""
    free = {shard: [rank for rank, held in enumerate(shards) if held == shard] for shard in set(shards)}
    order: list[int] = []
    for position in range(plan.world_size):
        holders = free.get(shard_at(plan, position), [])
        if not holders:
            return None
        order.append(holders.pop(0))
    groups = [positions for axis in AXES for positions in axis_members(plan, (axis,))]
    groups += axis_members(plan, ("ring", "ulysses"))
    is_ordered = all(order[a] < order[b] for positions in groups for a, b in pairwise(positions))
    return tuple(order) if is_ordered else None
