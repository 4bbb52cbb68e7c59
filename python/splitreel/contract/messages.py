"""The sentences for errors, reasons, explanations and findings, from resources/messages.en.json.

The window shows the same sentences. The repository and the packaged app both keep `resources` next to `python`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias, TypedDict, cast

from splitreel.contract.format import duration_text, size_text

Params: TypeAlias = Mapping[str, str | int | float]

RESOURCES = Path(__file__).resolve().parents[3] / "resources"

_PLACEHOLDER = re.compile(r"\{(\w+):(\w+)\}")


class _ErrorText(TypedDict):
    exitCode: int
    message: str
    action: str


class _FindingText(TypedDict):
    message: str
    action: str


class _Table(TypedDict):
    errors: dict[str, _ErrorText]
    reasons: dict[str, str]
    notices: dict[str, str]
    explanations: dict[str, str]
    findings: dict[str, _FindingText]


@cache
def _table() -> _Table:
    return cast("_Table", json.loads((RESOURCES / "messages.en.json").read_text("utf-8")))


def number_text(value: str | float) -> str:
    """As JavaScript writes it, so that both sides show the same sentence: 6.0 is 6."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)


# How a number of each kind is written. Other kinds are written as they are.
_FORMATS: Final[Mapping[str, Callable[[float], str]]] = {
    "size": size_text,
    "duration": duration_text,
    "exit": lambda code: f"exit code {number_text(code)}",
}


def fill(template: str, params: Params) -> str:
    """Fills `{name:kind}` placeholders; one without a value stays visible so that a test finds it."""

    def text(match: re.Match[str]) -> str:
        name, kind = match.groups()
        if name not in params:
            return match.group(0)
        value = params[name]
        return number_text(value) if isinstance(value, str) else _FORMATS.get(kind, number_text)(value)

    return _PLACEHOLDER.sub(text, template)


def is_error_code(code: str) -> bool:
    return code in _table()["errors"]


def is_reason_code(code: str) -> bool:
    return code in _table()["reasons"]


def is_explanation_code(code: str) -> bool:
    return code in _table()["explanations"]


def is_finding_code(code: str) -> bool:
    return code in _table()["findings"]


def error_message(code: str, params: Params) -> str:
    return fill(_table()["errors"][code]["message"], params)


def error_action(code: str) -> str:
    return _table()["errors"][code]["action"]


def exit_code(code: str) -> int:
    return _table()["errors"][code]["exitCode"]


def reason_text(code: str, params: Params) -> str:
    return fill(_table()["reasons"][code], params)


def notice_text(code: str, params: Params) -> str:
    return fill(_table()["notices"][code], params)


def explanation_text(code: str, params: Params) -> str:
    return fill(_table()["explanations"][code], params)


def finding_text(code: str, params: Params) -> str:
    return fill(_table()["findings"][code]["message"], params)


def finding_action(code: str) -> str:
    return _table()["findings"][code]["action"]
