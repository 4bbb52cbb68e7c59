"""Matrix products of rows and weights in float8 (e4m3), each row with its own scale.

GPUs with float8 tensor cores use them. Everywhere else the same numbers are multiplied in the result's dtype, so the
balanced quality gives the same video there and takes the same memory, but isn't faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

from splitreel.kernels.fallback import comparing_kernels, torch_fallback
from splitreel.rules.memory import FLOAT8_PART_NUMBERS

Tensor = torch.Tensor

FLOAT8 = torch.float8_e4m3fn
_MAX = 448.0  # the largest finite value
_SMALLEST_SCALED = 1e-12  # lower bound of a row's largest value, so that no scale is zero
_CAPABILITY = (8, 9)  # Ada: the first with float8 tensor cores
_MULTIPLE = 16  # of both sides of a weight, for the tensor cores
_TOLERANCE = 1e-2  # relative, of the norms: the result is rounded to bf16


@dataclass(frozen=True, slots=True)
class Quantized:
    """Rows in float8: values (..., D), scales (number of rows, 1) in float32."""

    values: Tensor
    scales: Tensor


def quantize_rows(rows: Tensor) -> Quantized:
    """Rows (..., D), each scaled so that its maximum is float8's. The kernels of `block_ops` do the same."""
    flat = rows.reshape(-1, rows.shape[-1])
    values = torch.empty_like(flat, dtype=FLOAT8)
    scales = torch.empty((len(flat), 1), dtype=torch.float32, device=rows.device)
    for part in _parts(flat):
        precise = flat[part].to(torch.float32, copy=True)
        scales[part] = _largest(precise).clamp_min(_SMALLEST_SCALED) / _MAX
        values[part] = precise.div_(scales[part])
    return Quantized(values.view(rows.shape), scales)


def _largest(rows: Tensor) -> Tensor:
    """Each row's largest absolute value, (N, 1), without a copy of the rows."""
    least, most = rows.aminmax(dim=1, keepdim=True)
    return torch.maximum(most, -least)


def dequantize(quantized: Quantized, dtype: torch.dtype) -> Tensor:
    # The scales stay in float32: each value is rounded once.
    values = quantized.values.to(dtype, copy=True)
    return values.view(-1, values.shape[-1]).mul_(quantized.scales).view(values.shape)


def _parts(rows: Tensor) -> list[slice]:
    """Slices of rows (N, D) that are small enough to copy to a wider dtype."""
    height = max(FLOAT8_PART_NUMBERS // rows.shape[1], 1)
    return [slice(start, start + height) for start in range(0, len(rows), height)]


def product_of(rows: Quantized, weight: Quantized, dtype: torch.dtype) -> Tensor:
    """Multiplies rows (..., inputs) by a weight (outputs, inputs). Returns (..., outputs) in `dtype`."""
    outputs, inputs = weight.values.shape
    flat = rows.values.reshape(-1, inputs)
    multiply = _scaled_product if _multiplies(weight, dtype) else _wide_product
    return multiply(flat, rows.scales, weight, dtype).view(*rows.values.shape[:-1], outputs)


def rounded_product(rows: Tensor, weight: Quantized) -> Tensor:
    """Like `product_of(quantize_rows(rows), ...)`, in the rows' dtype.

    Where the GPU doesn't multiply float8, rows are rounded part by part, so they take no memory in float8.
    """
    if _multiplies(weight, rows.dtype):
        return product_of(quantize_rows(rows), weight, rows.dtype)
    flat = rows.reshape(-1, rows.shape[-1])
    wide = dequantize(weight, rows.dtype)
    out = rows.new_empty((len(flat), len(wide)))
    for part in _parts(flat):
        rounded = quantize_rows(flat[part])
        _multiply_wide(rounded.values, rounded.scales, wide, out[part])
    return out.view(*rows.shape[:-1], len(wide))


def _multiplies(weight: Quantized, dtype: torch.dtype) -> bool:
    """Whether the device multiplies float8 by this weight itself."""
    is_aligned = all(side % _MULTIPLE == 0 for side in weight.values.shape)
    return dtype is torch.bfloat16 and is_aligned and float8_problem(weight.values.device) is None


def _wide_product(rows: Tensor, scales: Tensor, weight: Quantized, dtype: torch.dtype) -> Tensor:
    wide = dequantize(weight, dtype)
    out = torch.empty((len(rows), len(wide)), dtype=dtype, device=rows.device)
    for part in _parts(rows):
        _multiply_wide(rows[part], scales[part], wide, out[part])
    return out


def _multiply_wide(rows: Tensor, scales: Tensor, wide: Tensor, out: Tensor) -> None:
    torch.mm(rows.to(wide.dtype), wide.t(), out=out)
    out.mul_(scales)


@torch_fallback(_wide_product)
def _scaled_product(rows: Tensor, scales: Tensor, weight: Quantized, dtype: torch.dtype) -> Tensor:
    """On the tensor cores, to bf16. The only call of a private torch function (as in 2.11 to 2.15)."""
    out: Tensor = torch._scaled_mm(
        rows, weight.values.t(), scale_a=scales, scale_b=weight.scales.t(), out_dtype=dtype, use_fast_accum=True
    )
    return out


def kernels_quantize(device: torch.device) -> bool:
    """Whether Triton rounds to float8 on this device: not on GPUs before Ada, and wrongly in its interpreter (3.9)."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= _CAPABILITY


@cache
def float8_problem(device: torch.device) -> str | None:
    """Why this device does not multiply float8 itself, or None once a product has shown that it does."""
    if device.type != "cuda":
        return "there is no GPU"
    if torch.cuda.get_device_capability(device) < _CAPABILITY:
        return "the GPU is older than compute capability 8.9"
    generator = torch.Generator("cpu").manual_seed(0)
    rows, weight = (quantize_rows(torch.randn(side, 256, generator=generator).to(device)) for side in (48, 64))
    try:
        with comparing_kernels():
            found = _scaled_product(rows.values, rows.scales, weight, torch.bfloat16).float()
    except torch.OutOfMemoryError:
        raise  # says nothing of the product
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        return (str(error).splitlines() or [type(error).__name__])[0][:200]
    expected = dequantize(rows, torch.float32) @ dequantize(weight, torch.float32).t()
    difference = float((found - expected).norm() / expected.norm())
    return None if difference <= _TOLERANCE else f"differs from float32: {difference:.1e}"
