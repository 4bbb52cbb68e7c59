"""The balanced quality: weights in float8 take half the memory, and every plan makes nearly the exact video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from splitreel.contract.types import Offload, Plan
from splitreel.engine.api import LoadOptions
from splitreel.kernels import float8
from splitreel.kernels.float8 import Quantized, dequantize, product_of, quantize_rows
from splitreel.models import quantized_linear
from splitreel.models.quantized_linear import QuantizedLinear
from tests.engine.matrix import GUIDED, TOLERANCE, TWO, relative, synchronous
from tests.engine.world import RunRequest, World

BALANCED = LoadOptions(quantized=True)


def test_a_product_is_that_of_the_values_that_float8_holds() -> None:
    torch.manual_seed(0)
    rows, weight, bias = torch.randn(2, 5, 48) * 30, torch.randn(32, 48), torch.randn(32)
    linear = nn.Linear(48, 32, bias=True)
    linear.bias = nn.Parameter(bias, requires_grad=False)
    layer = QuantizedLinear(linear)
    layer.fill(weight, torch.device("cpu"))
    assert layer.weight.element_size() == 1
    held = dequantize(Quantized(layer.weight, layer.weight_scales), torch.float32)
    taken = dequantize(quantize_rows(rows), torch.float32)
    assert torch.allclose(layer(rows), taken @ held.t() + bias, atol=1e-3)
    exact = rows @ weight.t() + bias
    assert 1e-3 < float((layer(rows) - exact).norm() / exact.norm()) < 5e-2


def test_rows_of_zeros_and_of_any_size_are_finite() -> None:
    rows = torch.tensor([[0.0, 0.0], [1e-30, -1e-30], [3e38, -1.0]])
    quantized = quantize_rows(rows)
    assert torch.isfinite(dequantize(quantized, torch.float32)).all()
    product = product_of(quantized, quantize_rows(torch.eye(2)), torch.float32)
    assert torch.allclose(product, rows, rtol=0.07, atol=1.0)


@pytest.fixture(scope="module")
def model(model_of: Callable[[str], Path]) -> Path:
    return model_of("t2v-5b")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(1, tmp_path_factory.mktemp("world")) as ranks:
        yield ranks


def test_one_rank_holds_half_the_weights_and_makes_nearly_the_exact_video(model: Path, world: World) -> None:
    exact = world.run(RunRequest(model, Plan(), GUIDED))[0]
    balanced = world.run(RunRequest(model, Plan(), GUIDED, options=BALANCED))[0]
    assert balanced.approximate
    assert not exact.approximate
    assert 1e-3 < relative(balanced.latents[0], exact.latents[0]) < 0.2
    # The large layers of two of four blocks take a quarter of what they take in float32.
    hidden = 48 * 16
    saved = exact.load.block_bytes_held - balanced.load.block_bytes_held
    assert saved == 2 * 12 * hidden * hidden * 3


@pytest.fixture
def unrounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are scaled and products rescaled, but nothing is rounded to float8: then all plans must agree."""
    monkeypatch.setattr(float8, "FLOAT8", torch.float32)
    monkeypatch.setattr(quantized_linear, "FLOAT8", torch.float32)


@pytest.mark.usefixtures("unrounded")
def test_every_plan_scales_its_own_slices_of_rows_and_weights(model: Path, tmp_path: Path) -> None:
    with World(4, tmp_path) as ranks:
        exact = ranks.run(RunRequest(model, Plan(), GUIDED))[0]
        for plan in (
            Plan(),
            Plan(cfg=2),
            Plan(cfg=2, ulysses=2),
            Plan(ring=3),
            Plan(ring=2, ulysses=2),
            Plan(pp=2, ulysses=2),
            Plan(tp=2),
            Plan(tp=2, ulysses=2),
        ):
            split = ranks.run(RunRequest(model, plan, synchronous(GUIDED), options=BALANCED))[0]
            assert relative(split.latents[0], exact.latents[0]) <= TOLERANCE, plan.key
            assert split.approximate
        both = ranks.run(RunRequest(model, Plan(dp=2, cfg=2), TWO, options=BALANCED))
        assert relative(both[0].latents[0], exact.latents[0]) <= TOLERANCE


@pytest.mark.parametrize("offload", [Offload.MODEL, Offload.SEQUENTIAL])
def test_float8_weights_wait_on_the_host(offload: Offload, model: Path, world: World) -> None:
    one = world.run(RunRequest(model, Plan(), GUIDED, options=BALANCED))[0]
    options = LoadOptions(offload=offload, quantized=True)
    offloaded = world.run(RunRequest(model, Plan(), GUIDED, options=options))[0]
    assert relative(offloaded.latents[0], one.latents[0]) == 0
