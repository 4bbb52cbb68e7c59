"""One processor that a rank runs on. It travels as data; text for people is made where it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Device:
    kind: Literal["cpu", "cuda"]
    index: int  # a GPU's position in PCI order, as nvidia-smi numbers them; on a CPU, the number of the rank
    uuid: str | None  # CUDA and nvidia-smi may number GPUs differently, UUIDs agree; None for a CPU
    name: str  # `NVIDIA H200`, or `CPU`

    @property
    def label(self) -> str:
        """`GPU 0` or `CPU`, for people."""
        return f"GPU {self.index}" if self.kind == "cuda" else "CPU"


def cpu_devices(ranks: int) -> tuple[Device, ...]:
    return tuple(Device("cpu", index, None, "CPU") for index in range(ranks))
