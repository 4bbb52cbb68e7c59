"""Which ranks work together: one process group per axis of a plan."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import torch
import torch.distributed as dist

from splitreel.contract.types import Plan
from splitreel.parallel.peer_memory import PeerMemory, connect_peers
from splitreel.parallel.peer_wait import waiting_for_peers
from splitreel.rules.plan import AXES

# Ring and Ulysses together split the sequence. This is their joint group, Ring-major.
SEQUENCE = "sequence"
# All ranks of one data-parallel replica, which generate one video together.
REPLICA = "replica"
# The ranks of a pipeline again, in a separate process group, for what the last stage returns to the first. In the
# group "pp" such a message would queue behind the forward ones, and two stages could wait for each other.
BACK = "back"
# Axes whose exchanges overlap with arithmetic.
_EXCHANGING = ("ulysses", "ring")

# (group, this rank's index, size, device) to the group's peer memory, or None and why it can't be used.
ConnectPeers: TypeAlias = Callable[[dist.ProcessGroup, int, int, torch.device], tuple[PeerMemory | None, str | None]]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Group:
    """Ranks along one axis, in order, and this rank's index among them. `handle` is None for a group of one."""

    ranks: tuple[int, ...]
    index: int
    handle: dist.ProcessGroup | None
    peers: PeerMemory | None = None  # set if its exchanges use peer memory

    @property
    def size(self) -> int:
        return len(self.ranks)


@dataclass(frozen=True, slots=True)
class Mesh:
    """This rank's groups in a plan: one per axis, and SEQUENCE, REPLICA and BACK."""

    plan: Plan
    groups: dict[str, Group]

    def __getitem__(self, axis: str) -> Group:
        return self.groups[axis]

    @property
    def is_writer(self) -> bool:
        """Whether this is the first rank of its replica, which joins the decoded tiles and writes the video."""
        return self.groups[REPLICA].index == 0

    @property
    def replica(self) -> int:
        return self.groups["dp"].index


def axis_members(plan: Plan, axes: tuple[str, ...]) -> list[tuple[int, ...]]:
    """All groups of positions in the plan that differ only in `axes`, each in order. Pure; the same on every rank."""
    degrees = dict(zip(AXES, plan.degrees, strict=True))
    strides = {axis: math.prod(plan.degrees[index + 1 :]) for index, axis in enumerate(AXES)}
    members: dict[tuple[int, ...], list[int]] = {}
    for position in range(plan.world_size):
        fixed = tuple(position // strides[axis] % degrees[axis] for axis in AXES if axis not in axes)
        members.setdefault(fixed, []).append(position)
    return [tuple(positions) for positions in members.values()]


class MeshBuilder:
    """Builds meshes and caches their process groups, so that a plan is free the second time."""

    def __init__(self, rank: int, device: torch.device | None = None, connect: ConnectPeers = connect_peers) -> None:
        """`device`: this rank's; None never uses peer memory. Tests pass another `connect`, which needs no GPU."""
        self._rank = rank
        self._device = device
        self._connect = connect
        self._peers: dict[tuple[int, ...], PeerMemory | None] = {}
        self._handles: dict[tuple[tuple[int, ...], bool], dist.ProcessGroup | None] = {}

    def mesh(self, plan: Plan, order: Sequence[int] | None = None) -> Mesh | None:
        """Collective over the whole world. `order`: the rank at each position of the plan; None for rank order.

        Returns None on ranks outside the plan.
        """
        ranks_at = tuple(range(plan.world_size)) if order is None else tuple(order)
        every_axis = [(axis, (axis,)) for axis in AXES]
        joint = [(SEQUENCE, ("ring", "ulysses")), (REPLICA, AXES[1:]), (BACK, ("pp",))]
        groups: dict[str, Group] = {}
        for name, axes in every_axis + joint:
            for positions in axis_members(plan, axes):
                ranks = tuple(ranks_at[position] for position in positions)
                if name == REPLICA:
                    ranks = tuple(sorted(ranks))
                # torch orders a group's members by rank. In any other order, collectives would mix up their parts.
                assert all(a < b for a, b in pairwise(ranks)), f"{name} {ranks} of {plan.key} is out of order"
                handle = self._handle(ranks, is_back=name == BACK)
                if self._rank in ranks:
                    groups[name] = Group(ranks, ranks.index(self._rank), handle)
        for name in _EXCHANGING:
            if name in groups:
                groups[name] = self._with_peers(groups[name])
        return Mesh(plan, groups) if self._rank in ranks_at else None

    def _with_peers(self, group: Group) -> Group:
        """Collective over the group."""
        if group.handle is None or self._device is None:
            return group
        if group.ranks not in self._peers:
            with waiting_for_peers():
                peers, problem = self._connect(group.handle, group.index, group.size, self._device)
            if problem is not None:
                _LOG.info("ranks %s exchange over their process group: %s", group.ranks, problem)
            self._peers[group.ranks] = peers
        return replace(group, peers=self._peers[group.ranks])

    @property
    def buffer_bytes(self) -> int:
        """Device memory that this rank's exchange buffers take, of all plans so far."""
        return sum(peers.buffer_bytes for peers in self._peers.values() if peers is not None)

    def free_buffers(self) -> None:
        """Local, as `PeerMemory.free_buffers`, for all groups of this rank. Groups and connections stay."""
        for peers in self._peers.values():
            if peers is not None:
                peers.free_buffers()

    def _handle(self, ranks: tuple[int, ...], *, is_back: bool) -> dist.ProcessGroup | None:
        if len(ranks) == 1:
            return None
        key = (ranks, is_back)
        if key not in self._handles:
            # Collective over the world: every rank creates every group in the same order, members or not.
            with waiting_for_peers():
                handle = dist.new_group(list(ranks))
            # Non-members get a placeholder number instead of a group; they never use it.
            self._handles[key] = handle if isinstance(handle, dist.ProcessGroup) else None
        return self._handles[key]
