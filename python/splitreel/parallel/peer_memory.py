"""Exchanges between GPUs that can access each other's memory, by copy engines: no multiprocessor copies or waits.

NCCL's kernels occupy multiprocessors while they copy and while they wait for a late rank. Matrix products and attention
running at the same time then lose more time than the exchange takes. Here a rank copies straight into a buffer of its
peer (torch's symmetric memory), then writes the message's number beside it. The peer's stream waits for that number in
the command processor. Nothing here uses NVLink multicast.
"""

from __future__ import annotations

import ctypes
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.distributed as dist

from splitreel.machine.peer_to_peer import is_p2p_off
from splitreel.parallel.peer_wait import waiting_for_peers

Tensor = torch.Tensor

_SLOTS = 16  # buffers per group
_ALIGNMENT = 1 << 21  # of a buffer's size: the driver maps whole pages
_RATE_BYTES, _RATE_COPIES = 1 << 24, 8
# Between PCIe 5.0 (about 50 GB/s) and the NVLink of server GPUs (250 GB/s and more).
_FAST_BYTES_PER_S = 1e11
# How long a message of the trial may take. Where an IOMMU redirects them, copies between GPUs never arrive.
_TRIAL_S = 10.0
_POLL_S = 0.001
_AT_LEAST = 0  # CU_STREAM_WAIT_VALUE_GEQ, which takes wrapping into account


