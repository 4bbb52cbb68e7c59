"""`torchrun --nproc_per_node=N -m splitreel.parallel_inference FLAGS`: a drop-in for the original script.

It takes that script's flags, uses its file names and prints its two lines. torchrun starts the ranks, also on several
machines, so there is no supervisor: every rank makes the same checks before it imports torch.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Literal

from splitreel.commands.compatibility import add_compatible_flags, note_of
from splitreel.commands.error_board import ErrorBoard
from splitreel.commands.flags import Flags, chosen_plan, make_parser, parse_flags
from splitreel.commands.report_errors import report, report_errors
from splitreel.contract import failures, reasons
from splitreel.contract.defaults import DROP_IN_DEFAULTS
from splitreel.contract.devices import cpu_devices
from splitreel.contract.errors import Canceled, PeerError, SplitreelError, error_of
from splitreel.contract.limits import MAX_CPU_RANKS
from splitreel.contract.protocol import StartJob, WorkerVideo
from splitreel.contract.types import Device, Plan, Stage
from splitreel.machine.gpus import visible_gpus
from splitreel.machine.imports import lasting_imports
from splitreel.machine.topology import visible_island_size
from splitreel.rules.naming import free_path
from splitreel.store.locations import kernel_cache_environment, kernel_trials_file
from splitreel.store.model_folder import ModelFolder
from splitreel.worker.rank.job import run_job
from splitreel.worker.rank.messages import Run
from splitreel.worker.rank.parent import die_with_parent
from splitreel.worker.supervisor.checks import check_disk_space, check_settings
from splitreel.worker.supervisor.latents_file import check_latents_path, write_latents
from splitreel.worker.supervisor.models import model_of
from splitreel.worker.supervisor.process_environment import ENGINE_SETTINGS, versions

if TYPE_CHECKING:
    import torch
    from torch._C._distributed_c10d import Store

    from splitreel.engine.engine import Engine

_COLLECTIVE_TIMEOUT = timedelta(seconds=1800)
_REPORT_S = 5.0
_MAX_WORLD = 4_096
# Of the settings for ranks, those that don't keep collectives on this machine: torchrun's ranks may be on several.
_QUIET_LIBRARIES = {name: ENGINE_SETTINGS[name] for name in ("DIFFUSERS_VERBOSITY", "TRANSFORMERS_VERBOSITY")}


class _PostedError(SplitreelError):
    """The first error of any rank. Rank 0 reports it from the board."""


def main(arguments: Sequence[str]) -> int:
    # torchrun starts each rank in its own session, so ranks would outlive it.
    die_with_parent(os.getppid())
    os.environ.update(_QUIET_LIBRARIES)
    is_first_here = os.environ.get("LOCAL_RANK", "0") == "0"
    # Until the ranks have met, each finds the same error, and one per machine reports it. After that, rank 0 does.
    code = report_errors(
        lambda: _run(arguments, *_place()),
        is_reported=lambda error: is_first_here and not isinstance(error, _PostedError),
    )
    if code != 0 and os.environ.get("RANK", "0") != "0":
        # torchrun ends all ranks as soon as one has failed: the one that reports must be the first.
        time.sleep(_REPORT_S)
    return code


def _place() -> tuple[int, int]:
    """This rank and the world size, from the variables that torchrun sets. Raises FLAG_INVALID."""
    world = _variable("WORLD_SIZE", 1, least=1, most=_MAX_WORLD)
    for name, most in (("MASTER_PORT", 65_535), ("LOCAL_RANK", world - 1), ("LOCAL_WORLD_SIZE", world)):
        _variable(name, 0, least=0, most=most)
    return _variable("RANK", 0, least=0, most=world - 1), world


def _variable(name: str, default: int, *, least: int, most: int) -> int:
    try:
        value = int(os.environ.get(name, str(default)))
    except ValueError:
        raise failures.flag_invalid(reasons=[reasons.flag_not_whole(flag=name)]) from None
    if value < least:
        raise failures.flag_invalid(reasons=[reasons.flag_too_small(flag=name, min=least, value=value)])
    if value > most:
        raise failures.flag_invalid(reasons=[reasons.flag_too_large(flag=name, max=most, value=value)])
    return value


def prepare(arguments: Sequence[str], world: int) -> tuple[Flags, ModelFolder, StartJob, str | None]:
    """Makes every check that doesn't need torch. The last result is a note on flags that have no effect."""
    parser = make_parser("splitreel.parallel_inference")
    parser.add_argument("--overwrite", action="store_true", help="replace videos of the same name")
    parser.add_argument("--output_type", choices=("pil",), default="pil", help="only pil, as in the original script")
    add_compatible_flags(parser)
    flags = parse_flags(parser, arguments)
    model = model_of(flags.model)
    kind: Literal["cuda", "cpu"] = "cpu" if flags.device == "cpu" else "cuda"
    if flags.nproc_per_node is not None and flags.nproc_per_node != world:
        reason = reasons.processes_differ(ranks=world, flag="--nproc_per_node", value=flags.nproc_per_node)
        raise failures.flag_invalid(reasons=[reason])
    plan = chosen_plan(replace(flags, nproc_per_node=world), model.shape, kind)
    # Ranks may be on several machines: which GPUs they have is known once all have met.
    devices = tuple(Device("cuda", index, None, "") for index in range(world))
    job = StartJob(
        job_id="torchrun",
        model_id=flags.model,
        model_path=str(model.path),
        settings=flags.settings(model.shape, plan, DROP_IN_DEFAULTS),
        videos=_videos(flags, model, plan),
        plan=plan,
        devices=cpu_devices(MAX_CPU_RANKS) if kind == "cpu" else devices,
        preview_folder=None,
    )
    check_settings(job, model)
    latents = check_latents_path(flags.save_latents)
    latents_folders = () if latents is None else (latents.parent, Path(tempfile.gettempdir()))
    check_disk_space(job, model.shape, latents_folders=latents_folders, may_replace=flags.overwrite)
    return flags, model, job, note_of(flags.ignored)


