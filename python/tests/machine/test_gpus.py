"""What nvidia-smi's answers mean, and what CUDA_VISIBLE_DEVICES leaves of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.machine.gpus import Gpu, find_gpus, interpret_answer, select_visible, visible_gpus

ROOT = Path(__file__).parents[3]
FAKE = ROOT / "test" / "fakes" / "nvidia-smi"
GOLDEN = ROOT / "resources" / "golden" / "nvidia-smi-failures.json"
GPUS = [Gpu(index, f"GPU-{name}-0000", "NVIDIA X", 10**9, "580.1") for index, name in enumerate(("aa1", "aa2", "bb3"))]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH whose nvidia-smi answers as the file `fake-gpus` says."""
    (tmp_path / "nvidia-smi").symlink_to(FAKE)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path / "fake-gpus"


@pytest.mark.parametrize(
    ("kind", "code"),
    [("mismatch", "DRIVER_NOT_RESPONDING"), ("nodriver", "DRIVER_MISSING"), ("garbage", "DRIVER_GARBLED")],
)
def test_a_driver_that_does_not_work(machine: Path, kind: str, code: str) -> None:
    machine.write_text(kind)
    with pytest.raises(SplitreelError) as raised:
        find_gpus()
    assert raised.value.code == code
    assert raised.value.error.details


def test_a_driver_without_gpus_is_not_reported_as_missing(machine: Path) -> None:
    machine.write_text("0")
    assert find_gpus() == []
    with pytest.raises(SplitreelError, match="finds no GPU"):
        visible_gpus()


def test_gpus(machine: Path) -> None:
    machine.write_text("mixed")
    assert [(gpu.index, gpu.name) for gpu in visible_gpus()] == [
        (0, "NVIDIA GeForce RTX 4090"),
        (1, "NVIDIA GeForce RTX 3060"),
    ]


def test_memory_that_the_driver_does_not_report() -> None:
    (gpu,) = interpret_answer(0, "0, GPU-1, NVIDIA GB10, [N/A], 580.1\n", "")
    assert gpu.memory_bytes == 0


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text("utf-8")), ids=lambda case: str(case["name"]))
def test_nvidia_smi_is_read_as_in_the_window(case: dict[str, Any]) -> None:
    """The other half of this table's test is src/main/gpus/nvidia-smi.test.ts."""
    if case["code"] is None:
        assert interpret_answer(case["exitCode"], case["stdout"], case["stderr"]) == []
        return
    with pytest.raises(SplitreelError) as raised:
        interpret_answer(case["exitCode"], case["stdout"], case["stderr"])
    assert raised.value.code == case["code"]


@pytest.mark.parametrize("stdout", ["", "0, GPU-1, NVIDIA X, 80000, 580.1\nhalf a line", "0, 1, X, 80000, 580.1"])
def test_unreadable_output_of_nvidia_smi(stdout: str) -> None:
    with pytest.raises(SplitreelError) as raised:
        interpret_answer(0, stdout, "")
    assert raised.value.code == "DRIVER_GARBLED"


@pytest.mark.parametrize(
    ("chosen", "indexes"),
    [
        ("0,2", [0, 2]),
        ("2,0", [2, 0]),
        (" 1 , 2 ", [1, 2]),
        ("0,7,1", [0]),
        ("1,-1,2", [1]),
        ("1gpu,2", [1, 2]),
        ("0,0", []),
        ("7", []),
        ("", []),
        ("none", []),
        ("G", []),
        ("GPU-aa1", [0]),
        ("GPU-bb3-0000,GPU-aa2", [2, 1]),
        ("GPU-aa", []),  # means two GPUs
        ("GPU-bb,GPU-nowhere,GPU-aa1", [2]),
        ("GPU-bb,1", [2]),
        ("MIG-aa1", []),
    ],
)
def test_visible_devices_are_parsed_as_in_cuda(chosen: str, indexes: list[int]) -> None:
    assert [gpu.index for gpu in select_visible(GPUS, chosen)] == indexes


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("7", "CUDA_VISIBLE_DEVICES is 7, which leaves no GPU."),
        ("MIG-a", "CUDA_VISIBLE_DEVICES is MIG-a, but Splitreel can't use MIG instances."),
    ],
)
def test_a_list_that_selects_no_gpu_is_named(
    machine: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, sentence: str
) -> None:
    machine.write_text("2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    with pytest.raises(SplitreelError) as raised:
        visible_gpus()
    assert sentence in raised.value.error.message
