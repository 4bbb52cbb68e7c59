"""Splitting a sequence into consecutive spans, as evenly as possible. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class Span:
    """Rows `start` (included) to `stop` (excluded)."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def slice(self) -> slice:
        return slice(self.start, self.stop)


def split_evenly(total: int, parts: int) -> tuple[int, ...]:
    """Sizes of `parts` parts of `total`. They differ by at most one, larger parts first."""
    small, larger = divmod(total, parts)
    return tuple(small + (part < larger) for part in range(parts))


def spans(sizes: Sequence[int], start: int = 0) -> tuple[Span, ...]:
    """Consecutive spans of these sizes."""
    stops = list(accumulate(sizes, initial=start))
    return tuple(Span(a, b) for a, b in pairwise(stops))


def split_into_spans(total: int, parts: int, start: int = 0) -> tuple[Span, ...]:
    return spans(split_evenly(total, parts), start)