class PeerMemory:
    """One group's buffers and message numbers on this rank. All ranks of the group call the same methods in order."""

    def __init__(self, handle: dist.ProcessGroup, index: int, size: int, device: torch.device) -> None:
        self.index, self.size = index, size
        self.is_fast = False  # as fast as NVLink, not PCIe
        self._handle = handle
        self._device = device
        self._stream = torch.cuda.Stream(device, priority=-1)  # type: ignore[no-untyped-call]
        self._buffers: dict[int, list[Tensor]] = {}  # by slot: one view for each rank of the group
        self._numbers = [0] * _SLOTS
        self._flags = self._rendezvous(4 * 2 * _SLOTS * size)
        self._flags[index].zero_()
        self._barrier()

    def _barrier(self) -> None:
        with waiting_for_peers():
            torch.cuda.synchronize(self._device)
            dist.barrier(group=self._handle, device_ids=[self._device.index])
            torch.cuda.synchronize(self._device)

    def _rendezvous(self, nbytes: int) -> list[Tensor]:
        from torch.distributed import _symmetric_memory as symmetric

        nbytes = -(-nbytes // _ALIGNMENT) * _ALIGNMENT
        own = _allocate(nbytes, self._device)
        with waiting_for_peers():
            shared: Any = symmetric.rendezvous(own, self._handle.group_name)
        views = [shared.get_buffer(rank, (nbytes,), torch.uint8) for rank in range(self.size)]
        views[self.index] = own
        return views

    def _flag(self, holder: int, slot: int, sender: int, *, is_free: bool = False) -> int:
        """Address, on rank `holder`, of the last number that `sender` sent; with `is_free`, of the last it may reuse."""
        return self._flags[holder].data_ptr() + 4 * ((2 * slot + is_free) * self.size + sender)

    def buffers(self, slot: int, nbytes: int) -> list[Tensor]:
        """The slot's buffer on each rank, of at least `nbytes`, which is the same on every rank."""
        held = self._buffers.get(slot)
        if held is None or held[0].numel() < nbytes:
            if held is not None:
                self._barrier()
                del self._buffers[slot], held
            self._buffers[slot] = self._rendezvous(nbytes)
            # torch fills new symmetric memory with zeros on the current stream. A copy from a rank that is ahead would
            # arrive before that and be lost.
            self._barrier()
        return self._buffers[slot]

    @property
    def buffer_bytes(self) -> int:
        """Device memory that this rank's buffers take. torch's allocator doesn't count it."""
        return sum(views[self.index].numel() for views in self._buffers.values())

    def free_buffers(self) -> None:
        """Local. Call it on every rank of the group, once all of them have synchronized their device.

        The driver frees a buffer when the last rank that maps it has called this.
        """
        self._buffers.clear()

    def start(self, slot: int, copies: Sequence[Copy], *, may_overwrite: bool) -> Message:
        """Copies to every rank of the group, after the work queued on the current stream. A rank may get several copies.

        Keep the sources until the message has been waited for: after that, the current stream may reuse their memory.

        `may_overwrite`: the caller knows that every receiver has read the previous message in this slot. Otherwise the
        copies wait until each has called `release`.
        """
        self._numbers[slot] += 1
        number, current = self._numbers[slot], torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            # Other ranks first: they may be waiting.
            for rank in (*(rank for rank in range(self.size) if rank != self.index), self.index):
                if not may_overwrite:
                    _driver().wait(self._stream, self._flag(self.index, slot, rank, is_free=True), number - 1)
                for copy in copies:
                    if copy.to == rank:
                        _copy(self._stream, copy)
                if rank != self.index:
                    _driver().write(self._stream, self._flag(rank, slot, self.index), number)
        return Message(self, slot, number, self._stream.record_event())

    def wait(self, slot: int, number: int) -> None:
        current = torch.cuda.current_stream(self._device)
        for sender in range(self.size):
            if sender != self.index:
                _driver().wait(current, self._flag(self.index, slot, sender), number)

    def arrives(self, slot: int, number: int, within_s: float) -> bool:
        """Waits on the CPU for what the current stream waits for. If that takes too long, ends the stream's wait."""
        arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        arrived.record()
        deadline = time.monotonic() + within_s
        while not arrived.query():  # type: ignore[no-untyped-call]
            if time.monotonic() > deadline:
                rescue = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
                for sender in range(self.size):
                    _driver().write(rescue, self._flag(self.index, slot, sender), number)
                    _driver().write(rescue, self._flag(self.index, slot, sender, is_free=True), number)
                return False
            time.sleep(_POLL_S)
        return True

    def release(self, slot: int, number: int) -> None:
        current = torch.cuda.current_stream(self._device)
        for sender in range(self.size):
            _driver().write(current, self._flag(sender, slot, self.index, is_free=True), number)


@dataclass(frozen=True, slots=True)
class Copy:
    """A part of a message: a contiguous tensor and where it goes, in a buffer of the rank `to`.

    Rows may have gaps between them in the target, but each is contiguous.
    """

    to: int
    source: Tensor
    target: Tensor


@dataclass(frozen=True, slots=True)
class Message:
    """One round of messages in a slot, one from each rank to every rank."""

    _peers: PeerMemory
    _slot: int
    _number: int
    _sent: torch.cuda.Event

    def wait(self) -> None:
        """Makes the current stream wait for this rank's copies and for every rank's message."""
        torch.cuda.current_stream().wait_event(self._sent)
        self._peers.wait(self._slot, self._number)

    def arrives(self, within_s: float) -> bool:
        """After `wait`: whether the messages arrive in time. If not, nothing waits for them any longer."""
        return self._peers.arrives(self._slot, self._number, within_s)

    def release(self) -> None:
        """Lets the senders overwrite their messages after the work queued on the current stream."""
        self._peers.release(self._slot, self._number)


def _allocate(nbytes: int, device: torch.device) -> Tensor:
    """Memory that peers can map. Raises OutOfMemoryError as torch's allocator does, which this memory isn't from."""
    from torch.distributed import _symmetric_memory as symmetric

    try:
        return symmetric.empty(nbytes, dtype=torch.uint8, device=device)
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
    # The driver has no memory left while torch's allocator may cache some that is unused.
    torch.cuda.empty_cache()
    try:
        return symmetric.empty(nbytes, dtype=torch.uint8, device=device)
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        raise torch.OutOfMemoryError(str(error)) from error


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)


