"""Exchanges that overlap with arithmetic: Ulysses' all-to-all, and the all-gather of keys and values.

They use peer memory if the group's GPUs can access each other's (`peer_memory.py`), otherwise the process group. Queries,
keys and values are sent one after another, each contiguous: one is sent while the next is projected, and attention is
slower on interleaved tensors.

Jacobs et al., DeepSpeed Ulysses (arXiv 2309.14509), section 3. Dubey et al., The Llama 3 Herd of Models (arXiv
2407.21783), section 3.3.2, gathers keys and values instead of passing them around a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

import torch
import torch.distributed as dist

from splitreel.parallel.collectives import Traffic, exchange
from splitreel.parallel.groups import Group
from splitreel.parallel.peer_memory import Copy, Message

# Slots of peer memory. Values and keys of all videos use one each; queries and results use one per video.
_HEADS_SLOTS = 0
_GATHER_SLOTS = 4
_TOKENS_SLOTS = 6
_TOKENS_BUFFER = 8  # holds all videos, in the layout of the next layer's input


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange in progress. Keep it and don't change what is sent before `wait`, nor use what was received after `release`."""

    _sent: torch.Tensor
    _received: torch.Tensor
    _finish: Callable[[], object]
    _traffic: Traffic
    _message: Message | None = None

    def wait(self) -> torch.Tensor:
        """Rows of all ranks, in the group's order. On a GPU, this orders later work after it without blocking the CPU."""
        with self._traffic.waiting():
            self._finish()
        return self._received

    def release(self) -> None:
        """Call once the work that reads the rows is queued. Only a gather needs it."""
        if self._message is not None:
            self._message.release()


def send_heads(packed: torch.Tensor, lengths: Sequence[int], number: int, group: Group, traffic: Traffic) -> Exchange:
    """Exchanges a rank's own tokens of all heads for all tokens of its own heads.

    `packed`: (B, ranks, own tokens, H, W), contiguous. Returns (B, all tokens, H, W). `lengths`: tokens of each rank of
    the group. `number`: this message's index in the layer, below 4. Every rank sends the same messages in the same order.
    """
    assert packed.is_contiguous(), "rows are sent without copying them first"
    batch, _, own, *row_shape = packed.shape
    shape = (batch, sum(lengths), *row_shape)
    _count(traffic, packed[:, 0], group.size - 1)
    if group.peers is None:
        received = packed.new_empty(shape)
        works = [
            dist.all_to_all_single(
                received[video], packed[video].flatten(0, 1), list(lengths), [own] * group.size,
                group=group.handle, async_op=True,
            )
            for video in range(batch)
        ]  # fmt: skip
        return Exchange(packed, received, partial(_wait_all, works), traffic)
    # A rank reuses this slot only after receiving attention's result, which its peers computed from this message.
    return _to_all_peers(packed.unbind(1), shape, lengths, _HEADS_SLOTS + number, group, traffic, may_overwrite=True)


def gather_tokens(
    own_BSHW: torch.Tensor, lengths: Sequence[int], number: int, group: Group, traffic: Traffic
) -> Exchange:
    """Sends every rank's tokens to every rank: (B, own tokens, H, W), contiguous, to (B, all tokens, H, W).

    `number`: this message's index in the layer, below 2. Every rank sends the same messages in the same order.
    """
    assert own_BSHW.is_contiguous(), "rows are sent without copying them first"
    batch, _, *row_shape = own_BSHW.shape
    shape = (batch, sum(lengths), *row_shape)
    others = [rank for rank in range(group.size) if rank != group.index]
    if group.peers is None:
        received = own_BSHW.new_empty(shape)
        parts = torch.split(received, list(lengths), dim=1)
        parts[group.index].copy_(own_BSHW)
        works = exchange(
            [(rank, video) for video in own_BSHW for rank in others],
            [(rank, parts[rank][video]) for video in range(batch) for rank in others],
            group,
            traffic,
        )
        return Exchange(own_BSHW, received, partial(_wait_all, works), traffic)
    _count(traffic, own_BSHW, len(others))
    tensors = [own_BSHW] * group.size
    return _to_all_peers(tensors, shape, lengths, _GATHER_SLOTS + number, group, traffic, may_overwrite=False)


