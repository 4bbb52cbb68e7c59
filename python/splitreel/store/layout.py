"""What a family of models looks like on disk, known without torch. A new family is a file like cogvideox.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from splitreel.rules.config import Config
from splitreel.store.weights import Shape


@dataclass(frozen=True, slots=True)
class ModelLayout:
    # `_class_name` in model_index.json.
    pipelines: frozenset[str]
    # Component to the classes it may be: a class is the name of code to run.
    classes: Mapping[str, frozenset[str]]
    # Checks what two configs say of each other, by component. Raises MODEL_UNSUPPORTED, MODEL_CORRUPT.
    check_configs: Callable[[Mapping[str, Config]], None]
    # For each component with weights: name and shape of every tensor that the config describes.
    tensors: Mapping[str, Callable[[Config], dict[str, Shape]]]
    # Another name under which a tensor may be stored, to the name that the module uses.
    aliases: Mapping[str, str]
