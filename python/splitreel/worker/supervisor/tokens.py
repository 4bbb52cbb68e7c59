"""Counts the tokens of a prompt with the model's own tokenizer, without torch."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Protocol

from splitreel.contract.errors import SplitreelError
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
    """Tokens of the text, its end included, and how many the model reads."""
    model = model_of(model_path)
    return _counter(model.path / "tokenizer")(text), model.shape.max_text_tokens
