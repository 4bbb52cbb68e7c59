"""`splitreel doctor`: finds what is wrong with driver, GPUs, links, environment, disk and models, and what to do.

Needs only the standard library, so it also runs before there is an environment (`--no_environment`).
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence

from splitreel.commands.doctor.examine import examine
from splitreel.commands.parser import Parser, underscored
from splitreel.contract.doctor import Finding, Status
from splitreel.contract.limits import EVENT_FD
from splitreel.contract.lines import finding_line
from splitreel.contract.wire import to_wire

__all__ = ["doctor"]


def doctor(arguments: Sequence[str]) -> int:
    """Prints each finding when it is known. Returns 0 if there is no problem, 3 otherwise."""
    given = _parser().parse_args([underscored(argument) for argument in arguments])
    has_environment = not given.no_environment
    if given.events:
        with os.fdopen(EVENT_FD, "wb", buffering=0) as out:
            return _examine(lambda finding: out.write(finding_line(finding)), has_environment=has_environment)
    if not given.json:
        return _examine(lambda finding: print(finding.lines, flush=True), has_environment=has_environment)
    found: list[Finding] = []
    code = _examine(found.append, has_environment=has_environment)
    print(json.dumps([to_wire(finding) for finding in found], indent=2, ensure_ascii=False))
    return code


def _parser() -> Parser:
    parser = Parser("splitreel doctor", "Check the driver, GPUs, links, environment, disk and models.")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON, when every check is done")
    parser.add_argument("--no_environment", action="store_true", help="check only what needs no installed packages")
    # Each finding as a line of JSON on descriptor 3, as the app reads it.
    parser.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    return parser


def _examine(report: Callable[[Finding], object], *, has_environment: bool) -> int:
    code = 0
    for finding in examine(has_environment=has_environment):
        report(finding)
        if finding.status is Status.PROBLEM:
            code = 3
    return code
