"""`splitreel generate`: the engine without a window. The supervisor runs in this process."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from splitreel.commands.flags import Flags, chosen_plan
from splitreel.contract.device import Device, cpu_devices
from splitreel.contract.errors import AppError, Cancelled, SplitreelError
from splitreel.contract.protocol import (
    CancelJob,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobReport,
    Logged,
    Shutdown,
    Stage,
    StageProgressed,
    StartJob,
    VideoFailed,
    VideoFinished,
    WorkerVideo,
)
from splitreel.machine.gpus import visible_gpus
from splitreel.rules.naming import free_path, video_name
from splitreel.rules.plan import Plan
from splitreel.rules.request import MAX_VIDEOS
from splitreel.rules.video_size import size_text
from splitreel.store.find_model import find_model
from splitreel.worker.supervisor.checks import MAX_CPU_RANKS, check_disk_space, check_settings, model_of, nearest_folder
from splitreel.worker.supervisor.current_job import JobRequest
from splitreel.worker.supervisor.supervisor import Options, Supervisor

_JOB = "generate"
_UNITS = {
    Stage.STARTING: "ranks",
    Stage.LOADING: "bytes",
    Stage.ENCODING: "prompts",
    Stage.DENOISING: "steps",
    Stage.DECODING: "tiles",
    Stage.WRITING: "frames",
}


def generate(flags: Flags, options: Options | None = None) -> int:
    """Makes the videos and prints where they are. Returns the exit code."""
    request = plan_request(flags)
    display = _ProgressDisplay()
    supervisor = Supervisor(display.handle, options)
    display.supervisor = supervisor
    signal.signal(signal.SIGINT, lambda *_: supervisor.post(CancelJob(_JOB)))
    signal.signal(signal.SIGTERM, lambda *_: supervisor.post(CancelJob(_JOB)))
    supervisor.post(request)
    supervisor.run()
    return display.conclude()


def plan_request(flags: Flags) -> JobRequest:
    """Everything that can be refused is refused here, before torch is imported anywhere."""
    model = model_of(flags.model)
    if len(flags.prompts) > MAX_VIDEOS:
        problem = f"{len(flags.prompts)} prompts at once are not possible: give at most {MAX_VIDEOS}"
        raise SplitreelError("FLAG_INVALID", {"problem": problem})
    kind: Literal["cuda", "cpu"] = "cpu" if flags.device == "cpu" else "cuda"
    plan = chosen_plan(flags, model.shape, kind)
    job = StartJob(
        job_id=_JOB,
        model_id=flags.model if find_model(flags.model) != Path(flags.model).absolute() else str(model.path),
        model_path=str(model.path),
        settings=flags.settings(model.shape, plan),
        videos=_videos(flags),
        plan=plan,
        devices=cpu_devices(plan.world_size),
        preview_folder=None,
    )
    # What is wrong whatever the devices are is said before they are looked for.
    if flags.device != "cpu":
        check_settings(_on(job, tuple(Device("cuda", index, None, "") for index in range(64))), model)
    job = _on(job, _devices(flags, plan))
    check_settings(job, model)
    check_disk_space(job)
    if flags.save_latents is not None:
        folder = nearest_folder(flags.save_latents.absolute().parent)
        if not os.access(folder, os.W_OK):
            raise SplitreelError("OUTPUT_NOT_WRITABLE", {"folder": str(folder)})
    latents = None if flags.save_latents is None else flags.save_latents.absolute()
    return JobRequest(job, latents, flags.dtype)


def _on(job: StartJob, devices: tuple[Device, ...]) -> StartJob:
    return replace(job, devices=devices)


def _videos(flags: Flags) -> tuple[WorkerVideo, ...]:
    taken: set[Path] = set()
    folder = flags.output_dir.absolute()
    return tuple(
        WorkerVideo(
            prompt=prompt,
            negative_prompt=flags.negative_prompt or "",
            seed=flags.seed,
            image_path=None if flags.image is None else str(flags.image.absolute()),
            output_path=str(free_path(folder, video_name(prompt, flags.seed), taken)),
        )
        for prompt in flags.prompts
    )


def _devices(flags: Flags, plan: Plan) -> tuple[Device, ...]:
    on_cpu = cpu_devices(MAX_CPU_RANKS)
    if flags.device == "cpu":
        return on_cpu
    try:
        gpus = visible_gpus()
    except SplitreelError as error:
        if flags.device == "cuda":
            raise
        if error.code != "DRIVER_MISSING":
            # There seems to be a GPU, so a slow run on the CPU would come as a surprise.
            print(f"{error.error.message} Running on the CPU.", file=sys.stderr)
        return on_cpu
    return tuple(gpu.device for gpu in gpus[: plan.world_size])


class _ProgressDisplay:
    """Progress on stderr as one counting line, results on stdout."""

    def __init__(self) -> None:
        self.supervisor: Supervisor | None = None
        self._report: JobReport | None = None
        self._error: AppError | None = None
        self._is_cancelled = False
        self._is_terminal = sys.stderr.isatty()
        self._stage: Stage | None = None
        self._told_at = 0.0
        self._saved: list[str] = []

    def handle(self, event: Event) -> None:
        match event:
            case StageProgressed():
                self._tell(event)
            case VideoFinished():
                self._saved.append(event.path)
            case VideoFailed():
                self._line(f"video {event.video + 1}: {event.error.message}")
            case Logged(level="error" | "warning"):
                self._line(event.message)
            case JobFinished():
                self._report = event.report
                self._stop()
            case JobFailed():
                self._error = event.error
                self._stop()
            case JobCancelled():
                self._is_cancelled = True
                self._stop()
            case _:
                pass

    def conclude(self) -> int:
        if self._is_terminal:
            print(file=sys.stderr)
        if self._error is not None:
            raise SplitreelError.from_error(self._error)
        if self._is_cancelled or self._report is None:
            raise Cancelled
        for path in self._saved:
            print(f"output saved to {_shown(path)}")
        peak_gb = max((rank.peak_memory_bytes for rank in self._report.ranks), default=0) / 1e9
        print(f"epoch time: {self._report.total_ms / 1000:.2f} sec, memory: {peak_gb:.2f} GB", flush=True)
        return 0

    def _tell(self, event: StageProgressed) -> None:
        now = time.monotonic()
        is_last = event.completed == event.total
        if not is_last and now - self._told_at < (0.1 if self._is_terminal else 2.0) and event.stage is self._stage:
            return
        self._told_at, self._stage = now, event.stage
        unit = _UNITS[event.stage]
        if event.stage is Stage.LOADING:
            counted = f"{size_text(event.completed)} of {size_text(event.total)}"
        else:
            counted = f"{unit} {event.completed} of {event.total}"
        which = f"video {event.video + 1}: " if event.video > 0 else ""
        self._line(f"{which}{event.stage.value}: {counted}", is_counting=True)

    def _line(self, text: str, *, is_counting: bool = False) -> None:
        if self._is_terminal and is_counting:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def _stop(self) -> None:
        assert self.supervisor is not None
        self.supervisor.post(Shutdown())


def _shown(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
