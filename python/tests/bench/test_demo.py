"""`bench demo` at a small size: that all of it runs, and that its controls control."""

from __future__ import annotations

import json
from pathlib import Path

from splitreel.bench import demo


def test_scores_come_with_controls_and_a_sheet(tmp_path: Path) -> None:
    out, sheet = tmp_path / "demo.json", tmp_path / "sheet.png"
    assert demo.main(["--small", "--only", "scores", "--out", str(out), "--sheet", str(sheet)]) == 0
    scores = json.loads(out.read_text())["scores"]
    made, true, mixed = scores["rows"]
    assert made["clips"] == true["clips"] == mixed["clips"] == 2
    assert true["all"] == 1, "the recognizer is right on drawn clips"
    assert scores["vae_psnr_db"]["least"] > 25
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_the_time_to_a_playable_file_is_measured_cold_and_warm(tmp_path: Path) -> None:
    out = tmp_path / "demo.json"
    assert demo.main(["--small", "--only", "times", "--ranks", "1", "--out", str(out)]) == 0
    (row,) = json.loads(out.read_text())["times"]
    assert row["frames"] == 9
    # Each stage is part of the whole.
    assert row["cold_s"] > 0
    assert 0 < row["denoising_s"] + row["decoding_s"] < row["warm_s"]


def test_drift_is_measured_from_the_exact_clips(tmp_path: Path) -> None:
    out = tmp_path / "demo.json"
    assert demo.main(["--small", "--only", "drift", "--frames", "9", "--out", str(out)]) == 0
    exact, stale = json.loads(out.read_text())["drift"]
    assert exact["stages"] == 1
    # One of the two steps is stale: close to the exact clip, but not equal.
    assert 10 < stale["least_db"] <= stale["psnr_db"] < 100


def test_qualities_are_measured_from_the_exact_clips(tmp_path: Path) -> None:
    out = tmp_path / "demo.json"
    arguments = ["--small", "--only", "qualities", "--frames", "9", "--ranks", "1", "--out", str(out)]
    assert demo.main(arguments) == 0
    exact, balanced, fast = json.loads(out.read_text())["qualities"]
    assert exact["quality"] == "exact"
    assert "psnr_db" not in exact
    for row in (balanced, fast):
        assert 10 < row["least_db"] <= row["psnr_db"] < 100
