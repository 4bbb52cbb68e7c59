"""Sizes and durations as people read them. The same rules as src/shared/format.ts; both run resources/golden/format.json."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def size_text(size_bytes: float) -> str:
    """Decimal units, as disks and graphics cards are sold: 61_203_283_968 is `61.2 GB`."""
    value, unit = float(size_bytes), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value /= 1000
        unit += 1
    return f"{_fixed(value, 0 if unit == 0 or value >= 100 else 1)} {_UNITS[unit]}"


def duration_text(duration_ms: float) -> str:
    """490 is `0.49 s`; 13_000 is `13 s`; 95_000 is `1 min 35 s`."""
    seconds = duration_ms / 1000
    if seconds < 9.95:
        return f"{_fixed(seconds, 2 if seconds < 1 else 1)} s"
    whole = math.floor(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} min" if hours > 0 else f"{minutes} min {whole % 60} s"


def _fixed(value: float, digits: int) -> str:
    """As JavaScript's toFixed, which rounds a half upward; Python's own formatting rounds it to even."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
