"""What a block's operations take and return, whether kernels or torch compute them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch

from splitreel.kernels.float8 import Quantized

Tensor = torch.Tensor
Rotary: TypeAlias = tuple[Tensor, Tensor]
Rows: TypeAlias = Tensor | Quantized


@dataclass(frozen=True, slots=True)
class Product:
    """The result of a linear layer, and its bias if that is still to be added."""

    values: Tensor
    bias: Tensor | None

    def sum(self) -> Tensor:
        return self.values if self.bias is None else self.values + self.bias


@dataclass(frozen=True, slots=True)
class Branch:
    """The result of attention or feed-forward, to be added to the tokens through the gate of its modulation (B, 6 D)."""

    product: Product
    modulation: Tensor


@dataclass(frozen=True, slots=True)
class HeadsOut:
    """Where queries, keys and values go: (groups, B, S, heads of a group, W) views, of any strides but the last two."""

    q: Tensor
    k: Tensor
    v: Tensor

    @property
    def group_heads(self) -> int:
        return self.q.shape[-2]
