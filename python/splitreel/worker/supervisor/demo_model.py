"""The random demo model, made once in the data folder where no trained one is shipped."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from splitreel.contract.errors import SplitreelError
from splitreel.store.model_folder import find_model, made_demo_folder
from splitreel.worker.supervisor.process_environment import child_environment

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[3])
_PATIENCE_S = 180.0


def demo_must_be_made(model_path: str) -> bool:
    return model_path == "demo" and find_model("demo") is None


def make_demo() -> None:
    """Takes seconds and imports torch, in a process of its own. The folder appears by rename when it is whole."""
    target = made_demo_folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as folder:
        program = (
            f"import runpy, sys; sys.path.insert(0, {_PACKAGE_PARENT!r}); sys.argv = ['models', {folder!r}, 'demo-random'];"
            " runpy.run_module('splitreel.models.random', run_name='__main__')"
        )
        try:
            made = subprocess.run(
                [sys.executable, "-I", "-c", program],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_PATIENCE_S,
                check=False,
                env=child_environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise SplitreelError("WORKER_START_FAILED", {"problem": "the demo model could not be made"}) from error
        source = Path(folder) / "demo-random"
        if made.returncode != 0 or not (source / "model_index.json").is_file():
            problem = "the demo model could not be made"
            raise SplitreelError("WORKER_START_FAILED", {"problem": problem}, details=made.stderr[-4000:])
        shutil.rmtree(target, ignore_errors=True)
        source.rename(target)
