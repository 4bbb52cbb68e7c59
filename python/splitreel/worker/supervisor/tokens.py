"""Counts the tokens of a prompt with the model's own tokenizer, without torch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from splitreel.contract.errors import AppError, SplitreelError
from splitreel.contract.protocol import CountTokens, Event, RequestFailed, TokensCounted
from splitreel.worker.supervisor.checks import model_of


class _Counter(Protocol):
    def __call__(self, text: str) -> int: ...


@lru_cache(maxsize=4)
def _counter(folder: Path) -> _Counter:
    fast, slow = folder / "tokenizer.json", folder / "spiece.model"
    if fast.is_file():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(fast))
        return lambda text: len(tokenizer.encode(text).ids)
    if not slow.is_file():
        raise SplitreelError("MODEL_INCOMPLETE", {"file": "tokenizer/spiece.model", "problem": "it is not there"})
    from sentencepiece import SentencePieceProcessor

    pieces = SentencePieceProcessor(model_file=str(slow))
    # T5 ends every text with a token of its own.
    return lambda text: len(pieces.encode(text)) + 1


def count_tokens(model_path: str, text: str) -> tuple[int, int]:
    """The tokens of the text, including the end token, and the most that the model reads."""
    model = model_of(model_path)
    return _counter(model.path / "tokenizer")(text), model.shape.max_text_tokens


def answer_token_count(command: CountTokens, emit: Callable[[Event], None]) -> None:
    """Counts on a thread of its own, so that a slow disk doesn't hold up the supervisor's loop."""

    def count() -> None:
        try:
            tokens, limit = count_tokens(command.model_path, command.text)
        except SplitreelError as error:
            emit(RequestFailed(command.request_id, error.error))
        except Exception as error:  # noqa: BLE001 - the caller waits for an answer, whatever a tokenizer raises
            problem = AppError("MODEL_CORRUPT", {"file": "tokenizer", "problem": str(error)[:200]})
            emit(RequestFailed(command.request_id, problem))
        else:
            emit(TokensCounted(command.request_id, tokens, limit))

    threading.Thread(target=count, name="count-tokens", daemon=True).start()
