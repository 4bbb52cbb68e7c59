"""A process that reads what came with a model, under limits that end it and nothing else.

Configs, headers and tokenizers come from anywhere. Each reader of ours is bounded, but a tokenizer is a program of
sorts, and a parser may have a fault: whatever happens here costs one question, not the supervisor and its warm ranks.
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
# The text of the longest prompt, or every reason of a check.
_MAX_ANSWER_BYTES: Final = 1_000_000

Question: TypeAlias = Mapping[str, object]


class ReaderProcess:
    """Starts with the first question. Safe to call from several threads; it answers one question at a time."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, kind: str, question: Question) -> object:
        """The answer, as JSON. None where the process ended or took too long."""
        line = json.dumps({**question, "kind": kind, "seconds": self._answer_seconds}).encode() + b"\n"
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(line)
                process.stdin.flush()
                answer: object = json.loads(_read_line(process.stdout, self._answer_seconds))
            except (OSError, ValueError):
                self._end()
                return None
            return answer

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(RESOURCES.parent / "python"), COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
            )
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what was buffered for a process that is gone
                    continue
        self._process = None


def _read_line(stream: IO[bytes], seconds: float) -> bytes:
    """Raises TimeoutError, and ValueError for an answer without an end."""
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
    """The process itself: questions on stdin, answers on stdout, both lines of JSON. Ends with its stdin."""
    limit_this_process()
    for line in sys.stdin.buffer:
        question = json.loads(line)
        # The default action ends the process, whatever native code is at work, and also where the parent is gone.
        signal.setitimer(signal.ITIMER_REAL, 2 * question["seconds"])
        answer = answers[question["kind"]](question)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()
    return 0
