"""What may run on each generation of GPUs, by the compute capability that the driver reports. No GPU takes part."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from splitreel.kernels import checks
from splitreel.kernels.checks import fused_kernels_problem
from splitreel.kernels.float8 import float8_problem, kernels_quantize, product_of, quantize_rows, rounded_product
from splitreel.rules import kernel_trials
from splitreel.rules.kernel_trials import KERNELS, TrialsFile, has_own_kernels, why_not

GPU = torch.device("cuda", 0)
GENERATIONS = {
    "turing": (7, 5),
    "a100": (8, 0),
    "rtx30": (8, 6),
    "rtx40": (8, 9),
    "hopper": (9, 0),
    "blackwell": (10, 0),
    "rtx50": (12, 0),
}
FUSED = set(GENERATIONS) - {"turing"}
FLOAT8 = FUSED - {"a100", "rtx30"}
FLASH4 = FLOAT8 - {"rtx40"}


@pytest.fixture(params=GENERATIONS)
def generation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(request.param)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: GENERATIONS[name])
    monkeypatch.setattr(kernel_trials, "_is_installed", lambda _package: True)
    monkeypatch.setattr(checks, "_problems", {})
    float8_problem.cache_clear()
    return name


def test_each_generation_tries_the_attention_kernels_that_it_can_run(generation: str) -> None:
    tried = {needs.name for needs in KERNELS if why_not(needs, GENERATIONS[generation]) is None}
    assert tried == (
        {"sdpa"}
        | ({"cudnn", "flash"} if generation in FUSED else set())
        | ({"flash3", "flash4"} if generation in FLASH4 else set())
    )


def test_our_kernels_are_compared_from_ampere_on(
    generation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    monkeypatch.setattr(checks, "use_prebuilt_launcher", lambda: None)
    monkeypatch.setattr(checks, "_differences", lambda *_: (compared.append(1), [("norm", 0.0)])[1])
    problem = fused_kernels_problem(GPU, torch.bfloat16, width=3072, head_width=64)
    assert (problem is None) == (len(compared) == 1) == (generation in FUSED)
    # The memory forecast expects the same, without a comparison.
    assert has_own_kernels([GENERATIONS[generation]], TrialsFile(tmp_path / "kernels.json")) == (problem is None)


def test_kernels_round_to_float8_from_ada_on(generation: str) -> None:
    assert kernels_quantize(GPU) == (generation in FLOAT8)
    if generation not in FLOAT8:
        assert float8_problem(GPU) == "the GPU is older than compute capability 8.9"


def test_rows_that_are_rounded_part_by_part_give_the_same_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("splitreel.kernels.float8.FLOAT8_PART_NUMBERS", 3 * 48)
    torch.manual_seed(0)
    rows, weight = torch.randn(2, 5, 48, dtype=torch.bfloat16), quantize_rows(torch.randn(32, 48))
    whole = product_of(quantize_rows(rows), weight, torch.bfloat16)
    assert torch.equal(rounded_product(rows, weight), whole)
