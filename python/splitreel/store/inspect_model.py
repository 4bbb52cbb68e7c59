"""`splitreel inspect FOLDER [RECORD]` and `inspect-lora FILE MODEL`: what a folder or a LoRA holds, as one line of JSON.

Standard library only: they also run on the system's Python, before there is an environment.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from splitreel.contract import failures, wire
from splitreel.contract.errors import SplitreelError
from splitreel.store.limits import limit_this_process
from splitreel.store.lora import check_lora
from splitreel.store.model_folder import check_model_folder
from splitreel.store.record_check import check_record


def print_inspection(folder: str, record: str | None = None) -> int:
    limit_this_process()
    answer = inspect_folder(Path(folder))
    checked = None if record is None else wire.to_wire(check_record(Path(folder), Path(record)))
    print(json.dumps({**answer, "record": checked}))  # noqa: T201 - the answer
    return 0


def print_lora_inspection(file: str, model: str) -> int:
    limit_this_process()
    print(json.dumps(inspect_lora(Path(file), Path(model))))  # noqa: T201 - the answer
    return 0


def inspect_folder(folder: Path) -> dict[str, object]:
    """What the window shows about a folder, as JSON: a shape, or what is wrong."""

    def found() -> dict[str, object]:
        model = check_model_folder(folder)
        memory = None if model.memory is None else wire.to_wire(model.memory)
        return {"shape": wire.to_wire(model.shape), "memory": memory, "sizeBytes": model.weight_bytes}

    return _answer(found)


def inspect_lora(file: Path, model: Path) -> dict[str, object]:
    """Whether a LoRA fits a model, as JSON: its hash and the number of layers that it changes, or what is wrong."""

    def found() -> dict[str, object]:
        lora = check_lora(file, model)
        return {"sha256": lora.sha256, "layers": len(lora.layers)}

    return _answer(found)


def _answer(found: Callable[[], dict[str, object]]) -> dict[str, object]:
    try:
        return {"status": "ready", **found()}
    except SplitreelError as error:
        return {"status": "broken", "error": wire.to_wire(error.error)}
    except Exception as error:  # noqa: BLE001 - a folder must not crash the process that asks about it
        problem = failures.internal(details=repr(error)[:2_000]).error
        return {"status": "broken", "error": wire.to_wire(problem)}
