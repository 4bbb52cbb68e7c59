"""The families that there are. A new one is an adapter in a file of its own and a line here."""

from __future__ import annotations

import json
from pathlib import Path

from splitreel.contract.errors import SplitreelError
from splitreel.models.cogvideox.family import COGVIDEOX
from splitreel.models.family import Family

_FAMILIES = (COGVIDEOX,)


def family_of(folder: Path) -> Family:
    """The family whose pipeline the folder names; MODEL_UNSUPPORTED where there is none."""
    name = pipeline_name(folder)
    for family in _FAMILIES:
        if name in family.pipelines:
            return family
    raise SplitreelError("MODEL_UNSUPPORTED", {"what": name})


def pipeline_name(folder: Path) -> str:
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    return str(index["_class_name"])
