"""Linear layers with weights in float8, for the balanced and the fast quality."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from splitreel.kernels.block_values import Rows
from splitreel.kernels.float8 import FLOAT8, Quantized, product_of, quantize_rows, rounded_product
from splitreel.parallel.tensor import RowParallelLinear


class QuantizedLinear(nn.Module):
    """Replaces a linear layer, sharded or not, before any weight is read.

    Each output's weights and each row of the input have a scale. Scales are computed for a rank's own slice, so layers
    that are split by inputs round differently under tensor parallelism. The bias keeps its dtype.
    """

    weight_scales: torch.Tensor

    def __init__(self, linear: nn.Linear | RowParallelLinear) -> None:
        super().__init__()
        weight = linear.weight
        self.weight = nn.Parameter(torch.empty_like(weight, dtype=FLOAT8), requires_grad=False)
        scales = torch.empty((weight.shape[0], 1), dtype=torch.float32, device=weight.device)
        self.register_buffer("weight_scales", scales)
        self.bias = linear.bias
        self.sum_over_ranks: Callable[[torch.Tensor], torch.Tensor] | None = (
            linear.sum_over_ranks if isinstance(linear, RowParallelLinear) else None
        )

    def fill(self, weight: torch.Tensor, device: torch.device) -> None:
        """Quantizes the weight (outputs, inputs) on the device where it is, and holds it in float8 on `device`."""
        quantized = quantize_rows(weight)
        self.weight = nn.Parameter(quantized.values.to(device), requires_grad=False)
        self.weight_scales = quantized.scales.to(device)

    def product(self, x: Rows, dtype: torch.dtype) -> torch.Tensor:
        """(..., inputs) to (..., outputs) without the bias, summed over ranks that hold other inputs.

        `x` is rounded to float8 here unless it is already. `dtype`: of the result, and of `x` in that case.
        """
        weight = Quantized(self.weight, self.weight_scales)
        values = rounded_product(x, weight) if isinstance(x, torch.Tensor) else product_of(x, weight, dtype)
        return values if self.sum_over_ranks is None else self.sum_over_ranks(values)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.product(x, x.dtype)
        return out if self.bias is None else out + self.bias
