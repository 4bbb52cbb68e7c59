"""The zygote and its ranks: starts and ends them, and tracks their state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from splitreel.contract.errors import AppError
from splitreel.contract.protocol import EngineStateChanged, StartJob
from splitreel.machine.process_activity import SteadyClock
from splitreel.worker.supervisor.launcher import (
    Launcher,
    LauncherEvent,
    RankDisconnected,
    RankExited,
    RankForked,
    ZygoteExited,
    ZygoteReady,
)
from splitreel.worker.supervisor.ranks import RankSet


class EngineProcesses:
    def __init__(self, folder: Path, start_launcher: Callable[[], Launcher], clock: SteadyClock) -> None:
        self._start_launcher = start_launcher
        self._clock = clock
        self._launcher: Launcher | None = None
        self._is_imported = False
        self.ranks = RankSet(folder, lambda: clock.now)
        self.loaded_model: str | None = None

    def start(self) -> None:
        """Starts the zygote unless it runs. One that has just died doesn't take the next job with it."""
        if self._launcher is not None and self._launcher.has_exited:
            self.end_ranks()
            self._launcher.close()
            self._launcher = None
        if self._launcher is None:
            self._is_imported = False
            self._launcher = self._start_launcher()

    def provide(self, job: StartJob) -> None:
        """Makes sure that the job's ranks run. Raises OSError."""
        self.start()
        assert self._launcher is not None
        self.ranks.provide(self._launcher, job.devices, job.plan.world_size)
        # Idle ranks are not watched, so their silence until now doesn't count.
        for rank in self.ranks.ranks:
            rank.last_heartbeat = rank.last_activity = self._clock.now

    def end_ranks(self) -> None:
        self.ranks.end()
        self.loaded_model = None

    def close(self) -> None:
        self.ranks.end()
        if self._launcher is not None:
            self._launcher.close()

    def on_event(self, event: LauncherEvent) -> AppError | None:
        """Returns an error if the zygote is gone, and its ranks with it."""
        match event:
            case ZygoteReady():
                self._is_imported = True
            case ZygoteExited():
                return self._on_zygote_exit(event.pid)
            case RankForked():
                self.ranks.forked(event.serial, event.pid)
            case RankExited():
                self.ranks.exited(event.pid, event.code)
            case RankDisconnected():
                rank = self.ranks.by_serial(event.serial)
                if rank is not None:
                    rank.disconnected_at = self._clock.now
        return None

    def _on_zygote_exit(self, pid: int) -> AppError | None:
        launcher = self._launcher
        if launcher is None or launcher.pid != pid:
            return None
        launcher.close()
        self._launcher = None
        return launcher.exit_error(is_imported=self._is_imported)

    def state(self, busy_with: str | None) -> EngineStateChanged:
        """`busy_with`: the model of the running job."""
        running = self.ranks.running()
        if busy_with is not None:
            return EngineStateChanged("busy", busy_with, running)
        if not self._is_imported:
            return EngineStateChanged("importing", None, ())
        if self.loaded_model is not None and running:
            return EngineStateChanged("warm", self.loaded_model, running)
        return EngineStateChanged("cold", None, running)
