"""`splitreel doctor`: finds what is wrong with driver, GPUs, links, environment, disk and models, and what to do.

Needs the standard library alone, so that it also runs before there is an environment (`--no_environment`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from splitreel.commands.doctor.examine import examine
from splitreel.commands.doctor.finding import Finding
from splitreel.contract import failures, reasons

__all__ = ["doctor"]

_FLAGS = ("--json", "--json_lines", "--no_environment")


def doctor(arguments: Sequence[str]) -> int:
    """Prints findings as they come. Returns 0 if nothing is a problem, 3 otherwise."""
    given = [argument.replace("-", "_").replace("__", "--", 1) for argument in arguments]
    unknown = [argument for argument in given if argument not in _FLAGS]
    if unknown:
        raise failures.flag_invalid(reasons=[reasons.flag_unknown(flag=unknown[0])])
    findings: list[Finding] = []
    for finding in examine(has_environment="--no_environment" not in given):
        findings.append(finding)
        if "--json_lines" in given:
            print(json.dumps(asdict(finding), ensure_ascii=False), flush=True)
        elif "--json" not in given:
            print(finding.line(), flush=True)
    if "--json" in given:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    return 3 if any(finding.status == "problem" for finding in findings) else 0
