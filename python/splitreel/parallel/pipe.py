"""Messages between the stages of a pipeline, in order: over peer memory where GPUs reach each other's, or point to point.

A send over NCCL occupies multiprocessors until the receiver takes it, which is up to a patch's time. Over peer memory
it occupies none.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import torch
import torch.distributed as dist

from splitreel.parallel.collectives import Traffic, receive, send
from splitreel.parallel.groups import Group
from splitreel.parallel.peer_memory import Copy, PeerMemory

# Slots of peer memory for the two directions. Two messages of each can be under way.
FORWARD = (0, 1)
RETURNING = (2, 3)


class Pipe(Protocol):
    """One direction. Ranks are indices in the group."""

    def send(self, tensor: torch.Tensor, to: int) -> None:
        """Without waiting. The tensor may be freed, but not changed."""
        ...

    def receive(self, tensor: torch.Tensor, source: int) -> None:
        """Into a contiguous tensor, in the order in which they were sent. The CPU goes on where there is a GPU."""
        ...

    def finish(self) -> None:
        """Waits until everything sent has been taken."""
        ...


def make_pipe(
    group: Group, fallback: Group, slots: tuple[int, ...], numbers: int, *, traffic: Traffic, most_sent: int
) -> Pipe:
    """`numbers`: in the largest tensor that any rank sends. `fallback`: a process group for this direction alone.

    `most_sent`: messages that a rank may be ahead of the next.
    """
    if group.peers is None:
        return _ProcessGroupPipe(fallback, traffic, most_sent)
    return _PeerPipe(group.peers, slots, numbers, traffic)


class _ProcessGroupPipe:
    def __init__(self, group: Group, traffic: Traffic, most_sent: int) -> None:
        self._group = group
        self._traffic = traffic
        self._most_sent = most_sent
        self._sent: deque[tuple[dist.Work, torch.Tensor]] = deque()

    def send(self, tensor: torch.Tensor, to: int) -> None:
        self._sent.append((send(tensor, self._group.ranks[to], self._group, self._traffic), tensor))
        while len(self._sent) > self._most_sent:
            self._take_one()

    def _take_one(self) -> None:
        with self._traffic.waiting():
            self._sent.popleft()[0].wait()

    def receive(self, tensor: torch.Tensor, source: int) -> None:
        with self._traffic.waiting():
            receive(tensor, self._group.ranks[source], self._group).wait()

    def finish(self) -> None:
        while self._sent:
            self._take_one()


class _PeerPipe:
    def __init__(self, peers: PeerMemory, slots: tuple[int, ...], numbers: int, traffic: Traffic) -> None:
        self._peers = peers
        self._slots = slots
        self._numbers = numbers
        self._traffic = traffic
        self._sent = self._received = 0

    def send(self, tensor: torch.Tensor, to: int) -> None:
        slot = self._slots[self._sent % len(self._slots)]
        self._sent += 1
        self._traffic.bytes_sent += tensor.nbytes
        target = self._view(slot, to, tensor)
        self._peers.start(slot, [Copy(to, tensor, target)], may_overwrite=False)

    def receive(self, tensor: torch.Tensor, source: int) -> None:
        slot = self._slots[self._received % len(self._slots)]
        self._received += 1
        held = self._view(slot, self._peers.index, tensor)
        message = self._peers.expect(slot)
        message.wait([source])
        tensor.copy_(held)
        message.release([source], None)

    def finish(self) -> None:
        """Nothing waits here: memory is kept until the copy has been made."""

    def _view(self, slot: int, rank: int, like: torch.Tensor) -> torch.Tensor:
        buffer = self._peers.buffers(slot, self._numbers * like.element_size())[rank]
        return buffer[: like.nbytes].view(like.dtype).view(like.shape)
