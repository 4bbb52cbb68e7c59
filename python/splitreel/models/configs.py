"""Reads the JSON files of a model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from splitreel.errors import SplitreelError


def read_config(file: Path) -> dict[str, Any]:
    """A JSON object. Raises MODEL_INCOMPLETE or MODEL_CORRUPT with the file's name."""
    name = f"{file.parent.name}/{file.name}"
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise SplitreelError("MODEL_INCOMPLETE", {"file": name, "problem": "the file is missing"}) from problem
    except (OSError, ValueError) as problem:
        raise SplitreelError("MODEL_CORRUPT", {"file": name, "problem": "it is not JSON"}) from problem
    if not isinstance(raw, dict):
        raise SplitreelError("MODEL_CORRUPT", {"file": name, "problem": "it is not a JSON object"})
    return raw


def wrong_config(file: Path, problem: object) -> SplitreelError:
    return SplitreelError(
        "MODEL_CORRUPT", {"file": f"{file.parent.name}/{file.name}", "problem": f"{problem} is missing or wrong"}
    )