def _copy(stream: torch.cuda.Stream, copy: Copy) -> None:
    """Copies with a copy engine. For rows with gaps, torch would use a kernel."""
    if copy.target.is_contiguous():
        copy.target.copy_(copy.source, non_blocking=True)
        return
    assert copy.target[0].is_contiguous()
    row = copy.source[0].nbytes
    pitch = copy.target.stride(0) * copy.target.element_size()
    _driver().copy_rows(stream, copy.source.data_ptr(), copy.target.data_ptr(), row, pitch, len(copy.source))


def connect_peers(
    handle: dist.ProcessGroup, index: int, size: int, device: torch.device
) -> tuple[PeerMemory | None, str | None]:
    """Collective. The group's peer memory if a trial shows that it works between all of its ranks, or why it doesn't."""
    if device.type != "cuda":
        return None, "there is no GPU"
    found: list[tuple[str, int, str | None]] = [("", 0, None)] * size
    dist.all_gather_object(found, (socket.gethostname(), device.index, _rank_problem()), group=handle)
    if problem := _problem(found):
        return None, problem
    # torch would otherwise set up multicast for every buffer. It isn't used here, and it occupies the host's NVSwitch.
    os.environ.setdefault("TORCH_SYMM_MEM_DISABLE_MULTICAST", "1")
    peers: list[PeerMemory] = []
    rates: list[float] = []
    # A rank that went on alone after another one failed would wait for it forever, so they agree after each step.
    for step in (
        lambda: peers.append(PeerMemory(handle, index, size, device)),
        lambda: _try_messages(peers[0], device),
        lambda: rates.append(_copy_rate(peers[0], device)),
    ):
        if problem := _first_failure(step, handle, size):
            return None, problem
    all_rates = [0.0] * size
    dist.all_gather_object(all_rates, rates[0], group=handle)
    peers[0].is_fast = min(all_rates) >= _FAST_BYTES_PER_S
    return peers[0], None


def _first_failure(step: Callable[[], object], handle: dist.ProcessGroup, size: int) -> str | None:
    """Collective. Runs the step. Returns why it failed on the first rank on which it did, or None."""
    failure: str | None = None
    try:
        step()
    except (RuntimeError, OSError, ValueError, TypeError, AttributeError) as error:
        failure = (str(error).splitlines() or [type(error).__name__])[0][:200]
    failures: list[str | None] = [None] * size
    dist.all_gather_object(failures, failure, group=handle)
    return next((failure for failure in failures if failure is not None), None)


def _problem(ranks: Sequence[tuple[str, int, str | None]]) -> str | None:
    """The same answer on every rank, except for direct access, which the driver reports the same in both directions."""
    if len({host for host, _, _ in ranks}) > 1:
        return "the GPUs are in several machines"
    if problem := next((problem for *_, problem in ranks if problem is not None), None):
        return problem
    pairs = [(one, other) for _, one, _ in ranks for _, other, _ in ranks if one != other]
    if not all(torch.cuda.can_device_access_peer(one, other) for one, other in pairs):
        return "the GPUs can't access each other's memory"
    return None


def _try_messages(peers: PeerMemory, device: torch.device) -> None:
    """Every rank sends its index to every rank, twice through the same buffer. Raises RuntimeError after the last one."""
    width, failure = 1 << 16, ""
    for repetition in range(2):
        buffers = peers.buffers(0, peers.size * width)
        sent = torch.full((width,), 16 * repetition + peers.index + 1, dtype=torch.uint8, device=device)
        start = peers.index * width
        copies = [Copy(rank, sent, buffers[rank][start : start + width]) for rank in range(peers.size)]
        message = peers.start(0, copies, may_overwrite=False)
        message.wait()
        received = buffers[peers.index][: peers.size * width].view(peers.size, width).clone()
        message.release()
        if not message.arrives(_TRIAL_S):
            failure = "a message to another GPU's memory did not arrive"
            continue
        expected = 16 * repetition + 1 + torch.arange(peers.size, device=device, dtype=torch.uint8)
        if not bool((received == expected[:, None]).all()):
            failure = failure or "a copy into another GPU's memory arrived corrupted"
    if failure:
        raise RuntimeError(failure)


