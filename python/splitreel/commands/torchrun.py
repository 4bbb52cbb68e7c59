"""`torchrun --nproc_per_node=N -m splitreel.parallel_inference FLAGS`: drop-in for the original script.

Its flags, its file name and its two printed lines. torchrun starts the ranks, also across machines, so there is no
supervisor here; each rank checks the same things before torch is imported.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Literal

from splitreel.commands.flags import Flags, chosen_plan, make_parser, parse_flags
from splitreel.commands.report_errors import report_errors
from splitreel.contract.device import Device, cpu_devices
from splitreel.contract.errors import SplitreelError
from splitreel.contract.protocol import Stage, StartJob, WorkerVideo
from splitreel.rules.naming import free_path
from splitreel.rules.plan import Plan
from splitreel.store.locations import kernel_trials_file
from splitreel.store.model_folder import ModelFolder
from splitreel.worker.rank.job import run_job
from splitreel.worker.rank.messages import Run
from splitreel.worker.rank.parent import die_with_parent
from splitreel.worker.supervisor.checks import check_disk_space, check_settings, model_of
from splitreel.worker.supervisor.process_environment import versions

if TYPE_CHECKING:
    from splitreel.engine.engine import Engine

_COLLECTIVE_TIMEOUT_S = 1800.0


def main(arguments: Sequence[str]) -> int:
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    # torchrun gives each rank a session of its own, so its death alone would leave them alive.
    die_with_parent(os.getppid())
    if rank != 0:
        # Every rank finds the same fault; one line is enough.
        sys.stderr = Path(os.devnull).open("w") if _refuses(arguments, world) else sys.stderr  # noqa: SIM115
    return report_errors(lambda: _run(arguments, rank, world))


def _refuses(arguments: Sequence[str], world: int) -> bool:
    try:
        _prepare(arguments, world)
    except SplitreelError:
        return True
    return False


def _prepare(arguments: Sequence[str], world: int) -> tuple[Flags, ModelFolder, StartJob]:
    parser = make_parser("splitreel.parallel_inference")
    parser.add_argument("--overwrite", action="store_true", help="write over videos of the same name")
    parser.add_argument("--output_type", choices=("pil",), default="pil", help="as the original has it: frames")
    flags = parse_flags(parser, arguments)
    model = model_of(flags.model)
    kind: Literal["cuda", "cpu"] = "cpu" if flags.device == "cpu" else "cuda"
    if flags.nproc_per_node is not None and flags.nproc_per_node != world:
        problem = f"--nproc_per_node is torchrun's own flag: it started {world}, not {flags.nproc_per_node}"
        raise SplitreelError("FLAG_INVALID", {"problem": problem})
    plan = chosen_plan(replace(flags, nproc_per_node=world), model.shape, kind)
    job = StartJob(
        job_id="torchrun",
        model_id=flags.model,
        model_path=str(model.path),
        settings=flags.settings(model.shape, plan),
        videos=_videos(flags, model, plan),
        plan=plan,
        devices=cpu_devices(world)
        if kind == "cpu"
        else tuple(Device("cuda", number, None, "") for number in range(world)),
        preview_folder=None,
    )
    check_settings(job, model)
    return flags, model, job


def _videos(flags: Flags, model: ModelFolder, plan: Plan) -> tuple[WorkerVideo, ...]:
    settings = flags.settings(model.shape, plan)
    split = f"dp{plan.dp}_cfg{plan.cfg}_ulysses{plan.ulysses}_ring{plan.ring}_tp{plan.tp}_pp{plan.pp}"
    stem = f"cogvideox_{split}_patch{settings.num_pipeline_patch}_{settings.width}x{settings.height}"
    folder, taken = flags.output_dir.absolute(), set[Path]()
    videos: list[WorkerVideo] = []
    for number, prompt in enumerate(flags.prompts):
        if flags.overwrite:
            path = folder / (f"{stem}_{number}.mp4" if number else f"{stem}.mp4")
        else:
            path = free_path(folder, stem, taken)
        image = None if flags.image is None else str(flags.image.absolute())
        videos.append(WorkerVideo(prompt, flags.negative_prompt or "", flags.seed, image, str(path)))
    return tuple(videos)


def _run(arguments: Sequence[str], rank: int, world: int) -> int:
    flags, model, job = _prepare(arguments, world)
    if not flags.overwrite:
        check_disk_space(job)
    import torch
    import torch.distributed as dist

    from splitreel.engine.engine import Engine

    local = int(os.environ.get("LOCAL_RANK", "0"))
    is_cuda = flags.device == "cuda" or (flags.device == "auto" and torch.cuda.is_available())
    device = torch.device("cuda", local) if is_cuda else torch.device("cpu")
    if is_cuda:
        torch.cuda.set_device(device)
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}.items():
        os.environ.setdefault(name, value)
    from datetime import timedelta

    timeout = timedelta(seconds=_COLLECTIVE_TIMEOUT_S)
    dist.init_process_group("cpu:gloo,cuda:nccl" if is_cuda else "gloo", timeout=timeout)
    try:
        engine = Engine(
            rank=rank,
            world_size=world,
            device=device,
            kernel_trials=kernel_trials_file(),
        )
        own = Device("cuda", local, None, torch.cuda.get_device_name(device)) if is_cuda else cpu_devices(world)[rank]
        devices = [own] * world
        dist.all_gather_object(devices, own)
        # Rank 0 has looked which names are free; the others must mean the same files.
        shared = [replace(job, devices=tuple(devices))]
        dist.broadcast_object_list(shared, src=0)
        return _make(flags, model, shared[0], engine, rank, world)
    finally:
        dist.destroy_process_group()


def _make(flags: Flags, model: ModelFolder, job: StartJob, engine: Engine, rank: int, world: int) -> int:
    import torch.distributed as dist

    Path(job.videos[0].output_path).parent.mkdir(parents=True, exist_ok=True)
    if flags.overwrite and rank == 0:
        for video in job.videos:
            Path(video.output_path).unlink(missing_ok=True)
    dist.barrier()
    run = Run(
        serial=1,
        job=job,
        model_path=str(model.path),
        fingerprint=model.fingerprint,
        versions=versions(),
        latents_folder=None if flags.save_latents is None else str(flags.save_latents.absolute().parent),
        elapsed_ms=0.0,
        dtype=flags.dtype,
    )
    began = time.monotonic()
    observer = _TerminalObserver(rank)
    done, _ = run_job(run, engine, observer, Event(), lambda _report: None)
    seconds = time.monotonic() - began
    for path in observer.saved:
        print(f"output saved to {path}", flush=True)
    peaks: list[int] = [0] * world
    dist.all_gather_object(peaks, done.peak_memory_bytes)
    saved: list[list[tuple[int, Path, tuple[int, ...]]]] = [[] for _ in range(world)]
    dist.all_gather_object(saved, observer.latents)
    if rank == 0:
        if flags.save_latents is not None:
            _save_latents(flags.save_latents, [part for parts in saved for part in parts])
        print(f"epoch time: {seconds:.2f} sec, memory: {max(peaks) / 1e9:.2f} GB", flush=True)
    if done.errors:
        raise SplitreelError.from_error(done.errors[0].error)
    return 0


def _save_latents(target: Path, parts: list[tuple[int, Path, tuple[int, ...]]]) -> None:
    from splitreel.worker.rank.messages import LatentsSaved
    from splitreel.worker.supervisor.latents_file import write_latents

    write_latents(target, [LatentsSaved(1, video, str(path), shape) for video, path, shape in sorted(parts)])
    for _, path, _ in parts:
        path.unlink(missing_ok=True)


class _TerminalObserver:
    """Progress on stderr, by rank 0 alone."""

    def __init__(self, rank: int) -> None:
        self._speaks = rank == 0
        self.saved: list[Path] = []
        self.latents: list[tuple[int, Path, tuple[int, ...]]] = []

    def started(self, video: int, stage: Stage, total: int) -> None:
        if self._speaks:
            print(f"video {video + 1}: {stage.value} ({total})", file=sys.stderr, flush=True)

    def progressed(self, video: int, stage: Stage, completed: int, total: int) -> None:
        if self._speaks and stage is Stage.DENOISING:
            print(f"video {video + 1}: step {completed} of {total}", file=sys.stderr, flush=True)

    def finished(self, video: int, stage: Stage, total: int) -> None:
        pass

    def previewed(self, video: int, step: int, path: Path) -> None:
        pass

    def latents_saved(self, video: int, path: Path, shape: tuple[int, ...]) -> None:
        self.latents.append((video, path, shape))

    def may_publish(self, video: int) -> bool:  # noqa: ARG002 - nothing cancels here
        return True

    def published(self, video: int, path: Path) -> None:  # noqa: ARG002 - the port has it
        self.saved.append(path)
