"""Properties of generated classes."""

from __future__ import annotations

import math
from typing import Protocol


class _Device(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def index(self) -> int: ...


class DeviceText:
    __slots__ = ()

    @property
    def label(self: _Device) -> str:
        """`GPU 0` or `CPU`, for people."""
        return f"GPU {self.index}" if self.kind == "cuda" else "CPU"


class _Plan(Protocol):
    @property
    def dp(self) -> int: ...
    @property
    def cfg(self) -> int: ...
    @property
    def pp(self) -> int: ...
    @property
    def ring(self) -> int: ...
    @property
    def ulysses(self) -> int: ...
    @property
    def tp(self) -> int: ...


def _degrees(plan: _Plan) -> tuple[int, ...]:
    return (plan.dp, plan.cfg, plan.pp, plan.ring, plan.ulysses, plan.tp)


class PlanProperties:
    __slots__ = ()

    @property
    def degrees(self: _Plan) -> tuple[int, ...]:
        """In the order of the axes."""
        return _degrees(self)

    @property
    def world_size(self: _Plan) -> int:
        return math.prod(_degrees(self))

    @property
    def key(self: _Plan) -> str:
        """`1x2x1x1x4x1`, in the order of the axes."""
        return "x".join(str(degree) for degree in _degrees(self))

    @property
    def may_differ(self: _Plan) -> bool:
        """PipeFusion reuses keys and values of the step before, so its video differs a little from one rank's."""
        return self.pp > 1

    def is_approximate(self: _Plan, *, patches: int, warmup_steps: int, steps: int) -> bool:
        """Whether the video differs: not where all steps are warm-up (the first always is), or there is one patch."""
        return self.pp > 1 and patches > 1 and max(warmup_steps, 1) < steps
