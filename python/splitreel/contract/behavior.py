"""Properties of generated classes."""

from __future__ import annotations

import math
from typing import Protocol

from splitreel.contract.errors import AppError, FindingSentence


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


class _Finding(Protocol):
    @property
    def topic(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def sentence(self) -> FindingSentence | None: ...
    @property
    def error(self) -> AppError | None: ...
    @property
    def details(self) -> str | None: ...


class FindingText:
    __slots__ = ()

    @property
    def text(self: _Finding) -> str:
        return _finding_text(self)

    @property
    def action(self: _Finding) -> str:
        """What to do; empty where that is nothing."""
        return _finding_action(self)

    @property
    def lines(self: _Finding) -> str:
        """For a terminal."""
        head = f"[{self.status:7}] {self.topic}: {_finding_text(self)}"
        return "\n".join(filter(None, [f"{head} {_finding_action(self)}".rstrip(), _indented(self.details)]))


def _finding_text(finding: _Finding) -> str:
    sentence = "" if finding.sentence is None else str(finding.sentence)
    error = "" if finding.error is None else finding.error.message
    return f"{sentence} {error}".strip()


def _finding_action(finding: _Finding) -> str:
    if finding.error is not None:
        return finding.error.action
    return "" if finding.sentence is None else finding.sentence.action


def _indented(details: str | None) -> str:
    return "\n".join(f"          {line}" for line in (details or "").splitlines())
