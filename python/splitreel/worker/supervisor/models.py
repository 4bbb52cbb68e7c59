"""The models that jobs name. Their folders can come from anywhere, so a separate process reads them (store/model_reader.py)."""

from __future__ import annotations

import os
from typing import Final

from splitreel.contract import failures, reasons
from splitreel.contract.types import Lora
from splitreel.store.find_model import find_model
from splitreel.store.model_folder import ModelFolder
from splitreel.store.model_reader import ModelReader
from splitreel.store.token_counter import TokenCounter

_MODELS: Final = ModelReader()
_TOKENS: Final = TokenCounter(_MODELS)


def model_of(name: str) -> ModelFolder:
    """The checked folder of a model. Raises MODEL_MISSING or whatever is wrong with it."""
    if not _is_utf8(name):
        raise failures.flag_invalid(reasons=[reasons.model_path_not_text(path=name)])
    return _MODELS.read(find_model(name))


def check_lora(lora: Lora, model: ModelFolder) -> None:
    """Raises LORA_MISSING, LORA_UNUSABLE or LORA_CHANGED."""
    _MODELS.check_lora(lora, model.path)


def count_tokens(name: str, text: str) -> tuple[int, int]:
    """The number of tokens in the text, including the end token, and the maximum that the model reads."""
    return _TOKENS.count(find_model(name), text)


def _is_utf8(path: str) -> bool:
    """Python represents other bytes of a file name as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in os.path.realpath(path))
