"""`bench full`: everything that a machine with several GPUs can measure, saved in one folder.

Each part is a process of its own with a time limit, and writes NAME.json and NAME.log. A part that fails doesn't stop the
others. Run the same command again to go on after an interruption: finished parts are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from splitreel.bench.table import machine, write_json
from splitreel.contract.variables import P2P_DISABLE
from splitreel.store.locations import data_folder
from splitreel.worker.rank.parent import die_with_parent

_PYTHON_FOLDER: Final = Path(__file__).resolve().parents[2]
_GPU_TESTS: Final = _PYTHON_FOLDER / "tests" / "gpu"
_BENCH: Final = (
    f"import sys; sys.path.insert(0, {str(_PYTHON_FOLDER)!r}); "
    "from splitreel.bench.__main__ import main; sys.exit(main(sys.argv[1:]))"
)
_GPU_ROWS: Final = "reference,plans,jobs,quality,split,eager,diffusers,compiled,kernels,exact"
_MODELS: Final = ("5b", "2b", "1.5")
# After its own limit, `bench gpu` ends its last row and its ranks.
_SLACK_S: Final = 300.0
_INTERRUPT_S: Final = 20.0

Status: TypeAlias = Literal["running", "done", "failed", "incomplete", "out of time", "interrupted", "left out"]


@dataclass(frozen=True, slots=True)
class Part:
    """`arguments`: of `splitreel.bench`, or of Python where `is_python`. `{out}` is the part's JSON file without .json."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_python: bool = False


@dataclass(slots=True)
class Outcome:
    status: Status
    command: str
    exit_code: int | None = None
    seconds: float = 0.0
    note: str = ""


def parts(minutes: float, *, small: bool) -> Iterator[Part]:
    """The shortest and most important first."""
    limit = ("--minutes", f"{minutes:g}")
    models = ("5b",) if small else _MODELS
    yield Part("links", ("links",))
    yield Part("faults", ("faults",))
    for model in models:
        steps = ("--steps", "2" if small else "3" if model == "1.5" else "4")
        yield Part(f"gpu-{model}", ("gpu", "--models", model, *steps, "--only", _GPU_ROWS, *limit))
        yield Part(f"qualities-{model}", ("gpu", "--models", model, *steps, "--only", "reference,qualities", *limit))
    for model in models:
        size = ("--size", "1360x768", "--frames", "81") if model == "1.5" else ()
        qualities = ("--offload", "none", "--qualities", "exact,balanced,fast")
        yield Part(f"memory-{model}", ("memory", "--models", model, *qualities, *size))
    yield Part("memory-offload", ("memory", "--models", ",".join(models[:2]), "--offload", "model,sequential"))
    without = {P2P_DISABLE: "1"}
    yield Part(
        "gpu-without-peer-to-peer",
        ("gpu", "--models", models[-1] if small else "2b", "--steps", "4", "--only", "reference,plans", *limit),
        without,
    )
    yield Part(
        "memory-without-peer-to-peer",
        ("memory", "--models", models[0], "--offload", "none", "--qualities", "exact"),
        without,
    )
    yield Part("rivals", ("gpu", "--models", "5b", "--steps", "3", "--only", "reference,cache-dit,xfuser", *limit))
    if not small:
        yield Part("tests", ("-m", "pytest", str(_GPU_TESTS), "-v", "-s", "--junitxml={out}.xml"), is_python=True)


def main(arguments: Sequence[str]) -> int:
    """0 if every part is done, otherwise 1."""
    parser = argparse.ArgumentParser(prog="splitreel.bench full", description=__doc__, allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="the folder for all figures and logs")
    parser.add_argument("--minutes", type=float, default=60.0, help="the most that a part may take (default: 60)")
    parser.add_argument("--ranks", type=int, default=0, help="GPUs to use (default: all, at most 8)")
    parser.add_argument("--parts", default="", help="comma-separated: only these (default: all)")
    parser.add_argument("--again", action="store_true", help="repeat parts that are done")
    parser.add_argument("--small", action="store_true", help="small models on the CPU, to check that everything runs")
    options = parser.parse_args(arguments)
    every = list(parts(options.minutes, small=options.small))
    names = [name for name in str(options.parts).split(",") if name]
    if unknown := set(names) - {part.name for part in every}:
        parser.error(f"--parts: there is no {', '.join(sorted(unknown))}; choose of {', '.join(p.name for p in every)}")
    chosen = [part for part in every if not names or part.name in names]
    extra = (*(("--ranks", str(options.ranks)) if options.ranks else ()), *(("--small",) if options.small else ()))
    run = FullRun(options.out.absolute(), 60 * options.minutes + _SLACK_S, extra)
    # As Ctrl+C: the part is ended, and what it has saved stays.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run.run(chosen, is_again=options.again)


