"""The memory shape of a model folder, for code that runs a model whose folder is already checked."""

from __future__ import annotations

from pathlib import Path

from splitreel.contract.errors import SplitreelError
from splitreel.rules.memory_shape import TEXT_ENCODER_CONFIG, MemoryShape, memory_shape_from_configs
from splitreel.rules.model_shape import CONFIG_FILES
from splitreel.store.files import read_json


def read_memory_shape(folder: Path) -> MemoryShape | None:
    """None if a config can't be read or lacks a number: the planner then makes no prediction."""
    try:
        raw = {part: read_json(folder, file) for part, file in CONFIG_FILES.items()}
        return memory_shape_from_configs(raw, read_json(folder, TEXT_ENCODER_CONFIG))
    except SplitreelError:
        return None
