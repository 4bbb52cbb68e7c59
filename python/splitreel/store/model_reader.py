"""Checks a model folder in a separate process, so that the supervisor parses nothing from it."""

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

# Of CPU time. A network share then has a minute, as in the window (src/main/models/inspect.ts).
_CHECK_SECONDS: Final = 15.0


class ModelReader:
    """Safe to call from several threads."""

    def __init__(self, answer_seconds: float = _CHECK_SECONDS) -> None:
        self._reader = ReaderProcess(answer_seconds)

    def read(self, folder: Path) -> ModelFolder:
        """Like `check_model_folder`. Also raises MODEL_CORRUPT if the check exceeds its limits."""
        match self._ask("check", {"folder": str(folder)}):
            case {"error": error}:
                raise SplitreelError.from_error(wire.from_wire(AppError, error))
            case {"shape": shape, "memory": memory, "weightBytes": int(size), "fingerprint": str(fingerprint)}:
                planned = None if memory is None else wire.from_wire(MemoryShape, memory)
                return ModelFolder(folder.resolve(), wire.from_wire(ModelShape, shape), planned, size, fingerprint)
        raise refuse("MODEL_CORRUPT", reasons.model_check_fails(file=folder.name))

    def check_lora(self, lora: Lora, model: Path) -> None:
        """Like `need_lora`. Also raises LORA_UNUSABLE if the check exceeds its limits."""
        match self._ask("lora", {"lora": wire.to_wire(lora), "model": str(model)}):
            case {"error": error}:
                raise SplitreelError.from_error(wire.from_wire(AppError, error))
            case {"layers": int()}:
                return
        file = Path(lora.path).name
        raise failures.lora_unusable(file=file, reasons=[reasons.model_check_fails(file=file)])

    def _ask(self, kind: str, question: Question) -> object:
        try:
            return self._reader.ask(kind, question)
        except TimeoutError:
            return None

    def close(self) -> None:
        self._reader.close()


def answer_check(question: Question) -> object:
    """Runs in the reading process. Returns the parts of a ModelFolder, or what is wrong with it."""

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
    """Runs in the reading process. Returns how many layers a LoRA changes, or why it can't be used."""

    def answer() -> object:
        lora = need_lora(wire.from_wire(Lora, question["lora"]), Path(str(question["model"])))
        return {"layers": len(lora.layers)}

    return _answer_or_error(answer)


def _answer_or_error(answer: Callable[[], object]) -> object:
    try:
        return answer()
    except SplitreelError as error:
        return {"error": wire.to_wire(error.error)}
    except Exception as error:  # noqa: BLE001 - a folder must not end the process that reads all of them
        problem = failures.internal(details=repr(error)[:2_000]).error
        return {"error": wire.to_wire(problem)}
