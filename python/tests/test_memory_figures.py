"""The forecast of what a process takes beyond tensors, compared with what four H100s measured (docs/figures)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.types import Plan
from splitreel.rules.memory import OVERHEAD_BYTES, MemoryJob, memory_needs
from splitreel.rules.memory_shape import memory_shape_from_configs
from tests.test_memory_golden import GOLDEN

FIGURES = Path(__file__).parents[2] / "docs" / "figures" / "h100x4-2026-11-26-flash4.json"
MOST = 1.1


def measured_gb() -> dict[tuple[str, int], float]:
    """By plan and rank. The figure is the same in every stage."""
    runs: list[dict[str, Any]] = json.loads(FIGURES.read_text("utf-8"))
    rows = [row for run in runs for row in run["rows"] if "over GB" in row]
    return {(row["plan"], int(row["rank"])): row["over GB"] for row in rows}


def plan_of(words: str) -> Plan:
    """`cfg 2, ulysses 2` or `1 rank`."""
    degrees = {} if words == "1 rank" else dict(part.split() for part in words.split(", "))
    return Plan(**{axis: int(degree) for axis, degree in degrees.items()})


@pytest.mark.parametrize(("words", "rank"), measured_gb())
def test_the_forecast_covers_what_was_measured(words: str, rank: int) -> None:
    configs = GOLDEN["models"]["5b"]["configs"]
    shape = memory_shape_from_configs(configs, configs["textEncoder"])
    assert shape is not None
    job = MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_nvlinked=True, is_fused=True)
    need = memory_needs(shape, job, plan_of(words), is_writer=rank == 0)[0]
    predicted, measured = (OVERHEAD_BYTES + need.link_bytes) / 1e9, measured_gb()[words, rank]
    assert measured <= predicted <= MOST * measured


def test_all_measured_ranks_are_compared() -> None:
    assert {words for words, _ in measured_gb()} == {
        "1 rank", "cfg 2", "ulysses 2", "ring 2", "tp 2", "pp 2", "cfg 2, ulysses 2",
    }  # fmt: skip
