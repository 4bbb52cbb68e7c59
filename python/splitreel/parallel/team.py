"""A team: ranks that talk to each other, with the few collectives that the engine needs.

Teams are built straight on the backends over a prefix of the default group's store, not by
`dist.new_group`: that one must be called by every rank of the world in the same order, while a replica
that lost a rank's step must be able to rebuild its own teams as its neighbours go on working.
The default group itself carries no data, so it is never left in the middle of a collective.

All collectives work in place or return new tensors, count what they send, and are no-ops on a team of one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import torch
import torch.distributed as dist
from torch import Tensor

from splitreel.parallel.ledger import Ledger


class Work(Protocol):
    def wait(self) -> object: ...
    def is_completed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A transfer under way. The tensor is held until it is done, as the backend reads it meanwhile."""

    work: Work
    tensor: Tensor


class Team:
    """`ranks` are of the world, `index` is this rank's place among them."""

    def __init__(self, ranks: Sequence[int], index: int, backend: dist.Backend | None, ledger: Ledger) -> None:
        self.ranks = tuple(ranks)
        self.size = len(self.ranks)
        self.index = index
        self._backend = backend
        self._ledger = ledger

    @property
    def backend(self) -> dist.Backend:
        assert self._backend is not None, "a team of one talks to nobody"
        return self._backend

    def _finish(self, work: Work) -> None:
        with self._ledger.waiting():
            work.wait()

    def _sends(self, *tensors: Tensor, times: float = 1.0) -> None:
        self._ledger.bytes_sent += int(times * sum(t.numel() * t.element_size() for t in tensors))

    def sum_(self, tensor: Tensor) -> Tensor:
        """Adds up in place. A ring all-reduce sends 2 (n-1)/n of the tensor from each rank."""
        if self.size > 1:
            self._sends(tensor, times=2 * (self.size - 1) / self.size)
            self._finish(self.backend.allreduce([tensor]))
        return tensor

    def start_max(self, tensor: Tensor) -> Work:
        """Begins an in-place maximum; the caller waits."""
        options = dist.AllreduceOptions()
        options.reduceOp = dist.ReduceOp.MAX
        return self.backend.allreduce([tensor], options)

    def broadcast_(self, tensor: Tensor, source: int) -> Tensor:
        """Gives every member the tensor of member `source` (an index into the team), in place."""
        if self.size > 1:
            if self.index == source:
                self._sends(tensor, times=self.size - 1)
            options = dist.BroadcastOptions()
            options.rootRank = source
            self._finish(self.backend.broadcast([tensor], options))
        return tensor

    def gather(self, tensor: Tensor, sizes: Sequence[int], dim: int) -> Tensor:
        """All members' tensors one after another along `dim`, where member i brings `sizes[i]` rows."""
        if self.size == 1:
            return tensor
        # Backends want equal shapes: shorter shares travel with padding, which is at most one row here.
        longest = max(sizes)
        padded = tensor.movedim(dim, 0)
        if padded.shape[0] < longest:
            padding = padded.new_zeros(longest - padded.shape[0], *padded.shape[1:])
            padded = torch.cat([padded, padding])
        padded = padded.contiguous()
        self._sends(padded, times=self.size - 1)
        parts = [torch.empty_like(padded) for _ in sizes]
        self._finish(self.backend.allgather([parts], [padded]))
        joined = torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
        return joined.movedim(0, dim)

    def exchange(self, outgoing: Sequence[Tensor], incoming_shapes: Sequence[Sequence[int]]) -> list[Tensor]:
        """All to all: member i gets `outgoing[i]`; what member i sent has shape `incoming_shapes[i]`."""
        if self.size == 1:
            return list(outgoing)
        flat = torch.cat([tensor.reshape(-1) for tensor in outgoing])
        in_counts = [_count(shape) for shape in incoming_shapes]
        out_counts = [tensor.numel() for tensor in outgoing]
        received = flat.new_empty(sum(in_counts))
        self._ledger.bytes_sent += (flat.numel() - out_counts[self.index]) * flat.element_size()
        self._finish(self._all_to_all(received, flat, in_counts, out_counts))
        return [
            part.view(*shape) for part, shape in zip(received.split(in_counts), incoming_shapes, strict=True)
        ]

    def start_shift(self, tensor: Tensor, incoming: Tensor) -> Sent:
        """Sends `tensor` to the next member and fills `incoming` from the one before; the caller waits.

        An all-to-all in which all but two counts are zero: both backends run it as one send and one
        receive together, so that no order of sends can block.
        """
        out_counts = [0] * self.size
        in_counts = [0] * self.size
        out_counts[(self.index + 1) % self.size] = tensor.numel()
        in_counts[(self.index - 1) % self.size] = incoming.numel()
        self._sends(tensor)
        work = self._all_to_all(incoming.view(-1), tensor.reshape(-1), in_counts, out_counts)
        return Sent(work, tensor)

    def finish(self, sent: Sent) -> None:
        self._finish(sent.work)

    def start_send(self, tensor: Tensor, to: int, tag: int = 0) -> Sent:
        tensor = tensor.contiguous()
        self._sends(tensor)
        return Sent(self.backend.send([tensor], to, tag), tensor)

    def start_receive(self, tensor: Tensor, source: int, tag: int = 0) -> Sent:
        """Fills `tensor`, which must be contiguous; the caller waits."""
        return Sent(self.backend.recv([tensor], source, tag), tensor)

    def receive(self, tensor: Tensor, source: int, tag: int = 0) -> Tensor:
        self.finish(self.start_receive(tensor, source, tag))
        return tensor

    def _all_to_all(self, received: Tensor, sent: Tensor, in_counts: list[int], out_counts: list[int]) -> Work:
        return self.backend.alltoall_base(received, sent, in_counts, out_counts)


