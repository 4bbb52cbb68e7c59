"""The jobs that wait and the one that runs, from its request to its end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from splitreel.contract import failures
from splitreel.contract.errors import AppError
from splitreel.contract.protocol import Event, JobCanceled, JobFailed, JobFinished, JobStarted, Logged
from splitreel.contract.types import Stage
from splitreel.machine.process_activity import SteadyClock
from splitreel.worker.rank.messages import Cancel, Joined, JoinFailed, RankEvent, RankHeartbeat, Run
from splitreel.worker.supervisor.checks import CheckedJob, prepare_job
from splitreel.worker.supervisor.current_job import CurrentJob, JobRequest
from splitreel.worker.supervisor.engine_processes import EngineProcesses
from splitreel.worker.supervisor.job_end import Failed, JobEnd, Made, WasCanceled
from splitreel.worker.supervisor.kernel_probe import probe_kernels
from splitreel.worker.supervisor.latents_file import save_latents
from splitreel.worker.supervisor.ranks import Rank
from splitreel.worker.supervisor.stages import StageTracker
from splitreel.worker.supervisor.watch import Deadlines, find_dead, find_hung


@dataclass(frozen=True, slots=True)
class JobChecked:
    """The checks of a job are done, on their own thread."""

    serial: int
    result: CheckedJob | AppError


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all jobs have in common."""

    versions: dict[str, str]
    folder: Path  # where ranks leave latents
    deadlines: Deadlines


class Jobs:
    """Runs one job at a time. Only the supervisor's loop calls it."""

    def __init__(
        self,
        engine: EngineProcesses,
        emit: Callable[[Event], None],
        post: Callable[[JobChecked], None],
        clock: SteadyClock,
        context: RunContext,
    ) -> None:
        self._engine = engine
        self._emit = emit
        self._post = post
        self._clock = clock
        self._context = context
        self._waiting: deque[JobRequest] = deque()
        self._current: CurrentJob | None = None
        self._serial = 0

    def add(self, request: JobRequest) -> None:
        self._waiting.append(request)

    def close(self) -> None:
        if self._current is not None:
            self._finish(WasCanceled())
        for request in self._waiting:
            self._emit(JobCanceled(request.job.job_id))

    def advance(self) -> None:
        """Ends the job if its ranks died or hang, runs it once they have joined, or starts the next one."""
        current, ranks = self._current, self._engine.ranks
        error = find_dead(ranks, self._clock.now, self._stage_of)
        if error is None and current is not None and current.checked is not None:
            deadlines = self._context.deadlines
            error = current.overdue(self._clock.now, deadlines.cancel_s) or find_hung(
                ranks, self._clock.now, deadlines, self._stage_of
            )
        if error is not None:
            self.end_ranks(error)
        elif current is None:
            if self._waiting:
                self._start_next()
        elif current.checked is not None and not current.is_running and ranks.all_joined:
            self._run(current, current.checked)

    def cancel(self, job_id: str) -> None:
        current = self._current
        if current is not None and current.job.job_id == job_id:
            if not current.is_running:
                # Ranks that are starting continue, because the next job needs them too.
                self._finish(WasCanceled())
            elif current.can_be_canceled:
                current.canceled_at = self._clock.now
                for rank in self._engine.ranks.ranks:
                    rank.send(Cancel(current.serial))
            return
        for request in self._waiting:
            if request.job.job_id == job_id:
                self._waiting.remove(request)
                self._emit(JobCanceled(job_id))
                return

    def unload(self) -> None:
        if self._current is not None:
            self._emit(Logged("warning", "the engine is busy and was not unloaded"))
            return
        self._engine.end_ranks()
        self.emit_state()

    def end_ranks(self, error: AppError) -> None:
        """Ranks that can't be trusted anymore are killed; the next job starts with fresh ones."""
        self._engine.end_ranks()
        if self._current is not None and self._current.checked is not None:
            self._finish(self._current.forced_end(error))
        else:
            self._emit(Logged("warning", error.message))
            self.emit_state()

    def emit_state(self) -> None:
        self._emit(self._engine.state(None if self._current is None else self._current.job.model_id))

    def on_checked(self, message: JobChecked) -> None:
        current, result = self._current, message.result
        if current is None or current.serial != message.serial:
            return  # canceled meanwhile
        if isinstance(result, AppError):
            self._finish(Failed(result))
            return
        current.checked = result
        if result.warning is not None:
            self._emit(Logged("warning", result.warning))
        self.emit_state()
        try:
            self._engine.provide(current.job)
        except OSError as error:
            self.end_ranks(failures.worker_start_failed(details=str(error)).error)
            return
        current.stages.begin(Stage.STARTING, len(self._engine.ranks))
        current.stages.count(Stage.STARTING, self._engine.ranks.joined_count, len(self._engine.ranks))

    def on_rank_event(self, rank: Rank, event: RankEvent) -> None:
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
            self.end_ranks(event.error)
        elif current is not None and event.serial == current.serial:
            current.on_event(rank, event, self._engine.ranks, self._clock.now)
            if current.is_loaded:
                self._engine.loaded_model = current.job.model_id
            if (end := current.agreed_end(self._engine.ranks)) is not None:
                self._finish(end)

    def _stage_of(self, rank: int) -> Stage:
        return Stage.STARTING if self._current is None else self._current.stages.stage_of(rank)

    def _start_next(self) -> None:
        request = self._waiting.popleft()
        self._emit(JobStarted(request.job.job_id))
        self._serial += 1
        stages = StageTracker(request.job.job_id, len(request.job.videos), self._emit)
        self._current = CurrentJob(self._serial, request, stages, self._emit)
        threading.Thread(target=self._check, args=(self._serial, request), name="check-job", daemon=True).start()

    def _check(self, serial: int, request: JobRequest) -> None:
        """On a thread of its own: a model folder may be large or on a slow disk."""
        self._post(JobChecked(serial, prepare_job(request.job, request.dtype)))

    def _run(self, current: CurrentJob, checked: CheckedJob) -> None:
        current.stages.end(Stage.STARTING)
        current.is_running = True
        run = Run(
            serial=current.serial,
            job=current.job,
            model_path=str(checked.model.path),
            fingerprint=checked.model.fingerprint,
            versions=self._context.versions,
            latents_folder=None if current.request.latents_path is None else str(self._context.folder),
            elapsed_ms=current.elapsed_ms,
            dtype=current.request.dtype,
        )
        for rank in self._engine.ranks.ranks:
            rank.answer = None
            rank.send(run)
        self.emit_state()

    def _finish(self, end: JobEnd) -> None:
        current = self._current
        assert current is not None
        job_id = current.job.job_id
        match end:
            case Made():
                self._emit(self._made(current))
            case Failed():
                self._emit(JobFailed(job_id, end.error))
            case WasCanceled():
                self._emit(JobCanceled(job_id))
        self._current = None
        # The job may have tried kernels for the first time.
        probe_kernels(self._emit)
        self.emit_state()

    def _made(self, current: CurrentJob) -> JobFinished | JobFailed:
        target = current.request.latents_path
        saved = save_latents(target, current.latents)
        if isinstance(saved, AppError):
            return JobFailed(current.job.job_id, saved)
        if isinstance(saved, Path) and saved != target:
            self._emit(Logged("warning", f"{target} was taken meanwhile: the latents are in {saved}"))
        return JobFinished(current.job.job_id, current.report(self._engine.ranks))
