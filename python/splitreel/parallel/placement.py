"""Which shard each rank holds, and which rank takes which place of a plan. Pure; the same on every rank.

A shard is one stage's blocks (pp), of each one share (tp). Ranks keep theirs when a plan changes in its other degrees:
only the places are dealt anew, so that no weight is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from splitreel.parallel.groups import axis_members
from splitreel.rules.plan import AXES, Plan


@dataclass(frozen=True, slots=True)
class Shard:
    """The part of a transformer that one rank holds."""

    stage: int = 0
    stages: int = 1
    share: int = 0
    shares: int = 1


def shard_at(plan: Plan, place: int) -> Shard:
    """What the rank at this place of the plan must hold."""
    inner = plan.ring * plan.ulysses * plan.tp
    return Shard(place // inner % plan.pp, plan.pp, place % plan.tp, plan.tp)


def first_shards(plan: Plan, world_size: int) -> tuple[Shard, ...]:
    """The shard of each rank when weights are read for this plan; ranks that it leaves idle hold a part as well.

    A later plan of the same tp and pp over more ranks then finds them loaded.
    """
    return tuple(shard_at(plan, rank % plan.world_size) for rank in range(world_size))


def place_ranks(plan: Plan, shards: Sequence[Shard]) -> tuple[int, ...] | None:
    """The rank at each place of the plan, where `shards` are what ranks hold; None where they do not suffice."""
    free = {shard: [rank for rank, held in enumerate(shards) if held == shard] for shard in set(shards)}
    order: list[int] = []
    for place in range(plan.world_size):
        holders = free.get(shard_at(plan, place), [])
        if not holders:
            return None
        order.append(holders.pop(0))
    groups = [places for axis in AXES for places in axis_members(plan, (axis,))]
    groups += axis_members(plan, ("ring", "ulysses"))
    is_ordered = all(order[a] < order[b] for places in groups for a, b in pairwise(places))
    return tuple(order) if is_ordered else None