def _videos(flags: Flags, model: ModelFolder, plan: Plan) -> tuple[WorkerVideo, ...]:
    settings = flags.settings(model.shape, plan, DROP_IN_DEFAULTS)
    split = f"dp{plan.dp}_cfg{plan.cfg}_ulysses{plan.ulysses}_ring{plan.ring}_tp{plan.tp}_pp{plan.pp}"
    stem = f"cogvideox_{split}_patch{settings.num_pipeline_patch}_{settings.width}x{settings.height}"
    folder, taken = flags.output_dir.absolute(), set[Path]()
    paths = [
        folder / (f"{stem}_{number}.mp4" if number else f"{stem}.mp4")
        if flags.overwrite
        else free_path(folder, stem, taken)
        for number in range(len(flags.prompts))
    ]
    return flags.videos(paths)


def _run(arguments: Sequence[str], rank: int, world: int) -> int:
    flags, model, job, note = prepare(arguments, world)
    if note is not None and rank == 0:
        print(note, file=sys.stderr, flush=True)
    for name, value in kernel_cache_environment().items():
        os.environ.setdefault(name, value)
    with lasting_imports():
        from torch.distributed.rendezvous import rendezvous

    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}.items():
        os.environ.setdefault(name, value)
    store, _, _ = next(rendezvous("env://", rank, world, timeout=_COLLECTIVE_TIMEOUT))
    board = ErrorBoard(store.clone(), report)
    if rank == 0:
        board.watch()
    try:
        return _run_in_world(flags, model, job, store, (rank, world))
    except (Canceled, KeyboardInterrupt):
        raise
    except Exception as error:
        # Another rank's error may have broken a collective here, so report the first one.
        first = board.first() if isinstance(error, PeerError) else board.post(error_of(error))
        if rank == 0:
            board.report(first)
        raise _PostedError.from_error(first) from error
    finally:
        # Only after the error is posted: this breaks the collectives of the other ranks, and the first error counts.
        _leave_world()


def _run_in_world(
    flags: Flags, model: ModelFolder, job: StartJob, store: Store, rank_and_world: tuple[int, int]
) -> int:
    """`rank_and_world`: this rank and the world size."""
    rank, world = rank_and_world
    # Before the longest import, so that a device that is missing is reported at once.
    device, own = _device(flags)
    with lasting_imports():
        import torch.distributed as dist

        from splitreel.engine.engine import Engine

    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
        store=store,
        rank=rank,
        world_size=world,
        timeout=_COLLECTIVE_TIMEOUT,
    )
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    engine = Engine(
        rank=rank,
        world_size=world,
        device=device,
        kernel_trials=kernel_trials_file(),
        is_nvlinked=device.type == "cuda" and visible_island_size(here) > 1,
    )
    devices = [own] * world
    dist.all_gather_object(devices, own)
    # Rank 0 has chosen free names; the others must use the same.
    shared = [replace(job, devices=tuple(devices))]
    dist.broadcast_object_list(shared, src=0)
    with tempfile.TemporaryDirectory(prefix="splitreel-") as folder:
        return _make(flags, model, shared[0], engine, rank, Path(folder))


