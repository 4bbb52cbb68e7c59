"""Peer memory between ranks on the CPU: buffers are files that the ranks map, so exchanges run as between GPUs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist

from splitreel.parallel.peer_memory import Copy, PeerMemory

_PATIENCE_S = 60.0
_SLOTS = 16


class SharedPeers(PeerMemory):
    """A group's buffers in files of `folder`, which all of its ranks have."""

    def __init__(self, handle: dist.ProcessGroup, index: int, size: int, folder: Path) -> None:
        self.index, self.size = index, size
        self.is_fast = True
        self._handle = handle
        self._folder = folder
        self._made = 0
        self._buffers = {}
        self._numbers = [0] * _SLOTS
        self._sent = [flags.view(torch.int32).view(_SLOTS, size) for flags in self._rendezvous(4 * _SLOTS * size)]
        self._barrier()

    def _barrier(self) -> None:
        dist.barrier(group=self._handle)

    def _rendezvous(self, nbytes: int) -> list[torch.Tensor]:
        """New zeros on each rank."""
        self._made += 1
        ranks = dist.get_process_group_ranks(self._handle)
        files = [self._folder / f"{ranks}-{self._made}-{rank}" for rank in range(self.size)]
        return [torch.from_file(str(file), shared=True, size=nbytes, dtype=torch.uint8) for file in files]

    def start(self, slot: int, copies: Sequence[Copy], *, may_overwrite: bool) -> _Message:  # type: ignore[override]
        if not may_overwrite:
            self._barrier()
        for copy in copies:
            copy.target.copy_(copy.source)
        self._numbers[slot] += 1
        for flags in self._sent:
            flags[slot, self.index] = self._numbers[slot]
        return _Message(self._sent[self.index][slot], self._numbers[slot])


@dataclass(frozen=True)
class _Message:
    numbers: torch.Tensor
    number: int

    def wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while int(self.numbers.min()) < self.number:
            assert time.monotonic() < deadline, "a message did not arrive"

    def release(self) -> None: ...


@dataclass(frozen=True)
class ConnectShared:
    """For `MeshBuilder`."""

    folder: Path

    def __call__(
        self, handle: dist.ProcessGroup, index: int, size: int, _device: torch.device
    ) -> tuple[PeerMemory, None]:
        return SharedPeers(handle, index, size, self.folder), None
