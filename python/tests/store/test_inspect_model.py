"""`splitreel inspect`: one line of JSON for any folder, also on a Python that has nothing but its standard library."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from splitreel.contract.messages import RESOURCES
from splitreel.store import inspect_model
from splitreel.store.weights import stored_tensors
from tests.processes.worker import write_weights

PACKAGE = RESOURCES.parent / "python"


def inspect(folder: Path, *flags: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-I", *flags, str(PACKAGE), "inspect", str(folder)], capture_output=True, text=True, check=True
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_inspecting_a_model_returns_its_shape(tmp_path: Path) -> None:
    # -S: no site-packages.
    found = inspect(RESOURCES / "demo", "-S")
    assert found["status"] == "ready"
    assert isinstance(found["shape"], dict)
    assert found["shape"]["heads"] == 12
    assert isinstance(found["memory"], dict)
    error = inspect(tmp_path)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "MODEL_MISSING"


def test_an_unexpected_error_is_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_folder: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(inspect_model, "check_model_folder", fail)
    assert inspect_model.inspect_folder(tmp_path)["error"] == {
        "code": "INTERNAL",
        "params": {},
        "reasons": [],
        "advice": None,
        "details": "ZeroDivisionError()",
    }


def test_inspecting_a_lora_returns_its_hash_or_what_is_wrong(tmp_path: Path) -> None:
    layer, shape = "transformer_blocks.0.attn1.to_q", stored_tensors(RESOURCES / "demo", "transformer")
    out, into = shape[f"{layer}.weight"].shape
    file = tmp_path / "ink.safetensors"
    sizes = {f"transformer.{layer}.lora_A.weight": (2, into), f"transformer.{layer}.lora_B.weight": (out, 2)}
    write_weights(file, sizes)

    def answer() -> dict[str, object]:
        command = [sys.executable, "-I", "-S", str(PACKAGE), "inspect-lora", str(file), str(RESOURCES / "demo")]
        found: dict[str, object] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        return found

    assert answer() == {"status": "ready", "sha256": sha256(file.read_bytes()).hexdigest(), "layers": 1}
    file.write_bytes(b"not a LoRA")
    assert answer()["status"] == "broken"
