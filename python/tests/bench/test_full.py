"""`bench full` keeps what it has when a part fails, hangs or is interrupted, and goes on where it stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from splitreel.bench import full
from splitreel.bench.full import FullRun, Part
from tests.processes.worker import all_gone

PYTHON = Path(full.__file__).parents[2]
SAVES = "import pathlib, sys; pathlib.Path('{out}.json').write_text('[1]')"


def part(name: str, program: str) -> Part:
    return Part(name, ("-c", program), is_python=True)


def summary(folder: Path) -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = json.loads((folder / "summary.json").read_text())["parts"]
    return read


def test_parts_that_fail_or_hang_do_not_stop_the_others(tmp_path: Path) -> None:
    chosen = [
        part("broken", f"{SAVES}; print('first'); sys.exit('it broke')"),
        part("hangs", f"{SAVES}; import threading; threading.Event().wait()"),
        part("good", SAVES),
    ]
    assert FullRun(tmp_path, 6, ()).run(chosen, is_again=False) == 1
    found = summary(tmp_path)
    assert {name: outcome["status"] for name, outcome in found.items()} == {
        "broken": "failed", "hangs": "out of time", "good": "done",
    }  # fmt: skip
    assert (found["broken"]["exit_code"], found["broken"]["note"]) == (1, "it broke")
    for name in found:
        assert (tmp_path / f"{name}.json").read_text() == "[1]"
    assert "first" in (tmp_path / "broken.log").read_text()


def test_a_part_that_leaves_rows_out_is_not_done(tmp_path: Path) -> None:
    save = "import json, pathlib; pathlib.Path('{out}.json').write_text(json.dumps({'notes': ['a', 'b'], **%r}))"
    for left_out, status in (({"unfinished": 3, "lost": 1}, "out of time"), ({"lost": 1}, "incomplete"), ({}, "done")):
        FullRun(tmp_path, 60, ()).run([part("gpu", save % left_out)], is_again=False)
        assert (summary(tmp_path)["gpu"]["status"], summary(tmp_path)["gpu"]["note"]) == (
            status,
            "2 notes, see gpu.json",
        )


def test_finished_parts_are_left_out_the_next_time(tmp_path: Path) -> None:
    counts = f"open({str(tmp_path / 'count')!r}, 'a').write('x')"
    for is_again in (False, False, True):
        assert FullRun(tmp_path, 60, ()).run([part("good", counts)], is_again=is_again) == 0
    assert (tmp_path / "count").read_text() == "xx"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_keeps_its_figures_and_goes_on_later(number: signal.Signals, tmp_path: Path) -> None:
    """Also when it is killed: nothing that it started outlives it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    waits = f"{SAVES}; import os, threading; open({str(pipe)!r}, 'w').write(str(os.getpid())); threading.Event().wait()"
    program = (
        "import sys; from splitreel.bench import full; from splitreel.bench.full import Part; "
        f"full.parts = lambda minutes, small: [Part('good', ('-c', {SAVES!r}), is_python=True), "
        f"Part('waits', ('-c', {waits!r}), is_python=True)]; "
        f"sys.exit(full.main(['--out', {str(tmp_path)!r}]))"
    )
    child = subprocess.Popen([sys.executable, "-c", program], cwd=PYTHON, stdout=subprocess.DEVNULL)
    busy = int(pipe.read_text())
    child.send_signal(number)
    code = child.wait(60)
    assert all_gone([busy])
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    found = summary(tmp_path)
    assert found["good"]["status"] == "done"
    assert found["waits"]["status"] == ("running" if number == signal.SIGKILL else "interrupted")
    assert (tmp_path / "waits.json").read_text() == "[1]"
    rest = [part("good", "raise SystemExit('repeated')"), part("waits", SAVES)]
    assert FullRun(tmp_path, 60, ()).run(rest, is_again=False) == 0


def test_every_part_starts_a_benchmark_that_exists() -> None:
    from splitreel.bench.__main__ import BENCHMARKS

    every = list(full.parts(60, small=False))
    assert len({each.name for each in every}) == len(every)
    for each in every:
        assert each.is_python or each.arguments[0] in BENCHMARKS
    assert {"links", "faults", "tests", "gpu-without-peer-to-peer", "gpu-1.5", "qualities-5b", "memory-2b"} <= {
        each.name for each in every
    }


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        full.main(["--out", str(tmp_path), "--parts", "gpu-9b"])
