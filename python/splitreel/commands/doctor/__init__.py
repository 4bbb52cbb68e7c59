"""`splitreel doctor`: finds what is wrong with driver, GPUs, links, environment, disk and models, and what to do.

Needs only the standard library, so it also runs before there is an environment (`--no_environment`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence

from splitreel.commands.doctor.examine import examine
from splitreel.contract import failures, reasons
from splitreel.contract.doctor import Finding, Status
from splitreel.contract.limits import EVENT_FD
from splitreel.contract.lines import finding_line
from splitreel.contract.wire import to_wire

__all__ = ["doctor"]

# --events: each finding as a line of JSON on descriptor 3, as the app reads it.
_FLAGS = ("--json", "--events", "--no_environment")


def doctor(arguments: Sequence[str]) -> int:
    """Prints each finding when it is known. Returns 0 if there is no problem, 3 otherwise."""
    given = [argument.replace("-", "_").replace("__", "--", 1) for argument in arguments]
    unknown = [argument for argument in given if argument not in _FLAGS]
    if unknown:
        raise failures.flag_invalid(reasons=[reasons.flag_unknown(flag=unknown[0])])
    has_environment = "--no_environment" not in given
    if "--events" in given:
        with os.fdopen(EVENT_FD, "wb", buffering=0) as out:
            return _examine(lambda finding: out.write(finding_line(finding)), has_environment=has_environment)
    if "--json" not in given:
        return _examine(lambda finding: print(finding.lines, flush=True), has_environment=has_environment)
    found: list[Finding] = []
    code = _examine(found.append, has_environment=has_environment)
    print(json.dumps([to_wire(finding) for finding in found], indent=2, ensure_ascii=False))
    return code


def _examine(report: Callable[[Finding], object], *, has_environment: bool) -> int:
    code = 0
    for finding in examine(has_environment=has_environment):
        report(finding)
        if finding.status is Status.PROBLEM:
            code = 3
    return code