def _to_all_peers(
    tensors: Sequence[torch.Tensor],
    shape: tuple[int, ...],
    lengths: Sequence[int],
    slot: int,
    group: Group,
    traffic: Traffic,
    *,
    may_overwrite: bool,
) -> Exchange:
    """`tensors`: (B, own tokens, H, W) for each rank. `shape`: (B, all tokens, H, W), where they arrive."""
    peers = group.peers
    assert peers is not None
    start, dtype = sum(lengths[: group.index]), tensors[0].dtype
    views = [_view(buffer, shape, dtype) for buffer in peers.buffers(slot, prod(shape) * dtype.itemsize)]
    copies = [
        Copy(rank, tensor[video], views[rank][video, start : start + tensor.shape[1]])
        for rank, tensor in enumerate(tensors)
        for video in range(shape[0])
    ]
    message = peers.start(slot, copies, may_overwrite=may_overwrite)
    return Exchange(tensors[0], views[peers.index], message.wait, traffic, None if may_overwrite else message)


def _wait_all(works: Sequence[dist.Work | None]) -> None:
    for work in works:
        assert work is not None
        work.wait()


class TokenReturn:
    """The reverse, video by video: exchanges all tokens of a rank's own heads for its own tokens of all heads."""

    def __init__(
        self, like_SHW: torch.Tensor, batch: int, lengths: Sequence[int], group: Group, traffic: Traffic
    ) -> None:
        """`like_SHW`: gives the shape and dtype of one video's attention on this rank, (all tokens, own heads, W)."""
        self._lengths = lengths
        self._group = group
        self._traffic = traffic
        self._row_shape = like_SHW.shape[1:]
        self._finish: list[Callable[[], object]] = []
        self._sent: list[torch.Tensor] = []  # referenced until they have been sent
        own = (batch, lengths[group.index], group.size, *self._row_shape)
        if group.peers is None:
            self._received = like_SHW.new_empty(own)
            return
        most = batch * max(lengths) * group.size * prod(self._row_shape)
        buffers = group.peers.buffers(_TOKENS_BUFFER, most * like_SHW.element_size())
        self._views = [
            _view(buffer, (batch, length, group.size, *self._row_shape), like_SHW.dtype)
            for buffer, length in zip(buffers, lengths, strict=True)
        ]
        self._received = self._views[group.index]

    @property
    def whole(self) -> torch.Tensor:
        """(B, own tokens, D) of all videos. A video is valid only after `wait`."""
        return self._received.flatten(2)

    def send(self, attended_SHW: torch.Tensor) -> None:
        """Sends the next video's attention, contiguous. Don't change it until `wait`."""
        video, group = len(self._finish), self._group
        self._sent.append(attended_SHW)
        parts = torch.split(attended_SHW, list(self._lengths))
        for rank, part in enumerate(parts):
            _count(self._traffic, part, int(rank != group.index))
        if group.peers is not None:
            copies = [Copy(rank, part, self._views[rank][video, :, group.index]) for rank, part in enumerate(parts)]
            message = group.peers.start(_TOKENS_SLOTS + video, copies, may_overwrite=True)
            self._finish.append(message.wait)
            return
        own = self._lengths[group.index]
        received = attended_SHW.new_empty((group.size, own, *self._row_shape))
        work = dist.all_to_all_single(
            received.flatten(0, 1),
            attended_SHW,
            [own] * group.size,
            list(self._lengths),
            group=group.handle,
            async_op=True,
        )
        assert work is not None
        self._finish.append(partial(_finish_return, work, received, self._received[video]))

    def wait(self, video: int) -> torch.Tensor:
        """One video's own tokens, (S, D)."""
        with self._traffic.waiting():
            self._finish[video]()
        return self._received[video].flatten(1)


def _finish_return(work: dist.Work, received: torch.Tensor, target: torch.Tensor) -> None:
    work.wait()
    target.copy_(received.transpose(0, 1))


def _count(traffic: Traffic, part: torch.Tensor, times: int) -> None:
    traffic.bytes_sent += times * part.numel() * part.element_size()


def _view(buffer: torch.Tensor, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """The start of a buffer of bytes as a tensor of this shape."""
    return buffer[: prod(shape) * dtype.itemsize].view(dtype).view(*shape)
