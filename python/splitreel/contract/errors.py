"""Errors as data: a code from the closed list in resources/messages.en.json, values for its words, and details."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from splitreel.contract import messages
from splitreel.contract.messages import Params


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing about a request or a plan that cannot be."""

    code: str
    params: Params = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not messages.is_reason_code(self.code):
            raise ValueError(f"unknown reason code {self.code}")

    def __str__(self) -> str:
        return messages.reason_text(self.code, self.params)


@dataclass(frozen=True, slots=True)
class AppError:
    """An error as it crosses a border. `details` is a stack trace or last lines: never the message."""

    code: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    details: str | None = None

    def __post_init__(self) -> None:
        if not messages.is_error_code(self.code):
            raise ValueError(f"unknown error code {self.code}")

    @property
    def message(self) -> str:
        """What happened, in one sentence; where reasons are given they are the sentence."""
        if self.reasons:
            return " ".join(str(reason) for reason in self.reasons)
        return messages.error_message(self.code, self.params)

    @property
    def action(self) -> str:
        return messages.error_action(self.code, self.params)

    @property
    def exit_code(self) -> int:
        return messages.exit_code(self.code)


class SplitreelError(Exception):
    """Raised inside one process; at a border it becomes its `error`."""

    def __init__(
        self,
        code: str,
        params: Params | None = None,
        *,
        reasons: Iterable[Reason] = (),
        details: str | None = None,
    ) -> None:
        self.error = AppError(code, dict(params or {}), tuple(reasons), details)
        super().__init__(self.error.message)

    @classmethod
    def from_error(cls, error: AppError) -> SplitreelError:
        return cls(error.code, error.params, reasons=error.reasons, details=error.details)

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def params(self) -> Mapping[str, str | int | float]:
        return self.error.params


def error_of(error: Exception) -> AppError:
    """Any exception as data. Call it in an except clause: the details of an unforeseen one are the traceback."""
    if isinstance(error, SplitreelError):
        return error.error
    problem = f"{type(error).__name__}: {error}".strip().split("\n")[0][:300]
    return AppError("INTERNAL", {"problem": problem.rstrip(".")}, (), traceback.format_exc())


class UnsharedError(SplitreelError):
    """An error of one rank while others may wait for it: they are not to be waited for, and cannot go on with it."""

    @classmethod
    def of(cls, error: SplitreelError) -> UnsharedError:
        inner = error.error
        return cls(inner.code, inner.params, reasons=inner.reasons, details=inner.details)


class PeerError(SplitreelError):
    """Another rank's error, with which this rank stops too. The other rank reports it; this one knows no cause."""

    def __init__(self) -> None:
        super().__init__("INTERNAL", {"problem": "another rank failed; see its own error"})


class Cancelled(Exception):  # noqa: N818 - an outcome, not an error
    """The person asked for the job to end. Not a failure: never turned into an error on the way."""
