"""`bench faults` and `bench links` on CPU ranks: that they run, and see what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from splitreel.bench import faults, links
from splitreel.bench.table import Value


def test_ranks_are_killed_and_a_job_is_canceled_in_mid_step(tmp_path: Path) -> None:
    out = tmp_path / "faults.json"
    assert faults.main(["--small", "--out", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert [row["code"] for row in figures["rows"]] == ["RANK_DIED", "RANK_DIED", "CANCELED"]
    assert all(row["next"] == "finished" for row in figures["rows"])
    assert figures["problems"] == []


@pytest.mark.parametrize(
    ("fault", "row", "problem"),
    [
        ("kill -9, first rank", {"code": "never began"}, "the job's end was never began"),
        ("kill -9, first rank", {"code": "RANK_DIED", "gone_s": None}, "ranks outlived the job"),
        ("kill -9, first rank", {"code": "RANK_DIED", "gone_s": 1.0, "left_mib": 300}, "300 MiB of a GPU's memory"),
        ("cancel", {"code": "finished", "next": "finished"}, "the job's end was finished"),
        ("cancel", {"code": "CANCELED", "next": "no end"}, "the next job's end was no end"),
    ],
)
def test_what_is_wrong_with_a_fault(fault: str, row: dict[str, Value], problem: str) -> None:
    assert faults._problems(fault, row)[0].startswith(problem)


def test_every_pair_is_tried_with_and_without_peer_to_peer(tmp_path: Path) -> None:
    out = tmp_path / "links.json"
    assert links.main(["--small", "--ranks", "3", "--out", str(out)]) == 0
    rows = json.loads(out.read_text())["rows"]
    pairs = ["0-1", "0-2", "1-2"]
    assert [(row["pair"], row["peer_to_peer"]) for row in rows] == [
        (pair, state) for state in ("on", "off") for pair in pairs
    ]
    assert all(row["problem"] == "" for row in rows)
