"""One loop on one thread: commands and notices come in by a queue, events go out, ranks are watched.

It never blocks for long, so that its tick is a true sign of life. What takes time runs in the zygote, in ranks, or
on a thread that posts its result here.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from splitreel.contract.errors import AppError, SplitreelError
from splitreel.contract.protocol import (
    CancelJob,
    Command,
    CountTokens,
    EngineStateChanged,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    KernelsFound,
    Logged,
    PreviewMade,
    Ready,
    RequestFailed,
    Shutdown,
    Stage,
    StartJob,
    TokensCounted,
    Unload,
    VideoFailed,
    VideoFinished,
)
from splitreel.machine.gpus import compute_capabilities
from splitreel.machine.vitals import SteadyClock
from splitreel.rules.kernel_trials import TrialsFile, kernel_states
from splitreel.store.model_folder import kernel_trials_file
from splitreel.worker.rank.messages import (
    Cancel,
    Done,
    Joined,
    LatentsSaved,
    Loaded,
    MayPublish,
    Preview,
    Progress,
    Publish,
    Published,
    RankEvent,
    RankHeartbeat,
    Run,
    Stopped,
)
from splitreel.worker.supervisor.checks import check_job
from splitreel.worker.supervisor.current_job import CurrentJob, JobRequest
from splitreel.worker.supervisor.demo_model import demo_must_be_made, make_demo
from splitreel.worker.supervisor.latents_file import write_latents
from splitreel.worker.supervisor.launcher import (
    Launcher,
    LauncherEvent,
    RankDisconnected,
    RankEventReceived,
    RankExited,
    RankForked,
    ZygoteExited,
    ZygoteReady,
    cause_of,
)
from splitreel.worker.supervisor.process_environment import make_private_folder, versions
from splitreel.worker.supervisor.ranks import Rank, RankSet
from splitreel.worker.supervisor.stages import StageTracker
from splitreel.worker.supervisor.tokens import count_tokens
from splitreel.worker.supervisor.watch import Deadlines, find_hung

_TICK_S = 0.2
# How long a rank that has fallen silent may keep its cause to itself, and how long ranks may take to agree on an error.
_CAUSE_S = 1.0
_AGREE_S = 10.0
_DISAGREE_S = 2.0


@dataclass(frozen=True, slots=True)
class Closed:
    """Whoever gave the commands is gone."""


@dataclass(frozen=True, slots=True)
class DemoMade:
    error: AppError | None


Incoming = Command | JobRequest | LauncherEvent | Closed | DemoMade


@dataclass(frozen=True, slots=True)
class Options:
    engine_module: str = "splitreel.worker.rank.torch_engine"
    extra_path: str | None = None  # where tests keep an engine of their own
    deadlines: Deadlines = field(default_factory=Deadlines)


class Supervisor:
    def __init__(self, emit: Callable[[Event], None], options: Options | None = None) -> None:
        self._emit = emit
        self._options = options or Options()
        # Signal handlers post too, and only this kind of queue may be interrupted by itself.
        self._inbox: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self._clock = SteadyClock()
        self._folder = make_private_folder()
        self._versions = versions()
        self._ranks = RankSet(self._folder, lambda: self._clock.now)
        self._launcher: Launcher | None = None
        self._is_imported = False
        self._waiting: deque[JobRequest] = deque()
        self._current: CurrentJob | None = None
        self._serial = 0
        self._loaded_model: str | None = None
        self._making_demo = False
        self._is_closing = False
        self.last_tick = time.monotonic()

    def post(self, message: Incoming) -> None:
        """From any thread."""
        self._inbox.put(message)

    def run(self) -> None:
        """Until Shutdown or Closed. Afterwards no process of ours is left."""
        try:
            self._emit(Ready(os.getpid(), self._versions))
            self._find_kernels()
            self._start_launcher()
            while not self._is_closing:
                self._clock.tick()
                self.last_tick = time.monotonic()
                try:
                    message = self._inbox.get(timeout=_TICK_S)
                except queue.Empty:
                    pass
                else:
                    self._handle(message)
                self._look_after()
        finally:
            self._end()

    def _end(self) -> None:
        current = self._current
        if current is not None:
            self._finish(JobCancelled(current.job.job_id))
        for request in self._waiting:
            self._emit(JobCancelled(request.job.job_id))
        self._ranks.end()
        if self._launcher is not None:
            self._launcher.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _handle(self, message: Incoming) -> None:
        match message:
            case StartJob():
                self._waiting.append(JobRequest(message))
            case JobRequest():
                self._waiting.append(message)
            case CancelJob():
                self._cancel(message.job_id)
            case Unload():
                self._unload()
            case CountTokens():
                threading.Thread(target=self._count_tokens, args=(message,), daemon=True).start()
            case Shutdown() | Closed():
                self._is_closing = True
            case DemoMade():
                self._demo_made(message.error)
            case _:
                self._on_launcher_event(message)

    def _on_launcher_event(self, event: LauncherEvent) -> None:
        match event:
            case ZygoteReady():
                self._is_imported = True
                self._emit_state()
            case ZygoteExited():
                self._on_zygote_exit(event.pid)
            case RankForked():
                self._ranks.forked(event.serial, event.pid)
            case RankExited():
                for rank in self._ranks.ranks:
                    if rank.pid == event.pid:
                        rank.exit_code = event.code
            case RankDisconnected():
                silent = self._ranks.by_serial(event.serial)
                if silent is not None:
                    silent.disconnected_since = self._clock.now
            case RankEventReceived():
                speaker = self._ranks.by_serial(event.serial)
                if speaker is not None:
                    self._on_rank_event(speaker, event.event)

    def _on_rank_event(self, rank: Rank, event: RankEvent) -> None:
        rank.last_heartbeat = self._clock.now
        if isinstance(event, RankHeartbeat):
            rank.is_waiting, rank.where = event.waiting, event.where
            return
        rank.last_activity = self._clock.now
        if isinstance(event, Joined):
            rank.is_joined = True
            if self._current is not None:
                count = sum(other.is_joined for other in self._ranks.ranks)
                self._current.stages.count(Stage.STARTING, count, len(self._ranks))
            return
        current = self._current
        if current is not None and event.serial == current.serial:
            self._on_job_event(current, rank, event)

    def _on_job_event(self, current: CurrentJob, rank: Rank, event: RankEvent) -> None:
        job_id = current.job.job_id
        match event:
            case Progress():
                current.stages.update(rank.number, event)
            case Loaded():
                self._rank_loaded(current, rank, event)
            case Preview():
                self._emit(PreviewMade(job_id, event.video, event.step, event.path))
            case MayPublish():
                granted = current.cancelled_at is None
                if granted:
                    current.granted.add(event.video)
                rank.send(Publish(current.serial, event.video, granted))
            case Published():
                current.published.add(event.video)
                self._emit(VideoFinished(job_id, event.video, event.path))
            case LatentsSaved():
                current.latents[event.video] = event
            case Done() | Stopped():
                rank.answer = event
                self._rank_answered(current, event)

    def _rank_loaded(self, current: CurrentJob, rank: Rank, report: Loaded) -> None:
        current.weight_bytes[rank.number] = report.bytes_read
        if len(current.weight_bytes) == len(self._ranks):
            # A warm engine reads nothing and says nothing; the stage is there all the same.
            current.stages.begin(Stage.LOADING, 0)
            current.stages.end(Stage.LOADING)
            self._loaded_model = current.job.model_id

    def _rank_answered(self, current: CurrentJob, answer: Done | Stopped) -> None:
        if isinstance(answer, Done):
            for failed in answer.errors:
                if failed.video not in current.failed_videos:
                    current.failed_videos[failed.video] = failed.error
                    if current.cancelled_at is None:
                        self._emit(VideoFailed(current.job.job_id, failed.video, failed.error))
        elif answer.error is not None and current.settle_at is None:
            current.failure = answer.error
            current.settle_at = self._clock.now + (_AGREE_S if answer.shared else _DISAGREE_S)
        answers = [rank.answer for rank in self._ranks.ranks]
        is_agreed = all(other is not None and (isinstance(other, Done) or other.shared) for other in answers)
        if is_agreed:
            self._conclude(current)

    def _conclude(self, current: CurrentJob) -> None:
        """Every rank has answered and is ready for the next job."""
        job = current.job
        stopped = any(isinstance(rank.answer, Stopped) for rank in self._ranks.ranks)
        if len(current.published) == len(job.videos):
            self._finish_made(current)
        elif current.cancelled_at is not None or (stopped and current.failure is None):
            self._finish(JobCancelled(job.job_id))
        elif current.failure is not None:
            self._finish(JobFailed(job.job_id, current.failure))
        elif not current.published:
            missing = AppError("INTERNAL", {"problem": "no rank wrote a video"})
            self._finish(JobFailed(job.job_id, next(iter(current.failed_videos.values()), missing)))
        else:
            self._finish_made(current)

    def _finish_made(self, current: CurrentJob) -> None:
        target = current.request.latents_path
        if target is not None and current.latents:
            try:
                write_latents(target, [current.latents[video] for video in sorted(current.latents)])
            except OSError as error:
                failure = AppError("OUTPUT_NOT_WRITABLE", {"folder": str(target.parent)}, (), str(error))
                self._finish(JobFailed(current.job.job_id, failure))
                return
        self._finish(JobFinished(current.job.job_id, current.report(self._ranks)))

    def _finish(self, event: JobFinished | JobFailed | JobCancelled) -> None:
        was_tried = self._current is not None and self._current.job.settings.attention != "sdpa"
        self._current = None
        self._emit(event)
        if was_tried:
            self._find_kernels()
        self._emit_state()

    def _fail_hard(self, error: AppError) -> None:
        """Ranks can no longer be trusted: they are ended, and the next job starts with fresh ones."""
        self._ranks.end()
        self._loaded_model = None
        current = self._current
        if current is None:
            self._emit_state()
        elif current.cancelled_at is not None:
            self._finish(JobCancelled(current.job.job_id))
        elif len(current.published) == len(current.job.videos):
            # It ended after the last video was in its place.
            self._finish_made(current)
        else:
            self._finish(JobFailed(current.job.job_id, error))

    def _look_after(self) -> None:
        self._look_for_silence()
        current = self._current
        if current is not None:
            if self._is_over(current):
                return
            hung = find_hung(self._ranks, self._clock.now, self._options.deadlines)
            if hung is not None:
                stage = current.stages.stage_of(hung.rank.number)
                params = {"rank": hung.rank.number, "seconds": round(hung.seconds), "stage": stage.value}
                details = f"{hung.rank.where}\n{hung.rank.tail.text()}"
                self._fail_hard(AppError("RANK_HUNG", params, (), details))
            elif not current.is_running and self._ranks.all_joined:
                self._run_current(current)
        elif self._waiting and not self._making_demo:
            self._start_next()

    def _is_over(self, current: CurrentJob) -> bool:
        now, deadlines = self._clock.now, self._options.deadlines
        if current.settle_at is not None and now > current.settle_at:
            assert current.failure is not None
            self._fail_hard(current.failure)
            return True
        if current.cancelled_at is not None and now - current.cancelled_at > deadlines.cancel_s:
            self._fail_hard(AppError("CANCELLED"))
            return True
        return False

    def _look_for_silence(self) -> None:
        silent = [rank for rank in self._ranks.ranks if rank.disconnected_since is not None]
        if not silent:
            return
        first = min(silent, key=lambda rank: rank.disconnected_since or 0.0)
        assert first.disconnected_since is not None
        if first.exit_code is None and self._clock.now - first.disconnected_since < _CAUSE_S:
            return
        current = self._current
        stage = current.stages.stage_of(first.number) if current is not None else Stage.STARTING
        params = {"rank": first.number, "stage": stage.value, "cause": cause_of(first.exit_code)}
        if current is None:
            self._emit(Logged("warning", f"rank {first.number} ended while idle ({cause_of(first.exit_code)})"))
        self._fail_hard(AppError("RANK_DIED", params, (), first.tail.text()))

    def _start_launcher(self) -> None:
        self._is_imported = False
        self._launcher = Launcher(self._options.engine_module, self.post, self._options.extra_path)
        self._emit_state()

    def _on_zygote_exit(self, pid: int) -> None:
        launcher = self._launcher
        if launcher is None or launcher.pid != pid:
            return
        launcher.close()
        cause = cause_of(launcher.exit_code())
        details = launcher.tail.text()
        self._launcher = None
        if self._is_imported:
            error = AppError("WORKER_DIED", {"cause": cause}, (), details)
        else:
            last = next((line for line in reversed(launcher.tail.lines) if line.strip()), cause)
            error = AppError("WORKER_START_FAILED", {"problem": last[:200]}, (), details)
        if self._current is None:
            self._emit(Logged("error", error.message))
        self._fail_hard(error)

    def _start_next(self) -> None:
        request = self._waiting[0]
        if demo_must_be_made(request.job.model_path):
            self._making_demo = True
            threading.Thread(target=self._make_demo, daemon=True).start()
            return
        self._waiting.popleft()
        self._emit(JobStarted(request.job.job_id))
        try:
            checked = check_job(request.job, request.dtype)
            if checked.warning is not None:
                self._emit(Logged("warning", checked.warning))
            for video in request.job.videos:
                Path(video.output_path).parent.mkdir(parents=True, exist_ok=True)
        except SplitreelError as error:
            self._emit(JobFailed(request.job.job_id, error.error))
            return
        except OSError as error:
            folder = str(Path(request.job.videos[0].output_path).parent)
            failure = AppError("OUTPUT_NOT_WRITABLE", {"folder": folder}, (), str(error))
            self._emit(JobFailed(request.job.job_id, failure))
            return
        self._serial += 1
        stages = StageTracker(request.job.job_id, len(request.job.videos), self._emit)
        self._current = CurrentJob(self._serial, request, checked, stages)
        self._emit_state()
        if self._launcher is None:
            self._start_launcher()
        assert self._launcher is not None
        try:
            self._ranks.provide(self._launcher, request.job.devices, request.job.plan.world_size)
        except OSError as error:
            self._fail_hard(AppError("WORKER_START_FAILED", {"problem": str(error)}))
            return
        stages.begin(Stage.STARTING, len(self._ranks))
        joined = sum(rank.is_joined for rank in self._ranks.ranks)
        stages.count(Stage.STARTING, joined, len(self._ranks))
        # Idle ranks are not watched, so what they have not done until now says nothing.
        for rank in self._ranks.ranks:
            rank.last_heartbeat = rank.last_activity = self._clock.now

    def _run_current(self, current: CurrentJob) -> None:
        current.stages.end(Stage.STARTING)
        current.is_running = True
        latents = None if current.request.latents_path is None else str(self._folder)
        for rank in self._ranks.ranks:
            rank.answer = None
            rank.send(
                Run(
                    serial=current.serial,
                    job=current.job,
                    model_path=str(current.checked.model.path),
                    fingerprint=current.checked.model.fingerprint,
                    versions=self._versions,
                    latents_folder=latents,
                    elapsed_ms=current.elapsed_ms,
                    dtype=current.request.dtype,
                )
            )
        self._emit_state()

    def _cancel(self, job_id: str) -> None:
        current = self._current
        if current is not None and current.job.job_id == job_id:
            if not current.is_running:
                # Ranks that are starting go on: the next job wants them too.
                self._finish(JobCancelled(job_id))
            elif current.cancelled_at is None and not current.is_decided:
                current.cancelled_at = self._clock.now
                for rank in self._ranks.ranks:
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
        self._ranks.end()
        self._loaded_model = None
        self._emit_state()

    def _count_tokens(self, command: CountTokens) -> None:
        try:
            tokens, limit = count_tokens(command.model_path, command.text)
        except SplitreelError as error:
            self._emit(RequestFailed(command.request_id, error.error))
        except Exception as error:  # noqa: BLE001 - a tokenizer's own troubles must not end the thread in silence
            problem = AppError("MODEL_CORRUPT", {"file": "tokenizer", "problem": str(error)[:200]})
            self._emit(RequestFailed(command.request_id, problem))
        else:
            self._emit(TokensCounted(command.request_id, tokens, limit))

    def _find_kernels(self) -> None:
        """On a thread of its own: a driver may take seconds to answer."""

        def look() -> None:
            self._emit(KernelsFound(kernel_states(compute_capabilities(), TrialsFile(kernel_trials_file()))))

        threading.Thread(target=look, daemon=True).start()

    def _make_demo(self) -> None:
        try:
            make_demo()
        except SplitreelError as error:
            self.post(DemoMade(error.error))
        else:
            self.post(DemoMade(None))

    def _demo_made(self, error: AppError | None) -> None:
        self._making_demo = False
        if error is not None and self._waiting:
            job_id = self._waiting.popleft().job.job_id
            self._emit(JobStarted(job_id))
            self._emit(JobFailed(job_id, error))

    def _emit_state(self) -> None:
        running = self._ranks.running()
        if self._current is not None:
            self._emit(EngineStateChanged("busy", self._current.job.model_id, running))
        elif not self._is_imported:
            self._emit(EngineStateChanged("importing", None, ()))
        elif self._loaded_model is not None and running:
            self._emit(EngineStateChanged("warm", self._loaded_model, running))
        else:
            self._emit(EngineStateChanged("cold", None, running))
