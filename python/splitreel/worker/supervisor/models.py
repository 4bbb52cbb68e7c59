"""The models that jobs name. Their folders come from anywhere, so a process of its own reads them (store/model_reader.py)."""

from __future__ import annotations

import os
from typing import Final

from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Lora
from splitreel.store.find_model import find_model
from splitreel.store.model_folder import ModelFolder
from splitreel.store.model_reader import ModelReader
from splitreel.store.token_counter import TokenCounter

_MODELS: Final = ModelReader()
_TOKENS: Final = TokenCounter(_MODELS)


def model_of(name: str) -> ModelFolder:
    """Raises MODEL_MISSING or what is wrong with the model."""
    if not _is_utf8(name):
        problem = "The path of the model is not UTF-8 text, which its loaders need: rename the folder"
        raise SplitreelError("FLAG_INVALID", {"problem": problem})
    return _MODELS.read(find_model(name))


def check_lora(lora: Lora, model: ModelFolder) -> None:
    """Raises LORA_MISSING, LORA_UNUSABLE or LORA_CHANGED."""
    _MODELS.check_lora(lora, model.path)


def count_tokens(name: str, text: str) -> tuple[int, int]:
    """The tokens of the text, including the end token, and the most that the model reads."""
    return _TOKENS.count(find_model(name), text)


def _is_utf8(path: str) -> bool:
    """Python reads other bytes of a file name as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in os.path.realpath(path))
