"""Rows of figures: a markdown table printed row by row, and a JSON file that is complete after each row."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

Value = str | int | float | None


class Table:
    """`columns`: by key, the heading of a column, with the unit. A missing figure is shown as -."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = dict(columns)
        self.rows: list[dict[str, Value]] = []

    def start(self) -> None:
        print("| " + " | ".join(self._columns.values()) + " |", flush=True)
        print("|" + " --- |" * len(self._columns), flush=True)

    def add(self, row: Mapping[str, Value]) -> None:
        self.rows.append(dict(row))
        print("| " + " | ".join(_shown(row.get(key)) for key in self._columns) + " |", flush=True)


def _shown(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return "0" if value == 0 else f"{value:.2e}" if abs(value) < 1e-3 else f"{value:.4g}"
    return str(value).replace("|", "/")


def write_json(path: Path, figures: Mapping[str, object]) -> None:
    """Writes by rename, so that an interrupted run leaves the rows so far."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def machine() -> dict[str, Value]:
    """The hardware and versions behind the figures, without the machine's name."""
    import platform

    import diffusers
    import torch

    return {
        "processor": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
    }


def _cpu_name() -> str:
    try:
        lines: Sequence[str] = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
