"""How much memory this rank may use."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Protocol

import torch


class MemoryBudget(Protocol):
    """The memory available to this rank. Tests substitute small devices."""

    def device_bytes(self) -> int | None:
        """What torch's tensors can have of this process's device; None if the device shares the host's memory."""
        ...

    def host_bytes(self) -> int:
        """Free on the host."""
        ...


class DeviceMemoryBudget:
    """What the driver and the kernel report at the time of the call."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def device_bytes(self) -> int | None:
        if self._device.type != "cuda":
            return None
        free, _ = torch.cuda.mem_get_info(self._device)
        return free + torch.cuda.memory_reserved(self._device)

    def host_bytes(self) -> int:
        with suppress(OSError, ValueError, StopIteration):
            lines = Path("/proc/meminfo").read_text("ascii").splitlines()
            available = next(line for line in lines if line.startswith("MemAvailable:"))
            return int(available.split()[1]) * 1024
        return 0


def can_pin_weights(budget: MemoryBudget, ranks: int, weight_bytes: int) -> bool:
    """Whether every rank on this machine can pin its weights without taking more than half of the free memory.

    torch rounds each pinned tensor up to a power of two (CachingHostAllocator, torch 2.15), so pinning can take twice
    the size of the weights.
    """
    return ranks * 2 * weight_bytes < budget.host_bytes() // 2
