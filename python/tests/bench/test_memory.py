"""`bench memory` at a small size on the CPU: that every part of it runs. Its figures mean something on a GPU alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from splitreel.bench import memory
from splitreel.bench.world import WorldLost
from splitreel.contract.types import Offload, Plan, Quality


def test_every_stage_of_every_rank_is_predicted_and_measured(tmp_path: Path) -> None:
    out = tmp_path / "memory.json"
    assert memory.main(["--small", "--models", "5b", "--offload", "none,model", "--out", str(out)]) == 0
    figures = json.loads(out.read_text())
    measured = {(row["plan"], row["offload"], row["rank"], row["stage"]) for row in figures["rows"]}
    for stage in ("encoding", "denoising", "decoding"):
        assert {("1 rank", "none", 0, stage), ("1 rank", "model", 0, stage), ("cfg 2", "none", 1, stage)} <= measured
    assert all(row["predicted_gb"] > 0 and row["measured_gb"] > 0 for row in figures["rows"])


def test_ranks_that_are_lost_cost_one_case(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Quality.EXACT

    class Ranks:
        def __init__(self, *_: object, **__: object) -> None:
            self.is_lost = False

        def run(self, _function: object, case: memory.Case, *, timeout_s: float) -> list[object]:
            assert not self.is_lost
            if case.quality is lost:
                self.is_lost = True
                raise WorldLost("rank 1 died")
            return []

        def close(self) -> None: ...

    monkeypatch.setattr(memory, "World", Ranks)
    cases = [memory.Case(Path(), 96, 64, 9, Plan(cfg=2), Offload.NONE, quality) for quality in Quality]
    found = [figures for _, figures in memory._measured(cases, "cpu")]
    assert isinstance(found[0], WorldLost)
    assert found[1:] == [[], []]