def _count(shape: Sequence[int]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


class Teams:
    """Makes teams and keeps them, so that a plan seen before costs nothing.

    Every member of a team asks for it at the same point of the same job, so the serial number in a team's
    name is equal on all of them without asking each other.
    """

    # Threads and sockets stay open with a gloo team: those of this many plans back are let go.
    _KEPT_PLANS = 8

    def __init__(self, *, rank: int, device: torch.device, timeout_s: float, ledger: Ledger) -> None:
        self._rank = rank
        self._device = device
        self._timeout = timedelta(seconds=timeout_s)
        self._ledger = ledger
        self._made: dict[tuple[str, tuple[int, ...]], Team] = {}
        self._serials: dict[tuple[str, tuple[int, ...]], int] = {}
        self._recent: list[set[tuple[str, tuple[int, ...]]]] = []
        self._listener: object | None = None

    def begin_plan(self) -> None:
        """Called by every rank at every plan: lets go of teams that no recent plan has used."""
        self._recent.append(set())
        if len(self._recent) > self._KEPT_PLANS:
            self._recent.pop(0)
        used = set().union(*self._recent[:-1])
        for key in [key for key in self._made if key not in used]:
            del self._made[key]

    def team(self, purpose: str, ranks: Sequence[int], *, control: bool = False) -> Team:
        """The team of these ranks for this purpose. `control`: tensors on the CPU, whatever the device."""
        key = (purpose, tuple(ranks))
        if self._recent:
            self._recent[-1].add(key)
        if key not in self._made:
            self._made[key] = self._make(purpose, key[1], control=control or self._device.type == "cpu")
        return self._made[key]

    def drop(self, ranks: Sequence[int]) -> None:
        """Ends every team whose members all are among `ranks`: their peers' waits then fail at once."""
        members = set(ranks)
        for key in [key for key in self._made if set(key[1]) <= members]:
            team = self._made.pop(key)
            if self._device.type == "cuda" and isinstance(team._backend, dist.ProcessGroupNCCL):
                team._backend.abort()
            team._backend = None

    def abort_device_teams(self) -> None:
        """Ends NCCL's waits of this rank, from any thread. Gloo's end by themselves when a peer lets go."""
        for team in list(self._made.values()):
            if isinstance(team._backend, dist.ProcessGroupNCCL):
                team._backend.abort()

    def _gloo_device(self) -> object:
        """One listening socket for all teams, on the interface that the environment names (lo on one machine)."""
        if self._listener is None:
            interface = os.environ.get("GLOO_SOCKET_IFNAME")
            self._listener = (
                dist.ProcessGroupGloo.create_device(interface=interface)
                if interface
                else dist.ProcessGroupGloo.create_default_device()
            )
        return self._listener

    def _make(self, purpose: str, ranks: tuple[int, ...], *, control: bool) -> Team:
        index = ranks.index(self._rank)
        if len(ranks) == 1:
            return Team(ranks, index, None, self._ledger)
        key = (purpose, ranks)
        serial = self._serials[key] = self._serials.get(key, 0) + 1
        name = f"{purpose}/{'-'.join(map(str, ranks))}/{serial}"
        store = dist.PrefixStore(name, dist.distributed_c10d._get_default_store())
        backend: dist.Backend
        if control:
            options = dist.ProcessGroupGloo._Options()
            options._devices = [self._gloo_device()]
            options._timeout = self._timeout
            options._threads = 2
            backend = dist.ProcessGroupGloo(store, index, len(ranks), options)
        else:
            nccl = dist.ProcessGroupNCCL.Options()
            nccl._timeout = self._timeout
            backend = dist.ProcessGroupNCCL(store, index, len(ranks), nccl)
        return Team(ranks, index, backend, self._ledger)
