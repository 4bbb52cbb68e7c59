"""`bench memory` at a small size on the CPU: that every part of it runs. Its figures mean something on a GPU alone."""

from __future__ import annotations

import json
from pathlib import Path

from splitreel.bench import memory


def test_every_stage_of_every_rank_is_predicted_and_measured(tmp_path: Path) -> None:
    out = tmp_path / "memory.json"
    assert memory.main(["--small", "--models", "5b", "--offload", "none,model", "--out", str(out)]) == 0
    figures = json.loads(out.read_text())
    measured = {(row["plan"], row["offload"], row["rank"], row["stage"]) for row in figures["rows"]}
    for stage in ("encoding", "denoising", "decoding"):
        assert {("1 rank", "none", 0, stage), ("1 rank", "model", 0, stage), ("cfg 2", "none", 1, stage)} <= measured
    assert all(row["predicted_gb"] > 0 and row["measured_gb"] > 0 for row in figures["rows"])