def _leave_world() -> None:
    import torch.distributed as dist

    if dist.is_initialized():
        dist.destroy_process_group()


def _device(flags: Flags) -> tuple[torch.device, Device]:
    """This rank's device. Raises GPU_MISSING, CUDA_UNAVAILABLE or an error of the driver."""
    import torch

    from splitreel.worker.rank.cuda import start_cuda

    local = int(os.environ.get("LOCAL_RANK", "0"))
    is_available = torch.cuda.is_available()
    if flags.device == "cpu" or (flags.device == "auto" and not is_available):
        return torch.device("cpu"), cpu_devices(local + 1)[local]
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    count = torch.cuda.device_count() if is_available else len(visible_gpus())
    if here > count:
        raise failures.gpu_missing(reasons=[reasons.processes_exceed_gpus(ranks=here, gpus=count)])
    device = torch.device("cuda", local)
    return device, Device("cuda", local, None, start_cuda(device, f"GPU {local}"))


def _make(flags: Flags, model: ModelFolder, job: StartJob, engine: Engine, rank: int, folder: Path) -> int:
    """`folder`: a private one for raw latents."""
    import torch.distributed as dist

    Path(job.videos[0].output_path).parent.mkdir(parents=True, exist_ok=True)
    dist.barrier()
    run = Run(
        serial=1,
        job=job,
        model_path=str(model.path),
        fingerprint=model.fingerprint,
        versions=versions(),
        latents_folder=None if flags.save_latents is None else str(folder),
        elapsed_ms=0.0,
        dtype=flags.dtype,
    )
    began = time.monotonic()
    observer = _TerminalObserver(job, is_first=rank == 0, may_replace=flags.overwrite)
    done, _ = run_job(run, engine, observer, Event(), lambda _report: None)
    seconds = time.monotonic() - began
    for path in observer.saved:
        print(f"output saved to {path}", flush=True)
    world = len(job.devices)
    peaks: list[int] = [0] * world
    dist.all_gather_object(peaks, done.peak_memory_bytes)
    # Ranks may be on several machines, so the contents of their files are sent.
    parts: list[list[tuple[int, tuple[int, ...], bytes]]] = [[] for _ in range(world)]
    dist.all_gather_object(parts, [(video, shape, path.read_bytes()) for video, path, shape in observer.latents])
    if rank == 0:
        print(f"epoch time: {seconds:.2f} sec, memory: {max(peaks) / 1e9:.2f} GB", flush=True)
        if flags.save_latents is not None and any(parts):
            ordered = sorted(part for own in parts for part in own)
            write_latents(
                flags.save_latents.absolute(), [shape for _, shape, _ in ordered], (data for _, _, data in ordered)
            )
    # Any rank may know a video's error; the first rank reports it.
    errors = [done.errors] * world
    dist.all_gather_object(errors, done.errors)
    if (failed := next((error for own in errors for error in own), None)) is not None:
        raise SplitreelError.from_error(failed.error)
    return 0


class _TerminalObserver:
    """Prints progress on stderr, from rank 0 alone."""

    def __init__(self, job: StartJob, *, is_first: bool, may_replace: bool) -> None:
        self._job = job
        self._is_first = is_first
        self._may_replace = may_replace
        self.saved: list[Path] = []
        self.latents: list[tuple[int, Path, tuple[int, ...]]] = []

    def started(self, video: int, stage: Stage, total: int) -> None:
        self._print(f"video {video + 1}: {stage.value} ({total})")

    def progressed(self, video: int, stage: Stage, completed: int, total: int) -> None:
        if stage is Stage.DENOISING:
            self._print(f"video {video + 1}: step {completed} of {total}")

    def finished(self, video: int, stage: Stage, total: int) -> None:
        pass

    def previewed(self, video: int, step: int, path: Path) -> None:
        pass

    def latents_saved(self, video: int, path: Path, shape: tuple[int, ...]) -> None:
        self.latents.append((video, path, shape))

    def may_publish(self, video: int) -> bool:
        if self._may_replace:
            # Only now that the new video is complete.
            Path(self._job.videos[video].output_path).unlink(missing_ok=True)
        return True

    def published(self, video: int, path: Path) -> None:  # noqa: ARG002 - part of the interface
        self.saved.append(path)

    def _print(self, text: str) -> None:
        if self._is_first:
            print(text, file=sys.stderr, flush=True)
