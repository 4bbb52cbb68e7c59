"""Limits of a number, or of the length of a list, that messages are held to."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Range:
    """Limits of a field, the reason for a value outside of them, and the name of the value there."""

    field: str
    code: str
    param: str
    minimum: int
    maximum: int
