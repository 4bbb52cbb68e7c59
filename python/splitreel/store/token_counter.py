"""Counts the tokens of a prompt with the model's own tokenizer, in a process of its own.

A tokenizer is a program of sorts: a few hundred kilobytes of rules can take minutes and gigabytes on one sentence. So
it runs where limits end it, and a model whose tokenizer went over them is not tried again.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, TypeAlias

from splitreel.contract.messages import RESOURCES
from splitreel.rules.config import refuse
from splitreel.store.limits import child_environment, limit_this_process
from splitreel.store.model_folder import check_model_folder, tokenizer_file

_ANSWER_SECONDS: Final = 10.0
_MAX_ANSWER_BYTES: Final = 65_536
# What a person can type; a longer text is refused by the checks of a request.
_MAX_TEXT: Final = 100_000
COMMAND: Final = "count-tokens"


class TokenCounter:
    """Safe to call from several threads; one question is answered at a time."""

    def __init__(self, answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._refused: set[tuple[str, int, int]] = set()
        self._answer_seconds = answer_seconds

    def count(self, folder: Path, text: str) -> tuple[int, int]:
        """The tokens of the text, including the end token, and the most that the model reads.

        Raises what is wrong with the model, and MODEL_CORRUPT where its tokenizer fails or exceeds the limits.
        """
        shape = check_model_folder(folder).shape
        file = tokenizer_file(folder)
        found = (folder / file).stat()
        key = (str(folder / file), found.st_size, found.st_mtime_ns)
        with self._lock:
            answer = None if key in self._refused else self._ask({"file": str(folder / file), "text": text[:_MAX_TEXT]})
            if answer is None:
                self._refused.add(key)
        if not isinstance(answer, int):
            raise refuse("MODEL_CORRUPT", "model_tokenizer_fails", {"file": file})
        return answer, shape.max_text_tokens

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, question: dict[str, str]) -> object:
        """None where the process ended or took too long; a string where the tokenizer raised."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            line = _read_line(process.stdout, self._answer_seconds)
            answer: object = json.loads(line)["tokens"]
        except (OSError, ValueError, KeyError, TypeError):
            self._end()
            return None
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(RESOURCES.parent / "python"), COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
            )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
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
            chunk = os.read(descriptor, 4_096)
            if not chunk or len(held) > _MAX_ANSWER_BYTES:
                raise ValueError("no answer")
            held += chunk
    return held


_Counter: TypeAlias = Callable[[str], int]


@lru_cache(maxsize=4)
def _counter(file: str) -> _Counter:
    if file.endswith(".json"):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(file)
        return lambda text: len(tokenizer.encode(text).ids)
    from sentencepiece import SentencePieceProcessor

    pieces = SentencePieceProcessor(model_file=file)
    # T5 ends every text with a token of its own.
    return lambda text: len(pieces.encode(text)) + 1


def serve_counts() -> int:
    """The child: questions on stdin, answers on stdout, both lines of JSON. Ends with its stdin."""
    limit_this_process()
    for line in sys.stdin.buffer:
        question = json.loads(line)
        # The default action ends the process, whatever native code is at work, and also where the parent is gone.
        signal.setitimer(signal.ITIMER_REAL, 2 * _ANSWER_SECONDS)
        try:
            answer: object = _counter(question["file"])(question["text"])
        except Exception as error:  # noqa: BLE001 - whatever a tokenizer raises
            answer = type(error).__name__
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.buffer.write(json.dumps({"tokens": answer}).encode() + b"\n")
        sys.stdout.buffer.flush()
    return 0
