"""How a command ends: an error is one line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from splitreel.contract.errors import Cancelled, SplitreelError
from splitreel.contract.messages import exit_code


def report_errors(work: Callable[[], int]) -> int:
    """Runs it; an error becomes one line on stderr and its exit code. Details only where they are asked for."""
    try:
        return work()
    except SplitreelError as error:
        action = "" if error.error.reasons else f" {error.error.action}"
        print(f"{error.error.message}{action}", file=sys.stderr)
        if error.error.details and os.environ.get("SPLITREEL_DETAILS"):
            print(error.error.details, file=sys.stderr)
        return error.error.exit_code
    except (Cancelled, KeyboardInterrupt):
        print("Cancelled.", file=sys.stderr)
        return exit_code("CANCELLED")
