"""An error of one rank under torchrun is shown once, by rank 0, whatever it breaks on the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.commands import ENVIRONMENT, FLAGS
from tests.processes.worker import PACKAGE_PARENT


def run_failing(folder: Path, where: str, **variables: str) -> str:
    torchrun = ["torch.distributed.run", "--nproc_per_node=2", "-m", "tests.processes.failing_torchrun"]
    done = subprocess.run(
        [sys.executable, "-m", *torchrun, *FLAGS, "--ulysses_degree=2", "--output_dir", str(folder)],
        cwd=PACKAGE_PARENT,
        env={**ENVIRONMENT, "FAILS_AT": where, **variables},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode != 0
    # torchrun's own output follows that of the ranks.
    return done.stderr.partition("torch/distributed/elastic")[0]


def test_an_unexpected_error_of_another_rank_is_one_line(tmp_path: Path) -> None:
    shown = run_failing(tmp_path, "job")
    assert shown.count("something that nobody foresaw") == 1, shown
    assert "Traceback" not in shown
    assert "Connection closed" not in shown


@pytest.mark.thorough
def test_its_details_are_the_traceback_of_that_rank(tmp_path: Path) -> None:
    shown = run_failing(tmp_path, "job", SPLITREEL_DETAILS="1")
    assert "in _unforeseen" in shown
    assert shown.count("Traceback") == 1, shown


def test_an_error_before_the_ranks_have_met_is_shown_too(tmp_path: Path) -> None:
    shown = run_failing(tmp_path, "device")
    assert shown.count("CUDA doesn't start on GPU 1.") == 1, shown


_ENDING = """
import atexit, os, runpy
from splitreel.commands import torchrun
torchrun.main = lambda arguments: print("made") or 0
# Stands for a thread in torch's C++ code, which aborts the process when Python ends around it.
atexit.register(os.abort)
runpy.run_module("splitreel.parallel_inference", run_name="__main__")
"""


def test_a_finished_rank_ends_without_pythons_shutdown() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ENDING], cwd=PACKAGE_PARENT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "made\n")
