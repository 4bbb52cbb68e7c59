"""Memory of one rank's device: what there is, what the text encoder must do about it, what to say when it was not enough."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import torch

from splitreel.contract.errors import SplitreelError
from splitreel.contract.messages import Params
from splitreel.engine.api import EngineJob, LoadOptions, Stage
from splitreel.engine.offload import Fate, Moves, Parts, Places, Site
from splitreel.models.family import Pipeline
from splitreel.models.sharding import AbsentBlock
from splitreel.rules.memory import MemoryJob, keeps_text_encoder, memory_needs, worst
from splitreel.rules.memory_advice import MemoryQuestion, smallest_change
from splitreel.rules.memory_shape import MemoryShape, read_memory_shape
from splitreel.rules.plan import Plan, PlanContext, PlanDevices
from splitreel.store.model_folder import check_model_folder

# Of the host's free memory: the rest is for the encoder of the video, and for everyone else.
_HOST_SHARE = 0.8


class Room(Protocol):
    """The memory that there is. Tests play small devices."""

    def device_bytes(self) -> int | None:
        """What this process could have of its device in all; None: it shares the host's memory."""
        ...

    def host_bytes(self) -> int:
        """Free on the host."""
        ...


class RealRoom:
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


def make_places(
    pipeline: Pipeline,
    options: LoadOptions,
    device: torch.device,
    home: torch.device,
    read_again: Callable[[], None],
    *,
    can_pin: bool,
) -> Places:
    """Right after loading. `read_again` fills the text encoder from the disk, on the device."""
    # diffusers asks the first component where to compute; it may be away.
    kind = type(pipeline)
    pipeline.__class__ = type(kind.__name__, (kind,), {"_execution_device": device})
    parts = Parts(
        pipeline.text_encoder,
        pipeline.text_encoder.encoder.block,
        pipeline.transformer,
        [block for block in pipeline.transformer.transformer_blocks if not isinstance(block, AbsentBlock)],
        pipeline.vae,
    )
    return Places(parts, options.offload.value, Site(device, home, can_pin, Moves()), read_again)


def may_pin(room: Room, ranks: int, weight_bytes: int) -> bool:
    """Whether every rank of this machine may have its weights in pinned memory: half of what is free, at most.

    torch rounds each pinned tensor up to a power of two (CachingHostAllocator, torch 2.15), so it may take twice.
    """
    return ranks * 2 * weight_bytes < room.host_bytes() // 2


def memory_job(job: EngineJob, options: LoadOptions, dtype: torch.dtype) -> MemoryJob:
    return MemoryJob(
        job.width, job.height, job.num_frames, job.guidance_scale > 1, dtype.itemsize, options.offload.value
    )


def text_encoder_fate(shape: MemoryShape | None, job: MemoryJob, plan: Plan, room: Room, text_bytes: int) -> Fate:
    """Kept where all fits beside it; otherwise it waits on the host, or, where that is full too, on the disk."""
    device_bytes = room.device_bytes()
    if device_bytes is None or shape is None or keeps_text_encoder(shape, job, plan, device_bytes):
        return "kept"
    # Every rank of this machine puts its own there.
    return "offloaded" if plan.world_size * text_bytes < _HOST_SHARE * room.host_bytes() else "freed"


def memory_failure(
    error: RuntimeError, device: torch.device, rank: int, stage: Stage, advice: Callable[[], str]
) -> SplitreelError | None:
    """GPU_OOM or HOST_OOM with the stage, the rank and what would have fitted; None if the error is another one."""
    # torch has a type for a device's memory and none for the host's (c10/core/impl/alloc_cpu.cpp, torch 2.15).
    is_device = isinstance(error, torch.OutOfMemoryError)
    if not is_device and "can't allocate memory" not in str(error):
        return None
    params: Params = {"device": str(device), "rank": rank, "stage": stage.value, "advice": advice()}
    return SplitreelError("GPU_OOM" if is_device else "HOST_OOM", params)


def memory_advice(folder: Path, job: MemoryJob, plan: Plan, room: Room, *, device_count: int, video_count: int) -> str:
    """The smallest change with which what has just failed would have fitted, in words."""
    shape = read_memory_shape(folder)
    if shape is None:
        return "Choose a smaller size or fewer frames."
    # What failed was predicted to fit or was tried against the prediction: there is less than it takes.
    least = worst(memory_needs(shape, job, plan)).device_bytes - 1
    device_bytes = room.device_bytes()
    there = room.host_bytes() // plan.world_size if device_bytes is None else device_bytes
    devices = PlanDevices("cpu" if device_bytes is None else "cuda", device_count)
    guidance = 6.0 if job.is_guided else 1.0
    context = PlanContext(check_model_folder(folder).shape, devices, guidance, video_count, job.offload)
    return str(smallest_change(MemoryQuestion(shape, context, job, plan, min(least, there))))


def loading_advice(
    folder: Path, options: LoadOptions, dtype: torch.dtype, plan: Plan, room: Room, *, device_count: int
) -> str:
    """As `memory_advice`, before a size is known: for the size and length that the model was made for."""
    shape = check_model_folder(folder).shape
    job = MemoryJob(
        shape.sample_width,
        shape.sample_height,
        shape.sample_frames,
        is_guided=True,
        dtype_bytes=dtype.itemsize,
        offload=options.offload.value,
    )
    return memory_advice(folder, job, plan, room, device_count=device_count, video_count=1)