def _copy_rate(peers: PeerMemory, device: torch.device) -> float:
    """Bytes per second to the next rank, while every rank sends."""
    sent = torch.empty(_RATE_BYTES, dtype=torch.uint8, device=device)
    target = peers.buffers(0, _RATE_BYTES)[(peers.index + 1) % peers.size][:_RATE_BYTES]
    started = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    ended = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    target.copy_(sent)
    started.record()
    for _ in range(_RATE_COPIES):
        target.copy_(sent)
    ended.record()
    ended.synchronize()
    milliseconds: float = started.elapsed_time(ended)
    return _RATE_COPIES * _RATE_BYTES / (milliseconds / 1000)


class _RowCopy(ctypes.Structure):
    """CUDA_MEMCPY2D of the CUDA driver API."""

    _fields_ = (
        ("source_x", ctypes.c_size_t),
        ("source_y", ctypes.c_size_t),
        ("source_kind", ctypes.c_int),
        ("source_host", ctypes.c_void_p),
        ("source_device", ctypes.c_uint64),
        ("source_array", ctypes.c_void_p),
        ("source_pitch", ctypes.c_size_t),
        ("target_x", ctypes.c_size_t),
        ("target_y", ctypes.c_size_t),
        ("target_kind", ctypes.c_int),
        ("target_host", ctypes.c_void_p),
        ("target_device", ctypes.c_uint64),
        ("target_array", ctypes.c_void_p),
        ("target_pitch", ctypes.c_size_t),
        ("width", ctypes.c_size_t),
        ("height", ctypes.c_size_t),
    )


_ON_DEVICE = 2  # CU_MEMORYTYPE_DEVICE


class _Driver:
    """Calls of the CUDA driver that torch does not offer (CUDA driver API, memory and stream memory operations)."""

    def __init__(self) -> None:
        library = ctypes.CDLL("libcuda.so.1")
        kinds = (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint)
        self._write, self._wait = library.cuStreamWriteValue32_v2, library.cuStreamWaitValue32_v2
        self._copy_rows = library.cuMemcpy2DAsync_v2
        self._copy_rows.argtypes = (ctypes.POINTER(_RowCopy), ctypes.c_void_p)
        self._write.argtypes = self._wait.argtypes = kinds

    def write(self, stream: torch.cuda.Stream, address: int, value: int) -> None:
        """Writes after all earlier work on the stream, visibly to all GPUs."""
        self._check(self._write(stream.cuda_stream, address, value & 0xFFFFFFFF, 0))

    def wait(self, stream: torch.cuda.Stream, address: int, value: int) -> None:
        self._check(self._wait(stream.cuda_stream, address, value & 0xFFFFFFFF, _AT_LEAST))

    def copy_rows(
        self, stream: torch.cuda.Stream, source: int, target: int, width: int, target_pitch: int, rows: int
    ) -> None:
        """Copies contiguous rows of `width` bytes to addresses `target_pitch` bytes apart."""
        copy = _RowCopy(
            source_kind=_ON_DEVICE,
            source_device=source,
            source_pitch=width,
            target_kind=_ON_DEVICE,
            target_device=target,
            target_pitch=target_pitch,
            width=width,
            height=rows,
        )
        self._check(self._copy_rows(ctypes.byref(copy), stream.cuda_stream))

    @staticmethod
    def _check(status: int) -> None:
        if status != 0:
            msg = f"the driver rejected a copy or a wait between GPUs ({status})"
            raise RuntimeError(msg)


@cache
def _driver() -> _Driver:
    return _Driver()


def _rank_problem() -> str | None:
    if is_p2p_off():
        return "peer-to-peer is switched off"
    try:
        _driver()
    except (OSError, AttributeError) as error:
        return str(error)[:200]
    return None
