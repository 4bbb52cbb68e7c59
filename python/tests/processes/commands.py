"""Commands of a terminal, run on the demo model in separate processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from splitreel.contract.variables import DATA_FOLDER
from tests.processes.worker import PACKAGE_PARENT, data_folder

STEPS = 3
ENVIRONMENT = {**os.environ, "PYTHONPATH": PACKAGE_PARENT, "OMP_NUM_THREADS": "1", DATA_FOLDER: data_folder()}
FLAGS = ("--model", "demo", "--prompt", "a red ball", "--height", "64", "--width", "96", "--num_frames", "9",
         "--num_inference_steps", str(STEPS), "--device", "cpu")  # fmt: skip


def command(folder: Path, *arguments: str) -> list[str]:
    """The lines that `python -m` with these arguments prints in this folder."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()
