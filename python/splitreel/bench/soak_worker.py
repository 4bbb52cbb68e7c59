"""The supervisor under test, started as the app starts it, with events on a separate pipe."""

from __future__ import annotations

import json
import math
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import psutil

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
# Longer than every deadline of the supervisor but the one for ranks that all wait for each other.
_WINDOW_S = 120.0
# Heartbeats alone take less.
_IDLE_SHARE = 0.005
_ZYGOTE = "splitreel.worker.rank.zygote"


@dataclass(frozen=True, slots=True)
class JobEnd:
    """`code`: finished, CANCELED, or the code of the job's error. `failed`: the codes of single videos that failed."""

    code: str
    message: str
    saved: frozenset[str]  # paths of its videos
    failed: tuple[str, ...] = ()


class SoakWorker:
    def __init__(self, environment: Mapping[str, str]) -> None:
        read, write = os.pipe()
        program = (
            f"import os, sys; sys.path.insert(0, {_PACKAGE_PARENT!r}); os.dup2({write}, 3); "
            "from splitreel.commands.cli import main; sys.exit(main(['serve']))"
        )
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-c", program],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[write],
            env=environment,
        )
        os.close(write)
        self.process = psutil.Process(self._child.pid)
        self.lost_events = 0
        self.complaints: list[str] = []  # errors from the supervisor, such as an invalid command
        # None after the last event, once the supervisor has ended.
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._ends: dict[str, JobEnd] = {}
        self._steps: dict[str, int] = {}
        self._saved: dict[str, set[str]] = {}
        self._failed: dict[str, list[str]] = {}
        threading.Thread(target=self._read, args=(os.fdopen(read, "rb"),), daemon=True).start()

    def send(self, message: Mapping[str, object]) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(message).encode() + b"\n")
        self._child.stdin.flush()

    def wait_for_end(self, job_id: str, timeout_s: float) -> JobEnd | None:
        """Returns how the job ended; None if the time is up or the supervisor has ended."""
        self._wait(lambda: job_id in self._ends, timeout_s)
        return self._ends.get(job_id)

    def wait_for_step(self, job_id: str, step: int, timeout_s: float) -> bool:
        """Whether the job has completed this denoising step. False if it has ended, as well as for `wait_for_end`."""
        self._wait(lambda: job_id in self._ends or self._steps.get(job_id, 0) >= step, timeout_s)
        return job_id not in self._ends and self._steps.get(job_id, 0) >= step

    def _wait(self, is_over: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_over():
            try:
                event = self._events.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                return
            if event is None:
                return
            self._take(event)

    def wait_while_it_works(self, job_id: str) -> JobEnd | None:
        """Returns how the job ended; None if the supervisor has ended or no process of the engine is working anymore.

        On a busy machine, a short job can take half an hour, so a time limit would prove nothing.
        """
        worked_s = -math.inf
        while job_id not in self._ends and self._child.poll() is None:
            before_s, worked_s = worked_s, self._worked_s()
            # New ranks start at zero.
            if abs(worked_s - before_s) < _IDLE_SHARE * _WINDOW_S:
                return None
            self.wait_for_end(job_id, _WINDOW_S)
        return self._ends.get(job_id)

    def _worked_s(self) -> float:
        """CPU seconds of the zygote and its current ranks."""
        zygote, ranks = self.processes()
        total = 0.0
        for process in [*ranks, *([] if zygote is None else [zygote])]:
            with suppress(psutil.Error):
                used = process.cpu_times()
                total += used.user + used.system
        return total

    def _take(self, event: dict[str, Any]) -> None:
        job_id = str(event.get("jobId"))
        saved, failed = self._saved.setdefault(job_id, set()), self._failed.setdefault(job_id, [])
        match event["type"]:
            case "logged" if event["level"] == "error":
                self.complaints.append(event["message"])
            case "stageProgressed" if event["stage"] == "denoising":
                self._steps[job_id] = event["completed"]
            case "videoFinished":
                saved.add(event["path"])
            case "videoFailed":
                failed.append(event["error"]["code"])
            case "jobFinished":
                self._end(job_id, JobEnd("finished", "", frozenset(saved), tuple(failed)))
            case "jobCanceled":
                self._end(job_id, JobEnd("CANCELED", "", frozenset(saved)))
            case "jobFailed":
                error = event["error"]
                self._end(job_id, JobEnd(error["code"], str(error["params"]), frozenset(saved)))

    def _end(self, job_id: str, end: JobEnd) -> None:
        # A job that ends twice is a fault as well.
        self.lost_events += job_id in self._ends
        self._ends[job_id] = end

    def processes(self) -> tuple[psutil.Process | None, list[psutil.Process]]:
        """The zygote and its ranks."""
        try:
            # The supervisor's children include the process that reads models.
            zygote = next((child for child in self.process.children() if _ZYGOTE in " ".join(child.cmdline())), None)
            return zygote, [] if zygote is None else zygote.children()
        except psutil.Error:
            return None, []

    def close(self) -> int:
        assert self._child.stdin is not None
        self._child.stdin.close()
        return self._child.wait(60)

    def _read(self, stream: BinaryIO) -> None:
        expected = 1
        for line in stream:
            event = json.loads(line)
            self.lost_events += event["seq"] != expected
            expected = event["seq"] + 1
            if event["type"] != "heartbeat":
                self._events.put(event)
        self._events.put(None)
