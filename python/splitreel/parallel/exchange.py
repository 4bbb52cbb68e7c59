"""Exchanges that run beside arithmetic: Ulysses' all-to-all, and Ring's shift by one rank.

Over peer memory where the group's GPUs reach each other's (`peer_memory.py`), otherwise over the process group. Rows
travel as they lie, so neither side copies them.

Jacobs et al., DeepSpeed Ulysses (arXiv 2309.14509), section 3. One video of the batch travels at a time. Its tokens
then lie behind one another whichever rank they come from, and one video's exchange runs beside the other's arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

import torch
import torch.distributed as dist

from splitreel.parallel.collectives import Traffic, ring_shift
from splitreel.parallel.groups import Group
from splitreel.parallel.peer_memory import Copy, Message

# Slots of peer memory. One video's exchange in one direction has a slot of its own.
_RING_SLOTS = (0, 1)
_HEADS_SLOTS = 2
_TOKENS_SLOTS = 4
_TOKENS_BUFFER = 4  # of all videos, so that they lie as the next layer takes them


@dataclass(frozen=True, slots=True)
class Exchange:
    """An all-to-all under way. What is sent must stay as it is until `wait`, and what came until the next exchange."""

    _sent: torch.Tensor
    _received: torch.Tensor
    _finish: Callable[[], object]
    _traffic: Traffic

    def wait(self) -> torch.Tensor:
        """Rows of all ranks, in the group's order. On a GPU this orders the work after it; the CPU goes on."""
        with self._traffic.waiting():
            self._finish()
        return self._received


def send_heads(packed: torch.Tensor, lengths: Sequence[int], video: int, group: Group, traffic: Traffic) -> Exchange:
    """From a rank's own tokens of all heads, to all tokens of its own heads.

    `packed`: (ranks, own tokens, ...), contiguous; gives (all tokens, ...). `lengths`: tokens of each rank of the
    group. Each rank sends the same videos in the same order, and none before it has read what this video of the layer
    before brought.
    """
    assert packed.is_contiguous(), "rows travel as they lie"
    row_shape, own = packed.shape[2:], lengths[group.index]
    _count(traffic, packed[0], group.size - 1)
    if group.peers is None:
        received = packed.new_empty((sum(lengths), *row_shape))
        work = dist.all_to_all_single(
            received, packed.flatten(0, 1), list(lengths), [own] * group.size, group=group.handle, async_op=True
        )
        assert work is not None
        return Exchange(packed, received, work.wait, traffic)
    peers, slot, start = group.peers, _HEADS_SLOTS + video, sum(lengths[: group.index])
    shape = (sum(lengths), *row_shape)
    views = [_view(buffer, shape, packed.dtype) for buffer in peers.buffers(slot, prod(shape) * packed.element_size())]
    copies = [Copy(rank, packed[rank], views[rank][start : start + own]) for rank in range(group.size)]
    # Every rank sends in this slot again only after it has received what follows from reading this message.
    message = peers.start(slot, copies, may_overwrite=True)
    return Exchange(packed, views[peers.index], lambda: message.wait(range(peers.size)), traffic)


class TokenReturn:
    """The way back, video by video: from all tokens of a rank's own heads, to its own tokens of all heads."""

    def __init__(
        self, like_SHW: torch.Tensor, batch: int, lengths: Sequence[int], group: Group, traffic: Traffic
    ) -> None:
        """`like_SHW`: one video's attention on this rank, (all tokens, own heads, W)."""
        self._lengths = lengths
        self._group = group
        self._traffic = traffic
        self._row_shape = like_SHW.shape[1:]
        self._finish: list[Callable[[], object]] = []
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
        """Of all videos, (B, own tokens, D). Those that were waited for are here."""
        return self._received.flatten(2)

    def send(self, attended_SHW: torch.Tensor) -> None:
        """The next video's, contiguous. It must stay as it is until `wait`."""
        video, group = len(self._finish), self._group
        parts = torch.split(attended_SHW, list(self._lengths))
        for rank, part in enumerate(parts):
            _count(self._traffic, part, int(rank != group.index))
        if group.peers is not None:
            copies = [Copy(rank, part, self._views[rank][video, :, group.index]) for rank, part in enumerate(parts)]
            message = group.peers.start(_TOKENS_SLOTS + video, copies, may_overwrite=True)
            self._finish.append(partial(message.wait, range(group.size)))
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
        self._finish.append(partial(_finish_return, work, attended_SHW, received, self._received[video]))

    def wait(self, video: int) -> torch.Tensor:
        """One video's own tokens, (S, D)."""
        with self._traffic.waiting():
            self._finish[video]()
        return self._received[video].flatten(1)


def _finish_return(work: dist.Work, _sent: torch.Tensor, received: torch.Tensor, target: torch.Tensor) -> None:
    work.wait()
    target.copy_(received.transpose(0, 1))


def _count(traffic: Traffic, part: torch.Tensor, times: int) -> None:
    traffic.bytes_sent += times * part.numel() * part.element_size()


def _view(buffer: torch.Tensor, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """The start of a buffer of bytes, as a tensor."""
    return buffer[: prod(shape) * dtype.itemsize].view(dtype).view(*shape)


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift under way, from the previous rank of a ring to the next. `received` may be read after `wait`."""

    received: torch.Tensor
    _sent: torch.Tensor
    _finish: Callable[[], object]
    _traffic: Traffic
    _message: Message | None = None
    _previous: int = 0

    def wait(self) -> torch.Tensor:
        with self._traffic.waiting():
            self._finish()
        return self.received

    def release(self, forwarded: Shift | None) -> None:
        """What was received has been read, by the current stream and by the shift that passes it on."""
        if self._message is not None:
            self._message.release([self._previous], None if forwarded is None else forwarded._message)


def start_shift(tensor: torch.Tensor, shape: tuple[int, ...], capacity: int, group: Group, traffic: Traffic) -> Shift:
    """Sends a contiguous tensor to the next rank; one of `shape` comes from the previous one.

    `capacity`: numbers in the largest tensor that any rank sends.
    """
    if group.peers is None:
        received, works = ring_shift(tensor, shape, group, traffic)
        return Shift(received, tensor, lambda: [work.wait() for work in works], traffic)
    peers, size = group.peers, tensor.element_size()
    following, previous = (group.index + 1) % group.size, (group.index - 1) % group.size
    slot = _RING_SLOTS[peers.next_turn() % len(_RING_SLOTS)]
    buffers = peers.buffers(slot, capacity * size)
    _count(traffic, tensor, 1)
    target, received = (
        _view(buffers[rank], of, tensor.dtype) for rank, of in ((following, tensor.shape), (peers.index, shape))
    )
    message = peers.start(slot, [Copy(following, tensor, target)], may_overwrite=False)
    return Shift(received, tensor, lambda: message.wait([previous]), traffic, message, previous)
