"""Tensor-parallel linear layers: split by output features and gathered, or split by input features and summed.

Shoeybi et al., Megatron-LM (arXiv 1909.08053), section 3: a column-parallel layer followed by a row-parallel one needs
a single all-reduce for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.parallel.collectives import Traffic, all_gather, all_reduce
from splitreel.parallel.groups import Group
from splitreel.parallel.spans import Span, split_evenly, split_into_spans

_SINGLE = Group((0,), 0, None)


@dataclass(frozen=True, slots=True)
class WeightSlice:
    """The part of a weight that a rank reads: `span` along `dim`."""

    dim: int
    span: Span

    @property
    def index(self) -> tuple[slice, ...]:
        return (slice(None),) * self.dim + (self.span.slice,)


def slice_units(dim: int, units: int, width: int, tp_rank: int, tp_size: int) -> WeightSlice:
    """One tensor-parallel rank's slice of `units` (heads or single features) of `width` rows each."""
    span = split_into_spans(units, tp_size)[tp_rank]
    return WeightSlice(dim, Span(span.start * width, span.stop * width))


@dataclass(slots=True)
class TensorParallelGroup:
    """The ranks that hold the other slices of this rank's layers. The group changes with the mesh, the slices don't."""

    traffic: Traffic
    group: Group = field(default=_SINGLE)


def column_parallel(linear: nn.Linear, part: WeightSlice) -> nn.Linear:
    """A layer with a slice of the outputs of `linear`, on the same device. Its result is not gathered."""
    with linear.weight.device:
        return nn.Linear(linear.in_features, part.span.length, bias=linear.bias is not None)


class RowParallelLinear(nn.Module):
    """Split by inputs: (..., inputs of this slice) to (..., all outputs), the same on every rank of the group."""

    def __init__(self, linear: nn.Linear, part: WeightSlice, tp_group: TensorParallelGroup) -> None:
        super().__init__()
        outputs = linear.out_features
        self.weight = nn.Parameter(linear.weight.new_empty((outputs, part.span.length)))
        self.bias = None if linear.bias is None else nn.Parameter(linear.weight.new_empty(outputs))
        self._tp_group = tp_group

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = self.sum_over_ranks(F.linear(x, self.weight))
        # After the sum: every rank holds the whole bias.
        return total if self.bias is None else total + self.bias

    def sum_over_ranks(self, partial: torch.Tensor) -> torch.Tensor:
        """Sums the products of all slices over the group, in place."""
        return all_reduce(partial, self._tp_group.group, self._tp_group.traffic)


class GatheredColumnLinear(nn.Module):
    """Split by outputs, then gathered, because all ranks need the whole result: (B, inputs) to (B, all outputs)."""

    def __init__(self, linear: nn.Linear, part: WeightSlice, tp_group: TensorParallelGroup) -> None:
        super().__init__()
        layer = column_parallel(linear, part)
        self.weight, self.bias = layer.weight, layer.bias
        self._outputs = linear.out_features
        self._tp_group = tp_group

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        group = self._tp_group.group
        lengths = split_evenly(self._outputs, group.size)
        return all_gather(F.linear(x, self.weight, self.bias), lengths, x.ndim - 1, group, self._tp_group.traffic)
