"""Places of a plan, who shares an axis, and which rank takes which place. Pure.

A place is a position in the plan's grid, counted with dp outermost and tp innermost. Places are given to
ranks by what the ranks hold: changing cfg, ulysses, ring or dp moves places between ranks rather than
weights between disk and device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from splitreel.plan import AXES, Plan


@dataclass(frozen=True, slots=True)
class Coordinates:
    dp: int
    cfg: int
    pp: int
    ring: int
    ulysses: int
    tp: int


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of the transformer a rank holds: one stage of `pp`, and of it one share of `tp`."""

    stage: int
    stages: int
    share: int
    shares: int


def coordinates(plan: Plan, place: int) -> Coordinates:
    values = []
    for degree in reversed(plan.degrees):
        place, value = divmod(place, degree)
        values.append(value)
    return Coordinates(*reversed(values))


def shard_of(plan: Plan, place: int) -> Shard:
    at = coordinates(plan, place)
    return Shard(at.pp, plan.pp, at.tp, plan.tp)


def line(plan: Plan, place: int, *axes: str) -> tuple[int, ...]:
    """Places that share every coordinate with `place` but those of `axes`, in plan order."""
    at = coordinates(plan, place)
    ranges = [
        range(degree) if axis in axes else (getattr(at, axis),) for axis, degree in zip(AXES, plan.degrees, strict=True)
    ]
    places = []
    for values in product(*ranges):
        number = 0
        for degree, value in zip(plan.degrees, values, strict=True):
            number = number * degree + value
        places.append(number)
    return tuple(places)


def assign_ranks(plan: Plan, held: Sequence[Shard | None]) -> tuple[int, ...]:
    """The rank of each place. `held[rank]` is what that rank has loaded, or None.

    Ranks that hold what a place needs come first, lowest rank first; then empty ranks; a rank that holds
    something else only when nothing better is left. Equal inputs give equal answers on every rank.
    """
    free = list(range(len(held)))
    assignment: dict[int, int] = {}
    needs = [shard_of(plan, place) for place in range(plan.world_size)]
    for place, need in enumerate(needs):
        fitting = next((rank for rank in free if held[rank] == need), None)
        if fitting is not None:
            assignment[place] = fitting
            free.remove(fitting)
    # What is left must read weights anyway: empty ranks first, so that loaded ones stay useful.
    free.sort(key=lambda rank: (held[rank] is not None, rank))
    for place in range(plan.world_size):
        if place not in assignment:
            assignment[place] = free.pop(0)
    return tuple(assignment[place] for place in range(plan.world_size))
