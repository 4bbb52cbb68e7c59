"""Decisions about one rank's memory: what happens to the text encoder, and what to advise when memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from splitreel.contract import failures
from splitreel.contract.errors import Explanation, SplitreelError
from splitreel.contract.types import Plan, Quality, Stage, TextEncoderPolicy
from splitreel.engine.api import EngineJob, LoadOptions
from splitreel.engine.memory_budget import MemoryBudget
from splitreel.rules.memory import MemoryJob, keeps_text_encoder, memory_needs, worst
from splitreel.rules.memory_advice import MemoryQuestion, smallest_change
from splitreel.rules.memory_shape import MemoryShape
from splitreel.rules.plan import PlanContext, PlanDevices
from splitreel.store.memory_shape import read_memory_shape
from splitreel.store.model_folder import check_model_folder

# Of the host's free memory. The rest is for encoding the video and for other programs.
_HOST_SHARE = 0.8


def memory_job(
    job: EngineJob, options: LoadOptions, dtype: torch.dtype, *, is_fused: bool, is_nvlinked: bool
) -> MemoryJob:
    return MemoryJob(
        job.width,
        job.height,
        job.num_frames,
        job.guidance_scale > 1,
        dtype.itemsize,
        options.offload,
        is_quantized=options.quantized,
        is_fused=is_fused,
        is_nvlinked=is_nvlinked,
        reuses_steps=job.quality is Quality.FAST,
    )


def choose_text_encoder_policy(
    shape: MemoryShape | None,
    job: MemoryJob,
    plan: Plan,
    budget: MemoryBudget,
    text_encoder_bytes: int,
    *,
    taken_bytes: int,
) -> TextEncoderPolicy:
    """Kept if the other stages fit alongside it; otherwise offloaded to the host, or freed if the host is full too.

    `taken_bytes`: of the forecast, what this process holds already, beside torch's tensors.
    """
    device_bytes = budget.device_bytes()
    if device_bytes is None or shape is None or keeps_text_encoder(shape, job, plan, device_bytes + taken_bytes):
        return TextEncoderPolicy.KEPT
    # Every rank on this machine offloads its own copy.
    return (
        TextEncoderPolicy.OFFLOADED
        if plan.world_size * text_encoder_bytes < _HOST_SHARE * budget.host_bytes()
        else TextEncoderPolicy.FREED
    )


def memory_failure(
    error: RuntimeError, device: torch.device, rank: int, stage: Stage, advice: Callable[[], Explanation | None]
) -> SplitreelError | None:
    """GPU_OOM or HOST_OOM with the stage, the rank and what would fit; None if the error has another cause."""
    # torch has an error type for device memory but none for host memory (c10/core/impl/alloc_cpu.cpp, torch 2.15).
    is_device = isinstance(error, torch.OutOfMemoryError)
    if not is_device and "can't allocate memory" not in str(error):
        return None
    if is_device:
        name = "The CPU" if device.type == "cpu" else f"GPU {device.index or 0}"
        return failures.gpu_oom(device=name, rank=rank, stage=stage, advice=advice())
    return failures.host_oom(rank=rank, stage=stage, advice=advice())


def memory_advice(
    folder: Path, job: MemoryJob, plan: Plan, budget: MemoryBudget, *, device_count: int, video_count: int
) -> Explanation | None:
    """The smallest change that would make the failed job fit; None if the model's shape isn't known."""
    shape = read_memory_shape(folder)
    if shape is None:
        return None
    # The job either was predicted to fit or ran against the prediction. Either way there is less than it needs.
    needed = worst(memory_needs(shape, job, plan)).device_bytes - 1
    device_bytes = budget.device_bytes()
    available = budget.host_bytes() // plan.world_size if device_bytes is None else device_bytes
    devices = PlanDevices("cpu" if device_bytes is None else "cuda", device_count)
    guidance = 6.0 if job.is_guided else 1.0
    quality = Quality.BALANCED if job.is_quantized else Quality.EXACT
    context = PlanContext(check_model_folder(folder).shape, devices, guidance, video_count, job.offload, quality)
    return smallest_change(MemoryQuestion(shape, context, job, plan, min(needed, available)))


def loading_advice(
    folder: Path, options: LoadOptions, dtype: torch.dtype, plan: Plan, budget: MemoryBudget, *, device_count: int
) -> Explanation | None:
    """Like `memory_advice`, before a size is known: for the size and length that the model was trained for."""
    shape = check_model_folder(folder).shape
    job = MemoryJob(
        shape.sample_width,
        shape.sample_height,
        shape.sample_frames,
        is_guided=True,
        dtype_bytes=dtype.itemsize,
        offload=options.offload,
        is_quantized=options.quantized,
        is_fused=options.fused and dtype.itemsize == 2,
    )
    return memory_advice(folder, job, plan, budget, device_count=device_count, video_count=1)
