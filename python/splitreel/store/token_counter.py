"""Counts the tokens of a prompt with the model's own tokenizer, in a separate process.

A few hundred kilobytes of tokenizer rules can take minutes and gigabytes for one sentence, so it runs under limits. A
tokenizer that exceeded them is not tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from splitreel.contract import reasons
from splitreel.rules.config import refuse
from splitreel.store.model_folder import tokenizer_file
from splitreel.store.model_reader import ModelReader
from splitreel.store.reader_process import Question, ReaderProcess

_ANSWER_SECONDS: Final = 10.0
# More than anybody types. The checks of a request refuse longer texts.
_MAX_TEXT: Final = 100_000


class TokenCounter:
    """Safe to call from several threads."""

    def __init__(self, models: ModelReader, answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._models = models
        self._reader = ReaderProcess(answer_seconds)
        self._refused: set[tuple[str, int, int]] = set()

    def count(self, folder: Path, text: str) -> tuple[int, int]:
        """The number of tokens in the text, including the end token, and the maximum that the model reads.

        Raises whatever is wrong with the model, and MODEL_CORRUPT if its tokenizer fails or exceeds the limits, or if the
        machine is too slow for now.
        """
        shape = self._models.read(folder).shape
        file = tokenizer_file(folder)
        found = (folder / file).stat()
        key = (str(folder / file), found.st_size, found.st_mtime_ns)
        answer: object = None
        if key not in self._refused:
            with suppress(TimeoutError):
                answer = self._reader.ask("count", {"file": str(folder / file), "text": text[:_MAX_TEXT]})
                if answer is None:
                    self._refused.add(key)
        if not isinstance(answer, int):
            raise refuse("MODEL_CORRUPT", reasons.model_tokenizer_fails(file=file))
        return answer, shape.max_text_tokens

    def close(self) -> None:
        self._reader.close()


_Counter: TypeAlias = Callable[[str], int]


def answer_count(question: Question) -> object:
    """Runs in the reading process. Returns the number of tokens, or the name of the tokenizer's exception."""
    try:
        return _counter(str(question["file"]))(str(question["text"]))
    except Exception as error:  # noqa: BLE001 - whatever a tokenizer raises
        return type(error).__name__


@lru_cache(maxsize=4)
def _counter(file: str) -> _Counter:
    if file.endswith(".json"):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(file)
        return lambda text: len(tokenizer.encode(text).ids)
    from sentencepiece import SentencePieceProcessor

    pieces = SentencePieceProcessor(model_file=file)
    # T5 appends an end token to every text.
    return lambda text: len(pieces.encode(text)) + 1
