"""Everything that can be refused before a rank starts: model, request, plan, memory, disk. No torch."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from splitreel.contract import failures, reasons
from splitreel.contract.errors import AppError, SplitreelError, error_of
from splitreel.contract.protocol import StartJob
from splitreel.contract.sampling import request_of
from splitreel.contract.types import Kernel, Plan, SamplingParams
from splitreel.machine.gpus import compute_capabilities, known_gpus
from splitreel.rules.kernel_trials import TrialsFile, has_own_kernels
from splitreel.rules.model_shape import ModelShape
from splitreel.rules.plan import PlanContext, PlanDevices, check_plan
from splitreel.rules.request import check_request
from splitreel.rules.video_size import latents_bytes, video_bytes
from splitreel.store.locations import kernel_trials_file
from splitreel.store.model_folder import ModelFolder
from splitreel.video.image_file import check_image
from splitreel.worker.supervisor.memory import check_memory
from splitreel.worker.supervisor.models import check_lora, model_of


@dataclass(frozen=True, slots=True)
class CheckedJob:
    """A job that may run. `warning`: a sentence on what may still go wrong."""

    job: StartJob
    model: ModelFolder
    warning: str | None = None


def check_job(job: StartJob, dtype: str = "auto") -> CheckedJob:
    """Raises REQUEST_INVALID or PLAN_INVALID with every reason, or an error of the model, memory or disk."""
    model = model_of(job.model_path)
    check_settings(job, model)
    check_disk_space(job, model.shape)
    if job.devices[0].kind == "cpu":
        return CheckedJob(job, model)
    # `auto` is bfloat16 on CUDA.
    size = 4 if dtype == "float32" else 2
    has_own = has_own_kernels(compute_capabilities(), TrialsFile(kernel_trials_file()))
    return CheckedJob(job, model, check_memory(job, model, known_gpus(), dtype_bytes=size, has_own_kernels=has_own))


def prepare_job(job: StartJob, dtype: str) -> CheckedJob | AppError:
    """Checks the job and creates its output folders."""
    try:
        checked = check_job(job, dtype)
        for video in job.videos:
            Path(video.output_path).parent.mkdir(parents=True, exist_ok=True)
    except SplitreelError as error:
        return error.error
    except OSError as error:
        return failures.output_not_writable(
            folder=str(Path(job.videos[0].output_path).parent), details=str(error)
        ).error
    except Exception as error:  # noqa: BLE001 - a model folder must not fail more than this job
        return error_of(error)
    return checked


def check_settings(job: StartJob, model: ModelFolder) -> None:
    settings = job.settings
    for video in job.videos:
        if wrong := check_request(model.shape, request_of(job, video)):
            raise failures.request_invalid(reasons=wrong)
    for file in {video.image_path for video in job.videos if video.image_path is not None}:
        check_image(Path(file))
    for lora in settings.loras:
        check_lora(lora, model)
    devices = PlanDevices(job.devices[0].kind, len(job.devices))
    context = PlanContext(
        model.shape, devices, settings.guidance_scale, len(job.videos), settings.offload, settings.quality
    )
    if wrong := check_plan(context, job.plan):
        raise failures.plan_invalid(reasons=wrong)
    check_patches(settings, model, job.plan)
    if settings.attention not in {Kernel.AUTO, Kernel.SDPA} and devices.kind == "cpu":
        reason = reasons.kernel_needs_gpu(kernel=settings.attention)
        raise failures.kernel_unavailable(kernel=settings.attention, reasons=[reason])


def check_patches(settings: SamplingParams, model: ModelFolder, plan: Plan) -> None:
    """Raises REQUEST_INVALID unless every patch has at least one token for each rank of a stage."""
    if plan.pp == 1:
        return
    most = image_tokens(model.shape, settings) // (plan.ring * plan.ulysses)
    if settings.num_pipeline_patch > most:
        reason = reasons.patches_exceed_tokens(patches=settings.num_pipeline_patch, max=most)
        raise failures.request_invalid(reasons=[reason])


def image_tokens(shape: ModelShape, settings: SamplingParams) -> int:
    frames = (settings.num_frames - 1) // shape.temporal_compression + 1
    cell = shape.spatial_compression * shape.patch_size
    return -(-frames // shape.patch_size_temporal) * (settings.height // cell) * (settings.width // cell)


def check_disk_space(
    job: StartJob, shape: ModelShape, *, latents_folders: Sequence[Path] = (), may_replace: bool = False
) -> None:
    """Whether the files can be written. Creates no folder: it checks the nearest one that exists.

    `latents_folders` will each hold the latents of all videos: where ranks leave them, and where they are joined.
    """
    settings = job.settings
    folders = []
    for video in job.videos:
        target = Path(video.output_path)
        if os.path.lexists(target) and not (may_replace and not target.is_dir()):
            raise failures.output_exists(file=str(target))
        folders.append(writable_folder(target.parent))
    size = settings.width, settings.height, settings.num_frames
    needs = [(folder, video_bytes(*size)) for folder in folders]
    latents = len(job.videos) * latents_bytes(shape, *size)
    needs += [(writable_folder(folder), latents) for folder in latents_folders]
    _refuse_full_disks(needs)


def _refuse_full_disks(needs: Sequence[tuple[Path, int]]) -> None:
    """`needs`: folders and the bytes each will take. Folders on one disk share what is free there."""
    needed: dict[int, int] = {}
    for folder, size in needs:
        disk = folder.stat().st_dev
        needed[disk] = needed.get(disk, 0) + size
        free = shutil.disk_usage(folder).free
        if free < needed[disk]:
            raise failures.disk_full(folder=str(folder), needed_bytes=needed[disk], free_bytes=free)


def writable_folder(folder: Path) -> Path:
    """The folder, or its nearest parent that exists. Raises OUTPUT_NOT_WRITABLE."""
    nearest = nearest_folder(folder)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise failures.output_not_writable(folder=str(nearest))
    longest = os.pathconf(nearest, "PC_NAME_MAX")
    too_long = [part for part in folder.parts[len(nearest.parts) :] if len(os.fsencode(part)) > longest]
    if too_long:
        details = f"the name has {len(os.fsencode(too_long[0]))} bytes, and {longest} are allowed"
        raise failures.output_not_writable(folder=str(folder), details=details)
    return nearest


def nearest_folder(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        try:
            if candidate.is_dir():
                return candidate
            if os.path.lexists(candidate):
                break
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                continue
            raise failures.output_not_writable(folder=str(folder), details=str(error)) from error
    raise failures.output_not_writable(folder=str(folder))
