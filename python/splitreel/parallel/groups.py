"""Which ranks work together: one process group per axis of a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch.distributed as dist

from splitreel.parallel.peer_wait import waiting_for_peers
from splitreel.rules.plan import AXES, Plan

# Ring and Ulysses together cut the sequence; this names their joint group, Ring-major.
SEQUENCE = "sequence"
# All ranks of one data-parallel replica: those that make one video together.
REPLICA = "replica"
# The ranks of a pipeline once more, on links of their own, for what the last stage gives back to the first. On the
# links of "pp" a message back would stand in one queue with those forward, and two stages could wait for each other.
BACK = "back"


@dataclass(frozen=True, slots=True)
class Group:
    """Ranks that share one axis, in order, and this rank's place among them. Alone: `handle` is None."""

    ranks: tuple[int, ...]
    index: int
    handle: dist.ProcessGroup | None

    @property
    def size(self) -> int:
        return len(self.ranks)


@dataclass(frozen=True, slots=True)
class Mesh:
    """A rank's place in a plan: its group along every axis, along SEQUENCE, in its REPLICA and BACK."""

    plan: Plan
    groups: dict[str, Group]

    def __getitem__(self, axis: str) -> Group:
        return self.groups[axis]

    @property
    def is_writer(self) -> bool:
        """The first rank of a replica decodes and writes."""
        return self.groups[REPLICA].index == 0

    @property
    def replica(self) -> int:
        return self.groups["dp"].index


def axis_members(plan: Plan, axes: tuple[str, ...]) -> list[tuple[int, ...]]:
    """Every group of places that differ in `axes` only, each in order. Pure; the same on every rank."""
    degrees = dict(zip(AXES, plan.degrees, strict=True))
    strides = {axis: math.prod(plan.degrees[place + 1 :]) for place, axis in enumerate(AXES)}
    members: dict[tuple[int, ...], list[int]] = {}
    for place in range(plan.world_size):
        fixed = tuple(place // strides[axis] % degrees[axis] for axis in AXES if axis not in axes)
        members.setdefault(fixed, []).append(place)
    return [tuple(places) for places in members.values()]


class MeshMaker:
    """Builds meshes and keeps their process groups, so that a plan that comes again costs nothing."""

    def __init__(self, rank: int) -> None:
        self._rank = rank
        self._handles: dict[tuple[tuple[int, ...], bool], dist.ProcessGroup | None] = {}

    def mesh(self, plan: Plan, order: Sequence[int] | None = None) -> Mesh | None:
        """Collective over the whole world. `order`: the rank at each place of the plan; None: ranks as they come.

        None on ranks that the plan leaves idle.
        """
        ranks_at = tuple(range(plan.world_size)) if order is None else tuple(order)
        every_axis = [(axis, (axis,)) for axis in AXES]
        joint = [(SEQUENCE, ("ring", "ulysses")), (REPLICA, AXES[1:]), (BACK, ("pp",))]
        groups: dict[str, Group] = {}
        for name, axes in every_axis + joint:
            for places in axis_members(plan, axes):
                ranks = tuple(ranks_at[place] for place in places)
                if name == REPLICA:
                    ranks = tuple(sorted(ranks))
                # torch numbers a group's members by rank; where places ran otherwise, collectives would mix them up.
                assert all(a < b for a, b in pairwise(ranks)), f"{name} {ranks} of {plan.key} is out of order"
                handle = self._handle(ranks, is_back=name == BACK)
                if self._rank in ranks:
                    groups[name] = Group(ranks, ranks.index(self._rank), handle)
        return Mesh(plan, groups) if self._rank in ranks_at else None

    def _handle(self, ranks: tuple[int, ...], *, is_back: bool) -> dist.ProcessGroup | None:
        if len(ranks) == 1:
            return None
        key = (ranks, is_back)
        if key not in self._handles:
            # Collective over the world: every rank makes every group in the same order, members or not.
            with waiting_for_peers():
                handle = dist.new_group(list(ranks))
            # Ranks outside get a number in place of a group; they never use it.
            self._handles[key] = handle if isinstance(handle, dist.ProcessGroup) else None
        return self._handles[key]