class FullRun:
    """`extra`: arguments for every part of `splitreel.bench`."""

    def __init__(self, folder: Path, limit_s: float, extra: Sequence[str]) -> None:
        self._folder = folder
        self._limit_s = limit_s
        self._extra = tuple(extra)
        self._file = folder / "summary.json"
        self._outcomes = self._read()

    def run(self, chosen: Sequence[Part], *, is_again: bool) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._describe_machine()
        for part in chosen:
            before = self._outcomes.get(part.name)
            if before is not None and before.status == "done" and not is_again:
                print(f"{part.name}: done before", flush=True)
                continue
            try:
                self._run(part)
            except KeyboardInterrupt:
                print("Interrupted. Run the same command again to go on.", flush=True)
                return 130
        outcomes = [(part.name, self._outcomes[part.name]) for part in chosen]
        for name, outcome in outcomes:
            print(f"{name:28} {outcome.status:12} {outcome.seconds:8.0f} s  {outcome.note}")
        return int(any(outcome.status != "done" for _, outcome in outcomes))

    def _run(self, part: Part) -> None:
        out = self._folder / part.name
        environment = {**os.environ, **part.environment}
        if "pytest" in part.arguments and not self._has_pytest(environment):
            self._save(part, Outcome("left out", "", note="pytest isn't installed and can't be: see tests.log"))
            return
        command = self._command(part, out)
        outcome = Outcome("running", " ".join(part.arguments))
        self._save(part, outcome)
        print(f"{part.name}: running, see {out}.log", flush=True)
        began = time.monotonic()
        with Path(f"{out}.log").open("w") as log:
            child = subprocess.Popen(
                command, env=environment, cwd=_PYTHON_FOLDER, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # Ctrl+C in the terminal reaches this process alone, which ends the part and all that it started.
                start_new_session=True, preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - no threads here
            )  # fmt: skip
            try:
                outcome.exit_code = child.wait(self._limit_s)
                outcome.status = "failed" if outcome.exit_code else _status(Path(f"{out}.json"))
            except subprocess.TimeoutExpired:
                outcome.status = "out of time"
            except KeyboardInterrupt:
                outcome.status = "interrupted"
                raise
            finally:
                _end(child)
                outcome.seconds = time.monotonic() - began
                outcome.note = _notes(Path(f"{out}.json")) if outcome.exit_code == 0 else _last_line(Path(f"{out}.log"))
                self._save(part, outcome)
                print(f"{part.name}: {outcome.status} after {outcome.seconds:.0f} s", flush=True)

    def _command(self, part: Part, out: Path) -> list[str]:
        if part.is_python:
            return [sys.executable, *(argument.replace("{out}", str(out)) for argument in part.arguments)]
        return [sys.executable, "-I", "-c", _BENCH, *part.arguments, *self._extra, "--out", f"{out}.json"]

    def _has_pytest(self, environment: dict[str, str]) -> bool:
        """Installs it beside the figures where the environment lacks it, for this run alone."""
        if not _GPU_TESTS.is_dir():
            return False
        if find_spec("pytest") is not None:
            return True
        packages = self._folder / "packages"
        environment["PYTHONPATH"] = str(packages)
        if (packages / "pytest").is_dir():
            return True
        wanted = ["--target", str(packages), "--constraint", str(_PYTHON_FOLDER / "requirements-dev.lock")]
        with (self._folder / "tests.log").open("w") as log:
            for tool in _installers():
                command = [*tool, *wanted, "pytest", "pytest-timeout"]
                if subprocess.run(command, stdout=log, stderr=log, check=False).returncode == 0:
                    return True
        return False

    def _save(self, part: Part, outcome: Outcome) -> None:
        self._outcomes[part.name] = outcome
        outcomes = {name: asdict(each) for name, each in self._outcomes.items()}
        write_json(self._file, {"machine": machine(), "parts": outcomes})

    def _read(self) -> dict[str, Outcome]:
        if not self._file.exists():
            return {}
        read: dict[str, Any] = json.loads(self._file.read_text("utf-8"))
        return {name: Outcome(**outcome) for name, outcome in read["parts"].items()}

    def _describe_machine(self) -> None:
        with (self._folder / "machine.txt").open("w") as file:
            for command in (["nvidia-smi"], ["nvidia-smi", "topo", "-m"]):
                if shutil.which(command[0]) is not None:
                    subprocess.run(command, stdout=file, stderr=file, timeout=60, check=False)


def _installers() -> Iterator[list[str]]:
    """Of packages: the one that made the app's environment first."""
    tools = sorted(data_folder().glob("environment/tool/uv-*/uv-*.data/scripts/uv"))
    for uv in [*map(str, tools), *filter(None, [shutil.which("uv")])]:
        yield [uv, "pip", "install", "--quiet", "--python", sys.executable]
    if find_spec("pip") is not None:
        yield [sys.executable, "-m", "pip", "install", "--quiet"]


def _end(child: subprocess.Popen[bytes]) -> None:
    """An interrupt first, so that it ends what it started in other sessions."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_INTERRUPT_S)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _read(figures: Path) -> dict[str, Any]:
    read: Any = json.loads(figures.read_text("utf-8")) if figures.exists() else {}
    return read if isinstance(read, dict) else {}


def _status(figures: Path) -> Status:
    """Of a part that exits with 0: it does so too when it leaves rows out for want of time, or after lost ranks."""
    found = _read(figures)
    return "out of time" if found.get("unfinished") else "incomplete" if found.get("lost") else "done"


def _notes(figures: Path) -> str:
    notes: list[str] = _read(figures).get("notes", [])
    return f"{len(notes)} notes, see {figures.name}" if notes else ""


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
