"""Checks before a rank starts whether a job fits on its GPUs: an error if it can't, a warning if it may not."""

from __future__ import annotations

from splitreel.contract import failures
from splitreel.contract.protocol import StartJob
from splitreel.contract.types import Quality
from splitreel.machine.gpus import Gpu
from splitreel.machine.topology import nvlink_island_size
from splitreel.rules.memory import MemoryJob, can_fuse, memory_needs
from splitreel.rules.memory_advice import MemoryQuestion, rounded_up, smallest_change, worst_need
from splitreel.rules.plan import PlanContext, PlanDevices
from splitreel.store.model_folder import ModelFolder


def check_memory(
    job: StartJob, model: ModelFolder, gpus: list[Gpu], *, dtype_bytes: int, has_own_kernels: bool
) -> str | None:
    """A warning if the job is predicted to need more than the smallest GPU has; None if it fits or nothing is known.

    Raises MEMORY_SHORT if the weights alone, whose size is exact, are too large.
    """
    memory = model.memory
    if memory is None:
        return None
    uuids = {device.uuid for device in job.devices}
    # Nothing can be predicted for GPUs whose memory the driver doesn't report.
    chosen = [gpu for gpu in gpus if gpu.uuid in uuids and gpu.memory_bytes > 0]
    if not chosen:
        return None
    smallest = min(chosen, key=lambda gpu: gpu.memory_bytes)
    settings = job.settings
    memory_job = MemoryJob(
        settings.width,
        settings.height,
        settings.num_frames,
        settings.guidance_scale > 1,
        dtype_bytes,
        settings.offload,
        is_quantized=settings.quality is not Quality.EXACT,
        is_fused=has_own_kernels and can_fuse(memory.vae),
        is_nvlinked=nvlink_island_size([device.index for device in job.devices]) > 1,
        reuses_steps=settings.quality is Quality.FAST,
    )
    devices = PlanDevices("cuda", len(job.devices))
    context = PlanContext(
        model.shape, devices, settings.guidance_scale, len(job.videos), settings.offload, settings.quality
    )
    question = MemoryQuestion(memory, context, memory_job, job.plan, smallest.memory_bytes)
    need = worst_need(question)
    if need.device_bytes <= smallest.memory_bytes:
        return None
    short = failures.memory_short(
        device=smallest.device.label,
        free_bytes=rounded_up(smallest.memory_bytes),
        needed_bytes=rounded_up(need.device_bytes),
        stage=need.stage,
        advice=smallest_change(question),
    )
    if any(stage.weight_bytes > smallest.memory_bytes for stage in memory_needs(memory, memory_job, job.plan)):
        raise short
    return f"{short.error.message} {short.error.action}"
