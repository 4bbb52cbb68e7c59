"""Reports the error of a command: a sentence or two on stderr, the first line of its details, and an exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable

from splitreel.contract.errors import AppError, Canceled, SplitreelError, error_of
from splitreel.contract.messages import exit_code
from splitreel.contract.variables import SHOW_DETAILS

_LINE = 300
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def report_errors(work: Callable[[], int], *, is_reported: Callable[[Exception], bool] = lambda _error: True) -> int:
    """Runs a command and returns its exit code. SPLITREEL_DETAILS=1 shows all details of an error.

    `is_reported`: False for an error that another process reports.
    """
    try:
        return work()
    except SplitreelError as error:
        if is_reported(error):
            report(error.error)
        return error.error.exit_code
    except (Canceled, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt) or is_reported(error):
            print("Canceled.", file=sys.stderr)
        return exit_code("CANCELED")
    except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence and a known exit code
        unforeseen = error_of(error)
        if is_reported(error):
            report(unforeseen)
        return unforeseen.exit_code


def one_line(text: str) -> str:
    """Replaces control characters: names in a message can come from anywhere and contain terminal escapes or newlines."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def report(error: AppError) -> None:
    print(one_line(f"{error.message} {error.action}"), file=sys.stderr)
    if error.details:
        is_full = bool(os.environ.get(SHOW_DETAILS))
        print(error.details if is_full else one_line(error.details.split("\n", 1)[0][:_LINE]), file=sys.stderr)
