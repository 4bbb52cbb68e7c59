"""What connects this rank to others, and the device memory that it takes beside torch's tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, LoadOptions
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.groups import MeshBuilder
from splitreel.rules.memory import OVERHEAD_BYTES, link_bytes


@dataclass(frozen=True, slots=True)
class BufferUse:
    """What the sizes of exchange buffers depend on."""

    model: Path
    dtype: str
    plan: Plan
    width: int
    height: int
    num_frames: int
    is_guided: bool


def buffer_use(model: Path, options: LoadOptions, plan: Plan, job: EngineJob) -> BufferUse:
    return BufferUse(
        model, options.dtype, plan, job.width, job.height, job.num_frames, is_guided=job.guidance_scale > 1
    )


class Links:
    """`is_nvlinked`: NVLink connects the GPUs of all ranks, as far as the memory forecast knows."""

    def __init__(self, meshes: MeshBuilder, world: Agreement, device: torch.device, *, is_nvlinked: bool) -> None:
        self.is_nvlinked = is_nvlinked
        self._meshes = meshes
        self._world = world
        self._device = device
        self._use: BufferUse | None = None
        self._connected: set[Plan] = set()

    def keep_buffers_for(self, use: BufferUse | None) -> None:
        """Collective over the world. Frees the exchange buffers unless they were made for the same use.

        A later job would otherwise find less memory: buffers only grow, and those of another plan aren't used at all.
        """
        if use is not None and use == self._use:
            return
        self._use = use
        if self._world.all(self._meshes.buffer_bytes == 0):
            return
        # No rank may still write to a buffer that another one frees.
        self._world.together(self._synchronize)
        # A buffer is freed when the last rank has let go of it, so every rank finds all of the memory afterwards.
        self._world.together(self._meshes.free_buffers)

    def _synchronize(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def ran(self, plan: Plan) -> None:
        """A job with this plan has run, so its connections exist. NCCL never frees them."""
        self._connected.add(plan)

    def taken_bytes(self, plan: Plan) -> int:
        """What the process already holds of what the forecast adds to a plan's tensors.

        That is the CUDA context once a job has run, NCCL's connections once this plan has, and the buffers kept for it.
        """
        if not self._connected:
            return 0
        nccl = link_bytes(plan, is_nvlinked=self.is_nvlinked, is_first_gpu=True) if plan in self._connected else 0
        return OVERHEAD_BYTES + nccl + self._meshes.buffer_bytes
