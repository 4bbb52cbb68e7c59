"""Nobody has to read what a command prints, and a command may be started without streams."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.worker import PACKAGE_PARENT

PROGRAM = f"""
import sys; sys.path.insert(0, {PACKAGE_PARENT!r})
from splitreel.commands.streams import protect_streams
protect_streams()
for line in range(20_000):
    print("out", line, flush=True)
    print("progress", line, file=sys.stderr)
import socket, json
pair = socket.socketpair()
open(sys.argv[1], "w").write(json.dumps([one.fileno() for one in pair]))
"""


@pytest.mark.parametrize(
    "redirection", ["2>&1 | head -1", "| true", ">/dev/full 2>/dev/full", "2>&-", ">&-", "<&- >&- 2>&-"]
)
def test_a_command_continues_when_its_output_is_closed(tmp_path: Path, redirection: str) -> None:
    program, result = tmp_path / "program.py", tmp_path / "result"
    program.write_text(PROGRAM)
    shell = f"set -o pipefail; {sys.executable} {program} {result} {redirection}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stdout + done.stderr
    # A socket with the number of a standard stream would be mistaken for one by a child process.
    assert min(int(number) for number in result.read_text().strip("[]").split(",")) > 2


@pytest.mark.parametrize("entry", [["-I", PACKAGE_PARENT], ["-m", "splitreel"]])
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", "<&- >&- 2>&-"])
def test_every_entry_point_protects_its_streams(entry: list[str], redirection: str) -> None:
    command = shlex.join([sys.executable, *entry, "--help"])
    shell = f"cd {PACKAGE_PARENT} && {command} {redirection}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_that_are_not_utf8_are_printed_as_they_are(tmp_path: Path) -> None:
    program = PROGRAM.split("for line", maxsplit=1)[0] + "print(sys.argv[1])"
    name = os.fsdecode(b"caf\xe9")
    done = subprocess.run([sys.executable, "-c", program, name], capture_output=True, check=True)
    assert done.stdout == b"caf\xe9\n"
