"""Layers of which each rank holds a share: by outputs, whose results are joined, or by inputs, whose results are summed.

Shoeybi et al., Megatron-LM (arXiv 1909.08053), section 3: a layer cut by outputs followed by one cut by inputs needs
one sum between ranks for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.parallel.collectives import Traffic, all_gather, all_reduce
from splitreel.parallel.groups import Group
from splitreel.parallel.shares import Span, share_spans, shares

_ALONE = Group((0,), 0, None)


@dataclass(frozen=True, slots=True)
class Cut:
    """The part of a weight that a rank reads: `span` along `dim`."""

    dim: int
    span: Span

    @property
    def index(self) -> tuple[slice, ...]:
        return (slice(None),) * self.dim + (self.span.slice,)


def cut_units(dim: int, units: int, width: int, share: int, count: int) -> Cut:
    """Of `units` of `width` rows each (heads, or single rows) the share of one of `count` ranks."""
    span = share_spans(units, count)[share]
    return Cut(dim, Span(span.start * width, span.stop * width))


@dataclass(slots=True)
class TensorTeam:
    """The ranks that share layers with this one. The group changes with the mesh; the shares do not."""

    traffic: Traffic
    group: Group = field(default=_ALONE)


def by_outputs(linear: nn.Linear, cut: Cut) -> nn.Linear:
    """The layer with some of its outputs. On the device of the given one."""
    with linear.weight.device:
        return nn.Linear(linear.in_features, cut.span.length, bias=linear.bias is not None)


class SummedLinear(nn.Module):
    """A layer cut by inputs: (..., inputs of this share) to (..., all outputs), equal on every rank of the team."""

    def __init__(self, linear: nn.Linear, cut: Cut, team: TensorTeam) -> None:
        super().__init__()
        outputs = linear.out_features
        self.weight = nn.Parameter(linear.weight.new_empty((outputs, cut.span.length)))
        self.bias = None if linear.bias is None else nn.Parameter(linear.weight.new_empty(outputs))
        self._team = team

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = all_reduce(F.linear(x, self.weight), self._team.group, self._team.traffic)
        # The bias once, and not once a rank.
        return total if self.bias is None else total + self.bias


class JoinedLinear(nn.Module):
    """A layer cut by outputs whose results all ranks need whole: (B, inputs) to (B, all outputs)."""

    def __init__(self, linear: nn.Linear, cut: Cut, team: TensorTeam) -> None:
        super().__init__()
        self._layer = by_outputs(linear, cut)
        self.weight, self.bias = self._layer.weight, self._layer.bias
        del self._layer
        self._outputs = linear.out_features
        self._team = team

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        group = self._team.group
        lengths = shares(self._outputs, group.size)
        return all_gather(F.linear(x, self.weight, self.bias), lengths, x.ndim - 1, group, self._team.traffic)
