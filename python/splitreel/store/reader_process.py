"""A process that reads a model's files under limits.

Configs, headers and tokenizers can come from anywhere. Our own readers are bounded, but a tokenizer is almost a program
and a parser can have bugs. A failure here costs one answer, not the supervisor and its warm ranks.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Final, TypeAlias

from splitreel.contract.messages import RESOURCES
from splitreel.store.limits import child_environment, limit_this_process

COMMAND: Final = "read-models"
# Enough for every reason that a check can return.
_MAX_ANSWER_BYTES: Final = 1_000_000
# Elapsed time per second of CPU time that an answer may take: other programs and slow disks take their share.
_PATIENCE: Final = 4.0

Question: TypeAlias = Mapping[str, object]


class ReaderProcess:
    """Starts with the first question and answers one at a time. Safe to call from several threads."""

    def __init__(self, answer_seconds: float) -> None:
        """`answer_seconds`: of CPU time, for one answer."""
        self._answer_seconds = answer_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, kind: str, question: Question) -> object:
        """The answer, as JSON data. None if the process exceeded its CPU time, or ended although it was new.

        An older process may have ended for another reason than this question: its limits cover all of its questions,
        and a machine that is short of memory kills any process. A new one is asked then.

        Raises TimeoutError if the machine or a disk was too slow, which says nothing about the files.
        """
        limits = {"cpuSeconds": self._answer_seconds, "seconds": _PATIENCE * self._answer_seconds}
        line = json.dumps({**question, "kind": kind, **limits}).encode() + b"\n"
        with self._lock:
            while True:
                is_new = not self._is_running()
                try:
                    return self._answer(line)
                except TimeoutError:
                    self._end()
                    raise
                except (OSError, ValueError):
                    if self._end() == -signal.SIGPROF or is_new:
                        return None

    def _answer(self, line: bytes) -> object:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        answer: object = json.loads(_read_line(process.stdout, _PATIENCE * self._answer_seconds))
        return answer

    def close(self) -> None:
        with self._lock:
            self._end()

    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or not self._is_running():
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(RESOURCES.parent / "python"), COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
            )
        return self._process

    def _end(self) -> int | None:
        """Returns the exit code, which is not SIGKILL's if the process had ended before. None if there was none."""
        if self._process is None:
            return None
        self._process.kill()
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # flushing what was buffered for a process that is gone
                    continue
        self._process = None
        return code


def _read_line(stream: IO[bytes], seconds: float) -> bytes:
    """Raises TimeoutError, or ValueError for a line that is too long or incomplete."""
    descriptor = stream.fileno()
    held = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while b"\n" not in held:
            if not selector.select(seconds):
                raise TimeoutError
            chunk = os.read(descriptor, 65_536)
            if not chunk or len(held) > _MAX_ANSWER_BYTES:
                raise ValueError("no answer")
            held += chunk
    return held


def serve_questions(answers: Mapping[str, Callable[[Question], object]]) -> int:
    """The main loop of the process: lines of JSON, questions on stdin and answers on stdout. Returns when stdin ends."""
    limit_this_process()
    for line in sys.stdin.buffer:
        question = json.loads(line)
        # The signals' default action ends the process even in native code, and even if the parent is gone.
        signal.setitimer(signal.ITIMER_PROF, question["cpuSeconds"])
        signal.setitimer(signal.ITIMER_REAL, 2 * question["seconds"])
        answer = answers[question["kind"]](question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()
    return 0
