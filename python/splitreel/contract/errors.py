"""Errors as data: a code from the closed list in resources/messages.en.json, values for its sentence, and details."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self, TypedDict

from splitreel.contract import messages
from splitreel.contract.messages import Params


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong. Made by the functions of contract/reasons.py."""

    code: str
    params: Params = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not messages.is_reason_code(self.code):
            raise ValueError(f"unknown reason code {self.code}")

    def __str__(self) -> str:
        return messages.reason_text(self.code, self.params)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a plan is recommended, or what would help. Made by the functions of contract/explanations.py."""

    code: str
    params: Params = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not messages.is_explanation_code(self.code):
            raise ValueError(f"unknown explanation code {self.code}")

    def __str__(self) -> str:
        return messages.explanation_text(self.code, self.params)


@dataclass(frozen=True, slots=True)
class FindingSentence:
    """What the doctor found. Made by the functions of contract/findings.py."""

    code: str
    params: Params = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not messages.is_finding_code(self.code):
            raise ValueError(f"unknown finding code {self.code}")

    def __str__(self) -> str:
        return messages.finding_text(self.code, self.params)

    @property
    def action(self) -> str:
        return messages.finding_action(self.code)


@dataclass(frozen=True, slots=True)
class AppError:
    """An error as it crosses a process boundary.

    `reasons`: what is wrong, one sentence each, for a code that covers several causes; replaces the code's message.
    `advice`: what would help in this case; replaces the code's action. `details`: a stack trace or the last lines of
    output, never the message, with the most useful line first.
    """

    code: str
    params: Params = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    advice: Explanation | None = None
    details: str | None = None

    def __post_init__(self) -> None:
        if not messages.is_error_code(self.code):
            raise ValueError(f"unknown error code {self.code}")

    @property
    def message(self) -> str:
        """What happened, in one sentence."""
        if self.reasons:
            return " ".join(str(reason) for reason in self.reasons)
        return messages.error_message(self.code, self.params)

    @property
    def action(self) -> str:
        return messages.error_action(self.code) if self.advice is None else str(self.advice)

    @property
    def exit_code(self) -> int:
        return messages.exit_code(self.code)


class Extra(TypedDict, total=False):
    """What an error may carry besides its parameters."""

    reasons: Iterable[Reason]
    advice: Explanation | None
    details: str | None


class SplitreelError(Exception):
    """Raised inside one process and sent to others as its `error`. Made by the functions of contract/failures.py."""

    def __init__(
        self,
        code: str,
        params: Params,
        *,
        reasons: Iterable[Reason] = (),
        advice: Explanation | None = None,
        details: str | None = None,
    ) -> None:
        self.error = AppError(code, dict(params), tuple(reasons), advice, details)
        super().__init__(self.error.message)

    @classmethod
    def from_error(cls, error: AppError) -> Self:
        return cls(error.code, error.params, reasons=error.reasons, advice=error.advice, details=error.details)

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def params(self) -> Params:
        return self.error.params


def error_of(error: Exception) -> AppError:
    """Any exception as data. The details of an unexpected one are its own line and the traceback."""
    if isinstance(error, SplitreelError):
        return error.error
    return AppError("INTERNAL", details=error_details(error))


class UnsharedError(SplitreelError):
    """An error of one rank while others may be waiting for it. It must not wait for them, and they cannot continue."""

    @classmethod
    def of(cls, error: SplitreelError) -> UnsharedError:
        return cls.from_error(error.error)


class PeerError(SplitreelError):
    """Another rank failed, so this one stops too. The other rank reports the cause."""

    def __init__(self) -> None:
        super().__init__("INTERNAL", {}, details="another rank failed; its own error has the cause")


def error_details(error: BaseException) -> str:
    """Details of an unexpected error: its own line first, then the traceback."""
    line = f"{type(error).__name__}: {error}".split("\n")[0][:300]
    return f"{line}\n{''.join(traceback.format_exception(error))}"


class Canceled(Exception):  # noqa: N818 - an outcome, not an error
    """The user canceled the job. Not a failure, so it is never turned into an error."""
