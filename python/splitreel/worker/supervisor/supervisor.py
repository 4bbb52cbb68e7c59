"""One loop on one thread: takes commands and launcher events from a queue, and passes them on.

It never blocks for long, so its tick shows that the supervisor is alive. Slow work runs in the zygote, in ranks, or on a
thread that posts its result here.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from splitreel.contract.protocol import CancelJob, Command, CountTokens, Event, Ready, Shutdown, StartJob, Unload
from splitreel.machine.process_activity import SteadyClock
from splitreel.worker.supervisor.current_job import JobRequest
from splitreel.worker.supervisor.engine_processes import EngineProcesses
from splitreel.worker.supervisor.jobs import JobChecked, Jobs, RunContext
from splitreel.worker.supervisor.kernel_probe import probe_kernels
from splitreel.worker.supervisor.launcher import Launcher, LauncherEvent, RankEventReceived, ZygoteReady
from splitreel.worker.supervisor.private_folder import PrivateFolder
from splitreel.worker.supervisor.process_environment import versions
from splitreel.worker.supervisor.tokens import answer_token_count
from splitreel.worker.supervisor.watch import Deadlines

_TICK_S = 0.2


@dataclass(frozen=True, slots=True)
class Closed:
    """The process that sends commands is gone."""


Incoming = Command | JobRequest | LauncherEvent | Closed | JobChecked


@dataclass(frozen=True, slots=True)
class Options:
    engine_module: str = "splitreel.worker.rank.torch_engine"
    extra_path: str | None = None  # where tests keep their own engine module
    deadlines: Deadlines = field(default_factory=Deadlines)


class Supervisor:
    def __init__(self, emit: Callable[[Event], None], options: Options | None = None) -> None:
        self._emit = emit
        self._options = options or Options()
        # Signal handlers post too, and only this kind of queue is reentrant.
        self._inbox: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self._clock = SteadyClock()
        self._folder = PrivateFolder()
        self._versions = versions()
        self._engine = EngineProcesses(self._folder.path, self._start_launcher, self._clock)
        context = RunContext(self._versions, self._folder.path, self._options.deadlines)
        self._jobs = Jobs(self._engine, emit, self.post, self._clock, context)
        self._is_closing = False
        self.last_tick = time.monotonic()

    def post(self, message: Incoming) -> None:
        """Safe from any thread."""
        self._inbox.put(message)

    def run(self) -> None:
        """Returns after Shutdown or Closed, when no process of ours is left."""
        try:
            self._emit(Ready(os.getpid(), self._versions))
            probe_kernels(self._emit)
            self._engine.start()
            self._jobs.emit_state()
            while not self._is_closing:
                self._clock.tick()
                self.last_tick = time.monotonic()
                try:
                    message = self._inbox.get(timeout=_TICK_S)
                except queue.Empty:
                    pass
                else:
                    self._handle(message)
                self._jobs.advance()
        finally:
            self._jobs.close()
            self._engine.close()
            self._folder.remove()

    def _handle(self, message: Incoming) -> None:
        match message:
            case StartJob():
                self._jobs.add(JobRequest(message))
            case JobRequest():
                self._jobs.add(message)
            case JobChecked():
                self._jobs.on_checked(message)
            case CancelJob():
                self._jobs.cancel(message.job_id)
            case Unload():
                self._jobs.unload()
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
                self._jobs.on_rank_event(rank, event.event)
        elif (error := self._engine.on_event(event)) is not None:
            self._jobs.end_ranks(error)
        elif isinstance(event, ZygoteReady):
            self._jobs.emit_state()

    def _start_launcher(self) -> Launcher:
        return Launcher(self._options.engine_module, self.post, self._options.extra_path)
