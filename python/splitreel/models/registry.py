"""Model families by the class of their transformer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from splitreel.errors import SplitreelError
from splitreel.models.adapter import Adapter
from splitreel.models.cogvideox import CogVideoX
from splitreel.models.configs import read_config

FAMILIES: dict[str, Callable[[Path], Adapter]] = {
    "CogVideoXTransformer3DModel": CogVideoX,
}


def open_model(folder: Path) -> Adapter:
    """The adapter for a model folder. Raises MODEL_MISSING, MODEL_INCOMPLETE, MODEL_CORRUPT, MODEL_UNSUPPORTED."""
    if not (folder / "model_index.json").is_file():
        raise SplitreelError("MODEL_MISSING", {"path": str(folder)})
    name = str(read_config(folder / "transformer" / "config.json").get("_class_name"))
    if name not in FAMILIES:
        raise SplitreelError("MODEL_UNSUPPORTED", {"what": name})
    return FAMILIES[name](folder)
