"""Limits of a number, or of the length of a list, that messages are held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from splitreel.contract.errors import Reason


@dataclass(frozen=True, slots=True)
class Bounds:
    minimum: int | None
    maximum: int | None

    def check(self, value: float, path: str) -> None:
        """Raises ValueError."""
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"{path}: expected at least {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"{path}: expected at most {self.maximum}")


class RangeReason(Protocol):
    def __call__(self, *, value: float, min: int, max: int) -> Reason: ...  # noqa: A002 - as in the sentences


@dataclass(frozen=True, slots=True)
class Range:
    """Limits of a field, and what makes the reason for a value outside them."""

    field: str
    reason: RangeReason
    minimum: int
    maximum: int
