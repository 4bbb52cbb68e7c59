"""Tensor parallelism (Megatron-LM, arXiv 1909.08053): which slice of a weight a rank holds, and the sums.

A pair of linear layers is cut so that one sum at its end suffices: the first by its outputs (columns in
the paper's transposed writing), the second by its inputs. Heads and hidden units may be shared unevenly.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from splitreel.parallel.shares import Span, share_spans
from splitreel.parallel.team import Team


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows `span` of dimension `dim` of a weight."""

    dim: int
    span: Span


def cut_units(dim: int, units: int, unit_size: int, share: int, shares: int) -> Cut | None:
    """This share's whole units (heads, hidden units) along `dim`; None where nothing is cut."""
    if shares == 1:
        return None
    units_span = share_spans(units, shares)[share]
    return Cut(dim, Span(units_span.start * unit_size, units_span.stop * unit_size))


def summed_linear(x: Tensor, weight: Tensor, bias: Tensor | None, team: Team) -> Tensor:
    """A linear layer cut by its inputs: partial products are added over the team, then the bias once."""
    if team.size == 1:
        return F.linear(x, weight, bias)
    out = team.sum_(F.linear(x, weight))
    return out if bias is None else out + bias
