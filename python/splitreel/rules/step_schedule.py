"""Which denoising steps the fast quality computes. Pure; the same rule as src/shared/step-schedule.ts."""

from __future__ import annotations

# The first steps form the video, and the last ones its details.
_FIRST_PART = 12
_LEAST_FIRST = 2
_LAST = 2
# Between them, one step in this many is computed.
_INTERVAL = 3


def computed_steps(steps: int) -> list[bool]:
    """Whether each step is computed. The first two and the last two always are."""
    first = max(_LEAST_FIRST, steps // _FIRST_PART)
    return [
        step < first or step >= steps - _LAST or (step - first) % _INTERVAL == _INTERVAL - 1 for step in range(steps)
    ]


def reused_steps(steps: int) -> int:
    return steps - sum(computed_steps(steps))
