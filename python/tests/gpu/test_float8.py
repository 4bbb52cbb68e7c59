"""Products and kernels in float8 on a real GPU, as torch rounds the same numbers."""

from __future__ import annotations

import pytest
import torch

from splitreel.kernels.checks import fused_kernels_problem
from splitreel.kernels.float8 import dequantize, float8_problem, kernels_quantize, product_of, quantize_rows

CUDA = torch.device("cuda", 0)


def test_products_are_those_of_the_values_that_float8_holds() -> None:
    generator = torch.Generator("cpu").manual_seed(0)
    rows, weight = (quantize_rows(torch.randn(side, 3072, generator=generator).to(CUDA)) for side in (1001, 768))
    found = product_of(rows, weight, torch.bfloat16).float()
    expected = dequantize(rows, torch.float32) @ dequantize(weight, torch.float32).t()
    assert float((found - expected).norm() / expected.norm()) <= 1e-2


def test_kernels_round_to_float8_as_torch_does() -> None:
    if not kernels_quantize(CUDA):
        pytest.skip("Triton does not round to float8 on this GPU")
    assert float8_problem(CUDA) is None
    assert fused_kernels_problem(CUDA, torch.bfloat16, width=3072, head_width=64) is None
