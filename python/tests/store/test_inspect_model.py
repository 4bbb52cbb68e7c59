"""`splitreel inspect`: one line of JSON for any folder, also on a Python that has nothing but its standard library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from splitreel.contract.messages import RESOURCES
from splitreel.store import inspect_model

PACKAGE = RESOURCES.parent / "python"


def inspect(folder: Path, *flags: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-I", *flags, str(PACKAGE), "inspect", str(folder)], capture_output=True, text=True, check=True
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_a_model_is_answered_with_its_shape(tmp_path: Path) -> None:
    # -S: no site-packages.
    found = inspect(RESOURCES / "demo", "-S")
    assert found["status"] == "ready"
    assert isinstance(found["shape"], dict)
    assert found["shape"]["heads"] == 12
    assert isinstance(found["memory"], dict)
    error = inspect(tmp_path)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "MODEL_MISSING"


def test_what_nobody_foresaw_is_an_answer_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_folder: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(inspect_model, "check_model_folder", fail)
    assert inspect_model.inspect_folder(tmp_path)["error"] == {
        "code": "INTERNAL",
        "params": {"problem": "ZeroDivisionError"},
        "reasons": [],
        "details": "ZeroDivisionError()",
    }
