"""`splitreel generate`: the engine without a window. The supervisor runs in this process."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from splitreel.commands.flags import Flags, chosen_plan
from splitreel.contract import failures, reasons
from splitreel.contract.devices import cpu_devices
from splitreel.contract.errors import AppError, Canceled, SplitreelError
from splitreel.contract.format import size_text
from splitreel.contract.limits import MAX_CPU_RANKS, MAX_VIDEOS
from splitreel.contract.messages import notice_text
from splitreel.contract.protocol import (
    CancelJob,
    Event,
    JobCanceled,
    JobFailed,
    JobFinished,
    JobReport,
    Logged,
    Shutdown,
    StageProgressed,
    StartJob,
    VideoFailed,
    VideoFinished,
)
from splitreel.contract.types import Device, Plan, Stage
from splitreel.machine.gpus import visible_gpus
from splitreel.machine.topology import visible_island_size
from splitreel.rules.naming import free_path, video_name
from splitreel.store.find_model import find_model
from splitreel.worker.supervisor.checks import check_disk_space, check_settings
from splitreel.worker.supervisor.current_job import JobRequest
from splitreel.worker.supervisor.latents_file import check_latents_path
from splitreel.worker.supervisor.models import count_tokens, model_of
from splitreel.worker.supervisor.private_folder import private_parent
from splitreel.worker.supervisor.supervisor import Options, Supervisor

_JOB = "generate"
_UNITS = {
    Stage.STARTING: "ranks",
    Stage.LOADING: "bytes",
    Stage.OPTIMIZING: "kernels",
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
    note_long_prompts(request.job)
    # SIGHUP is sent when the terminal closes, SIGQUIT by Ctrl-\.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda *_: supervisor.post(CancelJob(_JOB)))
    supervisor.post(request)
    supervisor.run()
    return display.conclude()


def plan_request(flags: Flags) -> JobRequest:
    """Makes every check that is possible before a process imports torch. Raises SplitreelError."""
    model = model_of(flags.model)
    if len(flags.prompts) > MAX_VIDEOS:
        raise failures.flag_invalid(reasons=[reasons.prompts_too_many(prompts=len(flags.prompts), max=MAX_VIDEOS)])
    kind: Literal["cuda", "cpu"] = "cpu" if flags.device == "cpu" else "cuda"
    plan = chosen_plan(flags, model.shape, kind, visible_island_size if kind == "cuda" else lambda _count: 1)
    folder, taken = flags.output_dir.absolute(), set[Path]()
    job = StartJob(
        job_id=_JOB,
        model_id=flags.model if find_model(flags.model) != Path(flags.model).absolute() else str(model.path),
        model_path=str(model.path),
        settings=flags.settings(model.shape, plan),
        videos=flags.videos([free_path(folder, video_name(prompt, flags.seed), taken) for prompt in flags.prompts]),
        plan=plan,
        devices=cpu_devices(MAX_CPU_RANKS),
        preview_folder=None,
    )
    # Errors that don't depend on the device are reported before looking for GPUs.
    if flags.device != "cpu":
        check_settings(replace(job, devices=tuple(Device("cuda", index, None, "") for index in range(64))), model)
    job = replace(job, devices=_devices(flags, plan))
    check_settings(job, model)
    latents = check_latents_path(flags.save_latents)
    latents_folders = () if latents is None else (latents.parent, private_parent())
    check_disk_space(job, model.shape, latents_folders=latents_folders)
    return JobRequest(job, latents, flags.dtype)


def note_long_prompts(job: StartJob) -> None:
    """Prints how much of a long prompt the model reads, like the window."""
    for video in job.videos:
        for text in (video.prompt, video.negative_prompt):
            # Counting is a courtesy: a tokenizer that doesn't load fails the job later, with its own error.
            with suppress(Exception):
                tokens, limit = count_tokens(job.model_path, text)
                if tokens > limit:
                    print(notice_text("prompt_too_long", {"tokens": tokens, "max": limit}), file=sys.stderr)


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
            # There seems to be a GPU, so explain why the run is slow.
            print(f"{error.error.message} Running on the CPU.", file=sys.stderr)
        return on_cpu
    return tuple(gpu.device for gpu in gpus[: plan.world_size])


class _ProgressDisplay:
    """Progress on stderr as one counting line, results on stdout."""

    def __init__(self) -> None:
        self.supervisor: Supervisor | None = None
        self._report: JobReport | None = None
        self._error: AppError | None = None
        self._is_canceled = False
        self._is_terminal = sys.stderr.isatty()
        self._stage: Stage | None = None
        self._shown_at = 0.0
        self._saved: list[str] = []

    def handle(self, event: Event) -> None:
        match event:
            case StageProgressed():
                self._show(event)
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
            case JobCanceled():
                self._is_canceled = True
                self._stop()
            case _:
                pass

    def conclude(self) -> int:
        if self._is_terminal:
            print(file=sys.stderr)
        # A job that fails or is canceled later leaves these videos, too.
        for path in self._saved:
            print(f"output saved to {_shown(path)}")
        if self._error is not None:
            raise SplitreelError.from_error(self._error)
        if self._is_canceled or self._report is None:
            raise Canceled
        for notice in self._report.notices:
            print(notice, file=sys.stderr, flush=True)
        peak_gb = max((rank.peak_memory_bytes for rank in self._report.ranks), default=0) / 1e9
        print(f"epoch time: {self._report.total_ms / 1000:.2f} sec, memory: {peak_gb:.2f} GB", flush=True)
        return 0

    def _show(self, event: StageProgressed) -> None:
        now = time.monotonic()
        is_last = event.completed == event.total
        if not is_last and now - self._shown_at < (0.1 if self._is_terminal else 2.0) and event.stage is self._stage:
            return
        self._shown_at, self._stage = now, event.stage
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
