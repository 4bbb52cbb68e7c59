"""An argument parser that raises our own errors: one sentence that names the option and the problem."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from splitreel.contract import failures, reasons
from splitreel.contract.errors import Reason


class Parser(argparse.ArgumentParser):
    def __init__(self, program: str, description: str) -> None:
        super().__init__(program, description=description, allow_abbrev=False, exit_on_error=False)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Raises FLAG_INVALID, also for unknown options."""
        given: Sequence[str] = args
        try:
            parsed, unknown = super().parse_known_args(given, namespace)
        except argparse.ArgumentError as error:
            raise failures.flag_invalid(reasons=[self._reason(error, given)], details=str(error)) from error
        if unknown:
            raise failures.flag_invalid(reasons=[reasons.flag_unknown(flag=unknown[0])])
        return parsed, unknown

    def error(self, message: str) -> NoReturn:
        """argparse calls this if a required option is missing."""
        raise argparse.ArgumentError(None, message)

    def _reason(self, error: argparse.ArgumentError, given: Sequence[str]) -> Reason:
        names = (error.argument_name or "").split("/")
        action = next((each for each in self._actions if names[-1] in each.option_strings), None)
        if action is None:
            # argparse lists the missing options after a colon.
            missing = str(error).rsplit(": ", 1)[-1].split(", ")[0]
            is_flag = missing.startswith("--")
            return reasons.flag_missing(flag=missing) if is_flag else reasons.argument_missing(argument=missing)
        flag = action.option_strings[0]
        if not _has_value(flag, given):
            return reasons.flag_value_missing(flag=flag)
        if action.choices is not None:
            return reasons.flag_not_listed(flag=flag, choices=[str(choice) for choice in action.choices])
        return reasons.flag_not_whole(flag=flag) if action.type is int else reasons.flag_not_number(flag=flag)


def underscored(argument: str) -> str:
    """`--num-frames=9` as `--num_frames=9`: both spellings are common."""
    match = re.match(r"--([A-Za-z][A-Za-z0-9_-]*)(=.*)?$", argument, re.DOTALL)
    return f"--{match[1].replace('-', '_')}{match[2] or ''}" if match else argument


def _has_value(flag: str, given: Sequence[str]) -> bool:
    if any(argument.startswith(f"{flag}=") for argument in given):
        return True
    positions = [index for index, argument in enumerate(given) if argument == flag]
    return all(index + 1 < len(given) and not given[index + 1].startswith("--") for index in positions)
