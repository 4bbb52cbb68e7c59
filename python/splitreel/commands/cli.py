"""Runs the command that the first argument names. Every error is one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from splitreel.commands.report_errors import report_errors
from splitreel.contract import failures, reasons

_HELP = """usage: python -m splitreel COMMAND [FLAGS]

  generate   make videos from prompts (generate --help lists its flags)
  export     copy a video into another format (GIF, WebM, ProRes, PNG frames, ...)
  join       join a video and its continuation into one
  doctor     check driver, GPUs, links, environment, disk and models, and say what to do (--json)
  smoke      check that this Python makes correct videos: imports, versions, a tiny job on each device
  serve      the app's engine: commands on stdin, events on file descriptor 3
  hub        the app's downloader, with the same protocol
"""


def main(arguments: Sequence[str]) -> int:
    """Exit codes: 0 made, 2 invalid, 3 environment or model, 4 memory, 5 a process died, 130 canceled."""
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "generate": _generate,
        "doctor": _doctor,
        "smoke": _smoke,
        "export": _export,
        "join": _join,
        "serve": _serve,
        "hub": _hub,
        "inspect": _inspect,
        "inspect-lora": _inspect_lora,
        "read-models": _read_models,
    }
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(_HELP, end="")
        return 0 if arguments else 2
    command = commands.get(arguments[0])
    if command is None:
        print(f"Unknown command {arguments[0]}: choose {', '.join(commands)}.", file=sys.stderr)
        return 2
    return report_errors(lambda: command(arguments[1:]))


def _generate(arguments: Sequence[str]) -> int:
    from splitreel.commands.flags import make_parser, parse_flags

    # First, because `--help` must work before the packages are installed.
    flags = parse_flags(make_parser("splitreel generate"), arguments)
    from splitreel.commands.generate import generate

    return generate(flags)


def _doctor(arguments: Sequence[str]) -> int:
    from splitreel.commands.doctor import doctor

    return doctor(arguments)


def _smoke(arguments: Sequence[str]) -> int:
    from splitreel.commands.smoke import smoke

    return smoke(arguments)


def _export(arguments: Sequence[str]) -> int:
    from splitreel.commands.export import export

    return export(arguments)


def _join(arguments: Sequence[str]) -> int:
    from splitreel.commands.join import join

    return join(arguments)


def _serve(arguments: Sequence[str]) -> int:
    from splitreel.worker.supervisor.serve import serve

    if arguments:
        raise failures.flag_invalid(reasons=[reasons.command_without_flags(command="serve", flag=arguments[0])])
    return serve()


def _hub(arguments: Sequence[str]) -> int:
    from splitreel.store.hub.serve import serve

    if arguments:
        raise failures.flag_invalid(reasons=[reasons.command_without_flags(command="hub", flag=arguments[0])])
    return serve()


def _inspect(arguments: Sequence[str]) -> int:
    from splitreel.store.inspect_model import print_inspection

    if len(arguments) not in {1, 2}:
        raise failures.flag_invalid(reasons=[reasons.inspect_needs_folder()])
    return print_inspection(*arguments)


def _inspect_lora(arguments: Sequence[str]) -> int:
    from splitreel.store.inspect_model import print_lora_inspection

    if len(arguments) != 2:
        raise failures.flag_invalid(reasons=[reasons.inspect_lora_needs_two()])
    return print_lora_inspection(*arguments)


def _read_models(_arguments: Sequence[str]) -> int:
    from splitreel.store.model_reader import answer_check, answer_lora
    from splitreel.store.reader_process import serve_questions
    from splitreel.store.token_counter import answer_count

    return serve_questions({"check": answer_check, "lora": answer_lora, "count": answer_count})
