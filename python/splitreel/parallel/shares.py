"""Dividing a row of things among ranks as evenly as can be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class Span:
    """Rows `start` to `stop`, the latter not included."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def slice(self) -> slice:
        return slice(self.start, self.stop)


def shares(total: int, parts: int) -> tuple[int, ...]:
    """Sizes of `parts` shares of `total`: they differ by at most one, larger ones first."""
    small, larger = divmod(total, parts)
    return tuple(small + (part < larger) for part in range(parts))


def spans(sizes: Sequence[int], start: int = 0) -> tuple[Span, ...]:
    """Consecutive spans of these sizes."""
    stops = list(accumulate(sizes, initial=start))
    return tuple(Span(a, b) for a, b in pairwise(stops))


def share_spans(total: int, parts: int, start: int = 0) -> tuple[Span, ...]:
    return spans(shares(total, parts), start)
