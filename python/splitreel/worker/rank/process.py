"""The process of one rank: one thread reads commands, one sends heartbeats, and the main thread runs the engine."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from pathlib import Path
from threading import Event
from typing import BinaryIO

from splitreel.contract.errors import Canceled, PeerError, SplitreelError, UnsharedError, error_of
from splitreel.contract.types import Stage
from splitreel.engine.api import LoadReport
from splitreel.parallel.peer_wait import is_waiting_for_peers
from splitreel.worker.rank.job import run_job
from splitreel.worker.rank.messages import (
    Cancel,
    Channel,
    Join,
    Joined,
    JoinFailed,
    LatentsSaved,
    Loaded,
    MayPublish,
    Preview,
    Progress,
    Publish,
    Published,
    RankHeartbeat,
    Run,
    Stopped,
    read_commands,
)
from splitreel.worker.rank.port import EngineModule, RankEngine

_HEARTBEAT_S = 0.5
# The shortest time between two progress messages of one stage. The first and the last are always sent.
_PROGRESS_S = 0.04


class RankProcess:
    def __init__(self, stream: BinaryIO, channel: Channel, engine_module: EngineModule) -> None:
        self._stream = stream
        self._channel = channel
        self._engine_module = engine_module
        self._tasks: queue.Queue[Join | Run] = queue.Queue()
        self._decisions: queue.Queue[Publish] = queue.Queue()
        self._canceled = Event()
        self._canceled_serial = -1

    def serve(self) -> None:
        """Never returns: the process exits when the supervisor does."""
        threading.Thread(target=self._read_commands, name="commands", daemon=True).start()
        main = threading.get_ident()
        threading.Thread(target=self._send_heartbeats, args=(main,), name="heartbeat", daemon=True).start()
        engine: RankEngine | None = None
        while True:
            task = self._tasks.get()
            if isinstance(task, Join):
                engine = self._join(task, engine)
            else:
                assert engine is not None
                self._run(task, engine)

    def _join(self, join: Join, before: RankEngine | None) -> RankEngine | None:
        try:
            engine = self._engine_module.join_world(join, before)
        except Exception as error:  # noqa: BLE001 - sent to the supervisor, which ends the ranks
            self._channel.send(JoinFailed(error_of(error)))
            return None
        self._channel.send(Joined())
        return engine

    def _run(self, run: Run, engine: RankEngine) -> None:
        self._canceled.clear()
        if self._canceled_serial == run.serial:
            self._canceled.set()
        observer = _SupervisorObserver(run.serial, self._channel, self._decisions)

        def loaded(report: LoadReport) -> None:
            self._channel.send(Loaded(run.serial, report.bytes_read))

        try:
            done, _ = run_job(run, engine, observer, self._canceled, loaded)
        except Canceled:
            self._channel.send(Stopped(run.serial, None, shared=True))
        except PeerError:
            # The rank that failed reports the error.
            self._channel.send(Stopped(run.serial, None, shared=True))
        except SplitreelError as error:
            self._channel.send(Stopped(run.serial, error.error, shared=not isinstance(error, UnsharedError)))
        except Exception as error:  # noqa: BLE001 - sent to the supervisor, which ends the ranks
            self._channel.send(Stopped(run.serial, error_of(error), shared=False))
        else:
            self._channel.send(done)

    def _read_commands(self) -> None:
        try:
            for command in read_commands(self._stream):
                match command:
                    case Join() | Run():
                        self._tasks.put(command)
                    case Cancel():
                        self._canceled_serial = command.serial
                        self._canceled.set()
                    case Publish():
                        self._decisions.put(command)
        finally:
            # Without a supervisor there is no reason to hold memory, and nothing here needs an orderly shutdown.
            os._exit(0)

    def _send_heartbeats(self, main: int) -> None:
        while True:
            frame = sys._current_frames().get(main)
            where = ""
            if frame is not None:
                code = frame.f_code
                where = f"{code.co_qualname} ({Path(code.co_filename).name}:{frame.f_lineno})"
            try:
                self._channel.send(RankHeartbeat(is_waiting_for_peers(), where))
            except OSError:
                os._exit(0)
            time.sleep(_HEARTBEAT_S)


class _SupervisorObserver:
    """Sends what happens in a job to the supervisor."""

    def __init__(self, serial: int, channel: Channel, decisions: queue.Queue[Publish]) -> None:
        self._serial = serial
        self._channel = channel
        self._decisions = decisions
        self._sent_at: dict[tuple[int, Stage], float] = {}

    def started(self, video: int, stage: Stage, total: int) -> None:
        self._channel.send(Progress(self._serial, video, stage, "started", 0, total))

    def progressed(self, video: int, stage: Stage, completed: int, total: int) -> None:
        now = time.monotonic()
        if completed < total and now - self._sent_at.get((video, stage), 0.0) < _PROGRESS_S:
            return
        self._sent_at[video, stage] = now
        self._channel.send(Progress(self._serial, video, stage, "progressed", completed, total))

    def finished(self, video: int, stage: Stage, total: int) -> None:
        self._channel.send(Progress(self._serial, video, stage, "finished", total, total))

    def previewed(self, video: int, step: int, path: Path) -> None:
        self._channel.send(Preview(self._serial, video, step, str(path)))

    def latents_saved(self, video: int, path: Path, shape: tuple[int, ...]) -> None:
        self._channel.send(LatentsSaved(self._serial, video, str(path), shape))

    def may_publish(self, video: int) -> bool:
        self._channel.send(MayPublish(self._serial, video))
        while True:
            decision = self._decisions.get()
            if (decision.serial, decision.video) == (self._serial, video):
                return decision.granted

    def published(self, video: int, path: Path) -> None:
        self._channel.send(Published(self._serial, video, str(path)))
