"""Checks a model's folder in the reading process: nothing that a folder holds is parsed by the supervisor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from splitreel.contract import failures, reasons, wire
from splitreel.contract.errors import AppError, SplitreelError
from splitreel.contract.types import Lora
from splitreel.rules.config import refuse
from splitreel.rules.memory_shape import MemoryShape
from splitreel.rules.model_shape import ModelShape
from splitreel.store.lora import need_lora
from splitreel.store.model_folder import ModelFolder, check_model_folder
from splitreel.store.reader_process import Question, ReaderProcess

# As the window allows for the same check (src/main/models/inspect.ts): headers on a network share take a while.
_CHECK_SECONDS: Final = 60.0


class ModelReader:
    """Safe to call from several threads."""

    def __init__(self, answer_seconds: float = _CHECK_SECONDS) -> None:
        self._reader = ReaderProcess(answer_seconds)

    def read(self, folder: Path) -> ModelFolder:
        """As `check_model_folder`, and raises MODEL_CORRUPT where the check itself exceeds its limits."""
        match self._reader.ask("check", {"folder": str(folder)}):
            case {"error": error}:
                raise SplitreelError.from_error(wire.from_wire(AppError, error))
            case {"shape": shape, "memory": memory, "weightBytes": int(size), "fingerprint": str(fingerprint)}:
                planned = None if memory is None else wire.from_wire(MemoryShape, memory)
                return ModelFolder(folder.resolve(), wire.from_wire(ModelShape, shape), planned, size, fingerprint)
        raise refuse("MODEL_CORRUPT", reasons.model_check_fails(file=folder.name))

    def check_lora(self, lora: Lora, model: Path) -> None:
        """As `need_lora`, and raises LORA_UNUSABLE where the check itself exceeds its limits."""
        match self._reader.ask("lora", {"lora": wire.to_wire(lora), "model": str(model)}):
            case {"error": error}:
                raise SplitreelError.from_error(wire.from_wire(AppError, error))
            case {"layers": int()}:
                return
        file = Path(lora.path).name
        raise failures.lora_unusable(file=file, reasons=[reasons.model_check_fails(file=file)])

    def close(self) -> None:
        self._reader.close()


def answer_check(question: Question) -> object:
    """In the reading process: the parts of a ModelFolder, or what is wrong with it."""

    def answer() -> object:
        model = check_model_folder(Path(str(question["folder"])))
        return {
            "shape": wire.to_wire(model.shape),
            "memory": wire.to_wire(model.memory),
            "weightBytes": model.weight_bytes,
            "fingerprint": model.fingerprint,
        }

    return _answer_or_error(answer)


def answer_lora(question: Question) -> object:
    """In the reading process: how many layers a LoRA changes, or why it cannot be used."""

    def answer() -> object:
        lora = need_lora(wire.from_wire(Lora, question["lora"]), Path(str(question["model"])))
        return {"layers": len(lora.layers)}

    return _answer_or_error(answer)


def _answer_or_error(answer: Callable[[], object]) -> object:
    try:
        return answer()
    except SplitreelError as error:
        return {"error": wire.to_wire(error.error)}
    except Exception as error:  # noqa: BLE001 - one folder may not end what asks about it
        problem = failures.internal(details=repr(error)[:2_000]).error
        return {"error": wire.to_wire(problem)}
