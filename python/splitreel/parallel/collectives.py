"""The collectives that the engine uses, with counts of the bytes sent and the time spent waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.nn.functional as F

from splitreel.parallel.groups import Group
from splitreel.parallel.peer_wait import waiting_for_peers


@dataclass(slots=True)
class Traffic:
    """Running totals for this rank: bytes sent to other ranks, seconds spent in calls that wait for them."""

    bytes_sent: int = 0
    seconds_waiting: float = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        began = time.perf_counter()
        with waiting_for_peers():
            yield
        self.seconds_waiting += time.perf_counter() - began


def all_to_all(
    sent: Sequence[torch.Tensor], shapes: Sequence[tuple[int, ...]], group: Group, traffic: Traffic
) -> list[torch.Tensor]:
    """Sends `sent[i]` to the group's i-th rank. Returns what each rank sent here, in `shapes`."""
    flat = torch.cat([tensor.reshape(-1) for tensor in sent])
    sizes = [torch.Size(shape).numel() for shape in shapes]
    received = flat.new_empty(sum(sizes))
    with traffic.waiting():
        dist.all_to_all_single(received, flat, sizes, [tensor.numel() for tensor in sent], group=group.handle)
    traffic.bytes_sent += (flat.numel() - sent[group.index].numel()) * flat.element_size()
    return [part.view(shape) for part, shape in zip(torch.split(received, sizes), shapes, strict=True)]


def all_gather(tensor: torch.Tensor, lengths: Sequence[int], dim: int, group: Group, traffic: Traffic) -> torch.Tensor:
    """Concatenates the group's tensors along `dim`. The i-th rank's tensor has length `lengths[i]` there."""
    if group.size == 1:
        return tensor
    longest = max(lengths)
    # dist.all_gather needs equal shapes: pad the shorter tensors and trim the results.
    padding = [0, 0] * (tensor.ndim - 1 - dim) + [0, longest - tensor.shape[dim]]
    padded = F.pad(tensor, padding).contiguous()
    parts = [torch.empty_like(padded) for _ in lengths]
    with traffic.waiting():
        dist.all_gather(parts, padded, group=group.handle)
    traffic.bytes_sent += (group.size - 1) * padded.numel() * padded.element_size()
    return torch.cat([part.narrow(dim, 0, length) for part, length in zip(parts, lengths, strict=True)], dim)


def all_reduce(tensor: torch.Tensor, group: Group, traffic: Traffic) -> torch.Tensor:
    """Sums over the group, in place, on every rank. Counted as a ring all-reduce: 2 (n - 1) / n of the tensor is sent."""
    if group.size == 1:
        return tensor
    with traffic.waiting():
        dist.all_reduce(tensor, group=group.handle)
    traffic.bytes_sent += 2 * (group.size - 1) * tensor.numel() * tensor.element_size() // group.size
    return tensor


def send(tensor: torch.Tensor, to: int, group: Group, traffic: Traffic) -> dist.Work:
    """Starts sending to a rank of the group. Don't change the tensor until the work is done."""
    work = dist.isend(tensor, to, group=group.handle)
    assert work is not None
    traffic.bytes_sent += tensor.numel() * tensor.element_size()
    return work


def receive(tensor: torch.Tensor, source: int, group: Group) -> dist.Work:
    """Starts receiving from a rank of the group into a tensor."""
    work = dist.irecv(tensor, source, group=group.handle)
    assert work is not None
    return work


def connect(group: Group, device: torch.device) -> None:
    """Collective. Call before the first `exchange` in which only some ranks of a group take part.

    NCCL sets up a communicator only when all of its ranks are present.
    """
    if group.size > 1:
        with waiting_for_peers():
            dist.all_reduce(torch.zeros(1, device=device), group=group.handle)


def exchange(
    sent: Sequence[tuple[int, torch.Tensor]],
    received: Sequence[tuple[int, torch.Tensor]],
    group: Group,
    traffic: Traffic,
) -> list[dist.Work]:
    """Starts sends and receives, by index in the group, over the communicator that its collectives use.

    `send` and `receive` use a communicator per pair of ranks, which costs several 100 MB of GPU memory per pair.
    """
    if not sent and not received:
        return []
    for _, tensor in sent:
        traffic.bytes_sent += tensor.numel() * tensor.element_size()
    return dist.batch_isend_irecv(
        [dist.P2POp(dist.isend, tensor, group.ranks[index], group=group.handle) for index, tensor in sent]
        + [dist.P2POp(dist.irecv, tensor, group.ranks[index], group=group.handle) for index, tensor in received]
    )


def ring_shift(
    tensor: torch.Tensor, shape: tuple[int, ...], group: Group, traffic: Traffic
) -> tuple[torch.Tensor, list[dist.Work]]:
    """Starts sending `tensor` to the next rank of the ring, and receiving one of `shape` from the previous rank."""
    received = tensor.new_empty(shape)
    following, previous = (group.index + 1) % group.size, (group.index - 1) % group.size
    return received, exchange([(following, tensor)], [(previous, received)], group, traffic)
