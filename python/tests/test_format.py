"""Sizes, durations, names of videos and the data folder: the rules that resources/golden holds in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.format import duration_text, size_text
from splitreel.contract.messages import RESOURCES
from splitreel.rules.naming import free_path, video_name
from splitreel.store.locations import data_folder


def _golden(name: str) -> dict[str, Any]:
    cases: dict[str, Any] = json.loads((RESOURCES / "golden" / f"{name}.json").read_text("utf-8"))
    return cases


@pytest.mark.parametrize(("size_bytes", "text"), _golden("format")["sizes"])
def test_sizes(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes) == text


@pytest.mark.parametrize(("duration_ms", "text"), _golden("format")["durations"])
def test_durations(duration_ms: int, text: str) -> None:
    assert duration_text(duration_ms) == text


@pytest.mark.parametrize("case", _golden("video-names")["cases"], ids=lambda case: case["name"])
def test_names_are_readable(case: dict[str, Any]) -> None:
    assert video_name(case["prompt"], case["seed"]) == case["name"]


def test_no_name_is_used_twice(tmp_path: Path) -> None:
    existing, *free = _golden("video-names")["taken"]
    (tmp_path / existing).symlink_to("nowhere")
    taken: set[Path] = set()
    assert [free_path(tmp_path, "a_seed1", taken).name for _ in free] == free


@pytest.mark.parametrize("case", _golden("data-folder")["cases"], ids=lambda case: json.dumps(case["variables"]))
def test_the_data_folder(monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]) -> None:
    for name in ("SPLITREEL_DATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in case["variables"].items():
        monkeypatch.setenv(name, value)
    assert data_folder() == Path(case["folder"])
