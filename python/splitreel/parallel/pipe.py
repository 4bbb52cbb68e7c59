"""Messages between the stages of a pipeline, in one direction and in order."""

from __future__ import annotations

from collections import deque

import torch
import torch.distributed as dist

from splitreel.parallel.collectives import Traffic, receive, send
from splitreel.parallel.groups import Group


class Pipe:
    """Uses a process group that serves only this direction. Ranks are indices in the group."""

    def __init__(self, group: Group, traffic: Traffic, *, most_sent: int) -> None:
        """`most_sent`: how many sent messages the receiver may not have received yet."""
        self._group = group
        self._traffic = traffic
        self._most_sent = most_sent
        self._sent: deque[tuple[dist.Work, torch.Tensor]] = deque()

    def send(self, tensor: torch.Tensor, to: int) -> None:
        """Sends without waiting. Keeps a reference to the tensor, which must not be changed."""
        self._sent.append((send(tensor, self._group.ranks[to], self._group, self._traffic), tensor))
        while len(self._sent) > self._most_sent:
            self._finish_one()

    def receive(self, tensor: torch.Tensor, source: int) -> None:
        """Receives into a contiguous tensor. On a GPU, later work is ordered after it and the CPU doesn't block."""
        with self._traffic.waiting():
            receive(tensor, self._group.ranks[source], self._group).wait()

    def finish(self) -> None:
        """Waits until everything sent has been received."""
        while self._sent:
            self._finish_one()

    def _finish_one(self) -> None:
        with self._traffic.waiting():
            self._sent.popleft()[0].wait()
