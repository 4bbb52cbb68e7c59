"""`bench faults` and `bench links` on CPU ranks: that they run, and see what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

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


def test_a_job_that_ends_late_is_a_problem_on_gpus() -> None:
    row: dict[str, Value] = {"code": "RANK_DIED", "end_s": 6.0, "gone_s": 6.0, "next": "finished"}
    assert faults._problems("kill -9, last rank", row, is_timed=True) == [
        "the job took 6.0 s to end, and 5 s are allowed"
    ]
    assert faults._problems("kill -9, last rank", row) == []


class _Worker:
    """A supervisor that is gone for the first fault."""

    started = 0

    def __init__(self, _environment: object) -> None:
        self.number = _Worker.started
        _Worker.started += 1
        self.process = SimpleNamespace(kill=lambda: None)

    def close(self) -> None: ...


def test_a_fault_that_breaks_off_does_not_hide_the_next_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt(worker: _Worker, *_: object) -> dict[str, Value]:
        if worker.number == 0:
            raise BrokenPipeError("the supervisor is gone")
        return {"code": "RANK_DIED", "gone_s": 1.0, "next": "finished"}

    monkeypatch.setattr(faults, "SoakWorker", _Worker)
    monkeypatch.setattr(faults, "_try", attempt)
    out = tmp_path / "faults.json"
    assert faults.main(["--small", "--out", str(out)]) == 1
    codes = [row["code"] for row in json.loads(out.read_text())["rows"]]
    assert codes == ["BrokenPipeError: the supervisor is gone", "RANK_DIED", "RANK_DIED"]


def test_every_pair_is_tried_with_and_without_peer_to_peer(tmp_path: Path) -> None:
    out = tmp_path / "links.json"
    assert links.main(["--small", "--ranks", "3", "--out", str(out)]) == 0
    rows = json.loads(out.read_text())["rows"]
    pairs = ["0-1", "0-2", "1-2"]
    assert [(row["pair"], row["peer_to_peer"]) for row in rows] == [
        (pair, state) for state in ("on", "off") for pair in pairs
    ]
    assert all(row["problem"] == "" for row in rows)
