"""One loop on one thread: takes commands and launcher events from a queue, emits events, and watches ranks.

It never blocks for long, so its tick is a true sign of life. Whatever takes time runs in the zygote, in ranks, or on
a thread that posts its result here.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from splitreel.contract.errors import AppError
from splitreel.contract.protocol import (
    CancelJob,
    Command,
    CountTokens,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Logged,
    Ready,
    Shutdown,
    StartJob,
    Unload,
)
from splitreel.contract.types import Stage
from splitreel.machine.vitals import SteadyClock
from splitreel.worker.rank.messages import Cancel, Joined, JoinFailed, RankEvent, RankHeartbeat, Run
from splitreel.worker.supervisor.checks import CheckedJob, prepare_job
from splitreel.worker.supervisor.current_job import CurrentJob, JobRequest
from splitreel.worker.supervisor.engine_processes import EngineProcesses
from splitreel.worker.supervisor.job_end import Failed, JobEnd, Made, WasCancelled
from splitreel.worker.supervisor.kernel_probe import probe_kernels
from splitreel.worker.supervisor.latents_file import save_latents
from splitreel.worker.supervisor.launcher import (
    Launcher,
    LauncherEvent,
    RankEventReceived,
    ZygoteReady,
)
from splitreel.worker.supervisor.private_folder import PrivateFolder
from splitreel.worker.supervisor.process_environment import versions
from splitreel.worker.supervisor.ranks import Rank
from splitreel.worker.supervisor.stages import StageTracker
from splitreel.worker.supervisor.tokens import answer_token_count
from splitreel.worker.supervisor.watch import Deadlines, find_dead, find_hung

_TICK_S = 0.2


@dataclass(frozen=True, slots=True)
class Closed:
    """The process that sends commands is gone."""


@dataclass(frozen=True, slots=True)
class JobChecked:
    """The checks of a job are done, on their own thread."""

    serial: int
    result: CheckedJob | AppError


Incoming = Command | JobRequest | LauncherEvent | Closed | JobChecked


@dataclass(frozen=True, slots=True)
class Options:
    engine_module: str = "splitreel.worker.rank.torch_engine"
    extra_path: str | None = None  # where tests keep an engine module of their own
    deadlines: Deadlines = field(default_factory=Deadlines)


class Supervisor:
    def __init__(self, emit: Callable[[Event], None], options: Options | None = None) -> None:
        self._emit = emit
        self._options = options or Options()
        # Signal handlers post too, and only this kind of queue is safe to re-enter.
        self._inbox: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self._clock = SteadyClock()
        self._folder = PrivateFolder()
        self._versions = versions()
        self._engine = EngineProcesses(self._folder.path, self._start_launcher, self._clock)
        self._waiting: deque[JobRequest] = deque()
        self._current: CurrentJob | None = None
        self._serial = 0
        self._is_closing = False
        self.last_tick = time.monotonic()

    def post(self, message: Incoming) -> None:
        """From any thread."""
        self._inbox.put(message)

    def run(self) -> None:
        """Returns after Shutdown or Closed, when no process of ours is left."""
        try:
            self._emit(Ready(os.getpid(), self._versions))
            probe_kernels(self._emit)
            self._engine.start()
            self._emit_state()
            while not self._is_closing:
                self._clock.tick()
                self.last_tick = time.monotonic()
                try:
                    message = self._inbox.get(timeout=_TICK_S)
                except queue.Empty:
                    pass
                else:
                    self._handle(message)
                self._watch()
        finally:
            self._close()

    def _close(self) -> None:
        if self._current is not None:
            self._finish(WasCancelled())
        for request in self._waiting:
            self._emit(JobCancelled(request.job.job_id))
        self._engine.close()
        self._folder.remove()

    def _handle(self, message: Incoming) -> None:
        match message:
            case StartJob():
                self._waiting.append(JobRequest(message))
            case JobRequest():
                self._waiting.append(message)
            case JobChecked():
                self._on_checked(message)
            case CancelJob():
                self._cancel(message.job_id)
            case Unload():
                self._unload()
            case CountTokens():
                answer_token_count(message, self._emit)
            case Shutdown() | Closed():
                self._is_closing = True
            case _:
                self._on_launcher_event(message)

    def _on_launcher_event(self, event: LauncherEvent) -> None:
        if isinstance(event, RankEventReceived):
            rank = self._engine.ranks.by_serial(event.serial)
            if rank is not None:
                self._on_rank_event(rank, event.event)
        elif (error := self._engine.on_event(event)) is not None:
            self._end_ranks(error)
        elif isinstance(event, ZygoteReady):
            self._emit_state()

    def _on_rank_event(self, rank: Rank, event: RankEvent) -> None:
        rank.last_heartbeat = self._clock.now
        if isinstance(event, RankHeartbeat):
            rank.is_waiting, rank.where = event.waiting, event.where
            return
        rank.last_activity = self._clock.now
        current = self._current
        if isinstance(event, Joined):
            rank.is_joined = True
            if current is not None and current.checked is not None:
                current.stages.count(Stage.STARTING, self._engine.ranks.joined_count, len(self._engine.ranks))
        elif isinstance(event, JoinFailed):
            self._end_ranks(event.error)
        elif current is not None and event.serial == current.serial:
            current.on_event(rank, event, self._engine.ranks, self._clock.now)
            if current.is_loaded:
                self._engine.loaded_model = current.job.model_id
            if (end := current.agreed_end(self._engine.ranks)) is not None:
                self._finish(end)

    def _finish(self, end: JobEnd) -> None:
        current = self._current
        assert current is not None
        job_id = current.job.job_id
        match end:
            case Made():
                self._finish_made(current)
            case Failed():
                self._emit(JobFailed(job_id, end.error))
            case WasCancelled():
                self._emit(JobCancelled(job_id))
        self._current = None
        if current.job.settings.attention != "sdpa":
            # The job may have compared kernels with SDPA for the first time.
            probe_kernels(self._emit)
        self._emit_state()

    def _finish_made(self, current: CurrentJob) -> None:
        target = current.request.latents_path
        saved = save_latents(target, current.latents)
        if isinstance(saved, AppError):
            self._emit(JobFailed(current.job.job_id, saved))
            return
        if isinstance(saved, Path) and saved != target:
            self._emit(Logged("warning", f"{target} was taken meanwhile: the latents are in {saved}"))
        self._emit(JobFinished(current.job.job_id, current.report(self._engine.ranks)))

    def _end_ranks(self, error: AppError) -> None:
        """Ranks that can't be trusted any more are killed; the next job starts with fresh ones."""
        self._engine.end_ranks()
        if self._current is not None and self._current.checked is not None:
            self._finish(self._current.forced_end(error))
        else:
            self._emit(Logged("warning", error.message))
            self._emit_state()

    def _watch(self) -> None:
        current = self._current
        error = find_dead(self._engine.ranks, self._clock.now, self._stage_of)
        if error is None and current is not None and current.checked is not None:
            error = current.overdue(self._clock.now, self._options.deadlines.cancel_s) or find_hung(
                self._engine.ranks, self._clock.now, self._options.deadlines, self._stage_of
            )
        if error is not None:
            self._end_ranks(error)
        elif current is None:
            if self._waiting:
                self._start_next()
        elif current.checked is not None and not current.is_running and self._engine.ranks.all_joined:
            self._run(current, current.checked)

    def _stage_of(self, rank: int) -> Stage:
        return Stage.STARTING if self._current is None else self._current.stages.stage_of(rank)

    def _start_launcher(self) -> Launcher:
        return Launcher(self._options.engine_module, self.post, self._options.extra_path)

    def _start_next(self) -> None:
        request = self._waiting.popleft()
        self._emit(JobStarted(request.job.job_id))
        self._serial += 1
        stages = StageTracker(request.job.job_id, len(request.job.videos), self._emit)
        self._current = CurrentJob(self._serial, request, stages, self._emit)
        threading.Thread(target=self._check, args=(self._serial, request), name="check-job", daemon=True).start()

    def _check(self, serial: int, request: JobRequest) -> None:
        """On a thread of its own: a model folder may be large or on a slow disk."""
        self.post(JobChecked(serial, prepare_job(request.job, request.dtype)))

    def _on_checked(self, message: JobChecked) -> None:
        current, result = self._current, message.result
        if current is None or current.serial != message.serial:
            return  # cancelled meanwhile
        if isinstance(result, AppError):
            self._finish(Failed(result))
            return
        current.checked = result
        if result.warning is not None:
            self._emit(Logged("warning", result.warning))
        self._emit_state()
        try:
            self._engine.provide(current.job)
        except OSError as error:
            self._end_ranks(AppError("WORKER_START_FAILED", {"problem": str(error)}))
            return
        current.stages.begin(Stage.STARTING, len(self._engine.ranks))
        current.stages.count(Stage.STARTING, self._engine.ranks.joined_count, len(self._engine.ranks))

    def _run(self, current: CurrentJob, checked: CheckedJob) -> None:
        current.stages.end(Stage.STARTING)
        current.is_running = True
        run = Run(
            serial=current.serial,
            job=current.job,
            model_path=str(checked.model.path),
            fingerprint=checked.model.fingerprint,
            versions=self._versions,
            latents_folder=None if current.request.latents_path is None else str(self._folder.path),
            elapsed_ms=current.elapsed_ms,
            dtype=current.request.dtype,
        )
        for rank in self._engine.ranks.ranks:
            rank.answer = None
            rank.send(run)
        self._emit_state()

    def _cancel(self, job_id: str) -> None:
        current = self._current
        if current is not None and current.job.job_id == job_id:
            if not current.is_running:
                # Ranks that are starting carry on: the next job needs them too.
                self._finish(WasCancelled())
            elif current.can_be_cancelled:
                current.cancelled_at = self._clock.now
                for rank in self._engine.ranks.ranks:
                    rank.send(Cancel(current.serial))
            return
        for request in self._waiting:
            if request.job.job_id == job_id:
                self._waiting.remove(request)
                self._emit(JobCancelled(job_id))
                return

    def _unload(self) -> None:
        if self._current is not None:
            self._emit(Logged("warning", "the engine is busy and was not unloaded"))
            return
        self._engine.end_ranks()
        self._emit_state()

    def _emit_state(self) -> None:
        self._emit(self._engine.state(None if self._current is None else self._current.job.model_id))
