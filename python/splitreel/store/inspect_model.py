"""`splitreel inspect FOLDER`: what a folder holds, as one line of JSON. Standard library only: it also runs on the
system's Python, before there is an environment.
"""

from __future__ import annotations

import json
from pathlib import Path

from splitreel.contract import wire
from splitreel.contract.errors import AppError, SplitreelError
from splitreel.store.limits import limit_this_process
from splitreel.store.model_folder import check_model_folder


def print_inspection(folder: str) -> int:
    limit_this_process()
    print(json.dumps(inspect_folder(Path(folder))))  # noqa: T201 - the answer
    return 0


def inspect_folder(folder: Path) -> dict[str, object]:
    """What the window shows of a folder, as JSON: a shape, or what is wrong."""
    try:
        model = check_model_folder(folder)
    except SplitreelError as error:
        return {"status": "broken", "error": wire.to_wire(error.error)}
    except Exception as error:  # noqa: BLE001 - one folder may not end what asks about it
        problem = AppError("INTERNAL", {"problem": type(error).__name__}, details=repr(error)[:2_000])
        return {"status": "broken", "error": wire.to_wire(problem)}
    memory = None if model.memory is None else wire.to_wire(model.memory)
    sizes = {"sizeBytes": model.weight_bytes}
    return {"status": "ready", "shape": wire.to_wire(model.shape), "memory": memory, **sizes}
