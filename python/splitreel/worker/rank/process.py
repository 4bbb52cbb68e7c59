"""The process of one rank: a thread that hears orders, one that beats, and the main thread for the engine."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from threading import Event
from typing import BinaryIO

from splitreel.contract.errors import AppError, Cancelled, SplitreelError, UnsharedError
from splitreel.contract.protocol import Stage
from splitreel.engine.api import LoadReport
from splitreel.worker.rank.job import do_job
from splitreel.worker.rank.port import EngineMaker, Seated
from splitreel.worker.rank.talk import (
    Beat,
    Cancel,
    Join,
    Joined,
    LatentsSaved,
    Loaded,
    MayPublish,
    Mouth,
    Preview,
    Progress,
    Publish,
    Published,
    Run,
    Stopped,
    orders,
)

_BEAT_S = 0.5
# Progress of one stage is told at most this often; its first and last are always told.
_PROGRESS_S = 0.04


class RankProcess:
    def __init__(self, ears: BinaryIO, mouth: Mouth, maker: EngineMaker) -> None:
        self._ears = ears
        self._mouth = mouth
        self._maker = maker
        self._tasks: queue.Queue[Join | Run] = queue.Queue()
        self._decisions: queue.Queue[Publish] = queue.Queue()
        self._cancelled = Event()
        self._cancelled_serial = -1

    def serve(self) -> None:
        """Never returns: the process ends when the supervisor is gone."""
        threading.Thread(target=self._hear, name="orders", daemon=True).start()
        main = threading.get_ident()
        threading.Thread(target=self._beat, args=(main,), name="beat", daemon=True).start()
        seated: Seated | None = None
        while True:
            task = self._tasks.get()
            if isinstance(task, Join):
                seated = self._maker.seat(task, seated)
                self._mouth.say(Joined(seated.device_name))
            else:
                assert seated is not None
                self._run(task, seated)

    def _run(self, run: Run, seated: Seated) -> None:
        self._cancelled.clear()
        if self._cancelled_serial == run.serial:
            self._cancelled.set()
        audience = _Supervisor(run.serial, self._mouth, self._decisions)

        def loaded(report: LoadReport) -> None:
            self._mouth.say(Loaded(run.serial, report.bytes_read))

        try:
            done, _ = do_job(run, seated, audience, self._cancelled, loaded)
        except Cancelled:
            self._mouth.say(Stopped(run.serial, None, shared=True))
        except SplitreelError as error:
            self._mouth.say(Stopped(run.serial, error.error, shared=not isinstance(error, UnsharedError)))
        except Exception as error:  # noqa: BLE001 - told to the supervisor, which ends the ranks
            problem = f"{type(error).__name__}: {error}".split("\n")[0][:300]
            details = traceback.format_exc()
            self._mouth.say(Stopped(run.serial, AppError("INTERNAL", {"problem": problem}, (), details), shared=False))
        else:
            self._mouth.say(done)

    def _hear(self) -> None:
        try:
            for order in orders(self._ears):
                match order:
                    case Join() | Run():
                        self._tasks.put(order)
                    case Cancel():
                        self._cancelled_serial = order.serial
                        self._cancelled.set()
                    case Publish():
                        self._decisions.put(order)
        finally:
            # The supervisor is gone, and with it every reason to hold memory. Nothing of ours needs an orderly end.
            os._exit(0)

    def _beat(self, main: int) -> None:
        while True:
            frame = sys._current_frames().get(main)
            where = ""
            waiting = False
            if frame is not None:
                code = frame.f_code
                where = f"{code.co_qualname} ({Path(code.co_filename).name}:{frame.f_lineno})"
                waiting = "torch/distributed" in code.co_filename or Path(code.co_filename).stem == "collectives"
            try:
                self._mouth.say(Beat(waiting, where))
            except OSError:
                os._exit(0)
            time.sleep(_BEAT_S)


class _Supervisor:
    """The supervisor as a job's audience."""

    def __init__(self, serial: int, mouth: Mouth, decisions: queue.Queue[Publish]) -> None:
        self._serial = serial
        self._mouth = mouth
        self._decisions = decisions
        self._told: dict[tuple[int, Stage], float] = {}

    def started(self, video: int, stage: Stage, total: int) -> None:
        self._mouth.say(Progress(self._serial, video, stage, "started", 0, total))

    def progressed(self, video: int, stage: Stage, completed: int, total: int) -> None:
        now = time.monotonic()
        if completed < total and now - self._told.get((video, stage), 0.0) < _PROGRESS_S:
            return
        self._told[video, stage] = now
        self._mouth.say(Progress(self._serial, video, stage, "progressed", completed, total))

    def finished(self, video: int, stage: Stage, total: int) -> None:
        self._mouth.say(Progress(self._serial, video, stage, "finished", total, total))

    def previewed(self, video: int, step: int, path: Path) -> None:
        self._mouth.say(Preview(self._serial, video, step, str(path)))

    def latents_saved(self, video: int, path: Path, shape: tuple[int, ...]) -> None:
        self._mouth.say(LatentsSaved(self._serial, video, str(path), shape))

    def may_publish(self, video: int) -> bool:
        self._mouth.say(MayPublish(self._serial, video))
        while True:
            decision = self._decisions.get()
            if (decision.serial, decision.video) == (self._serial, video):
                return decision.granted

    def published(self, video: int, path: Path) -> None:
        self._mouth.say(Published(self._serial, video, str(path)))
