"""The registered families. A new one needs its own package and a line here."""

from __future__ import annotations

from pathlib import Path

from splitreel.contract import failures
from splitreel.models.cogvideox.family import COGVIDEOX
from splitreel.models.family import Family
from splitreel.rules.config import Config
from splitreel.store.files import read_json

FAMILIES: list[Family] = [COGVIDEOX]


def family_of(folder: Path) -> Family:
    """The family that loads the pipeline named in the folder. Raises MODEL_UNSUPPORTED if there is none."""
    name = Config.of("model_index.json", read_json(folder, "model_index.json")).text("_class_name")
    for family in FAMILIES:
        if name in family.pipelines:
            return family
    raise failures.model_unsupported(kind=name)
