"""What a model family looks like on disk, without torch. A new family adds a file like cogvideox.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from splitreel.rules.config import Config
from splitreel.store.weights import Shape


@dataclass(frozen=True, slots=True)
class ModelLayout:
    # `_class_name` in model_index.json.
    pipelines: frozenset[str]
    # Allowed classes by component: a class names code to run.
    classes: Mapping[str, frozenset[str]]
    # Checks the configs, by component, including values that must agree. Raises MODEL_UNSUPPORTED, MODEL_CORRUPT.
    check_configs: Callable[[Mapping[str, Config]], None]
    # For each component with weights: the name and shape of every tensor that its config describes.
    tensors: Mapping[str, Callable[[Config], dict[str, Shape]]]
    # Alternative names under which a tensor may be stored, mapped to the module's name for it.
    aliases: Mapping[str, str]
