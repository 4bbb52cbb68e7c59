"""Finds the GPU wheels that an environment without a GPU doesn't need.

    cp -al ENVIRONMENT COPY && python3 scripts/gpu_wheels.py COPY

Moves the files of each wheel away in turn, imports what the engine imports, computes on the CPU, and puts the files back.
Finally runs the smoke test without any of the wheels that weren't needed. It moves files, so run it on a copy.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import Distribution, distributions
from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent / "python"
IS_FOR_GPUS = re.compile(r"nvidia-.*|cuda-.*|triton")
TRIAL = """
import torch, torch.distributed
import diffusers, transformers
from diffusers import CogVideoXPipeline
torch.nn.functional.conv3d(torch.ones(1, 1, 4, 4, 4), torch.ones(1, 1, 2, 2, 2))
"""
VARIABLES = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "OMP_NUM_THREADS": "1"}


def name_of(wheel: Distribution) -> str:
    return wheel.metadata["Name"].lower()


def files_of(wheel: Distribution) -> Iterator[Path]:
    for file in wheel.files or []:
        path = Path(str(wheel.locate_file(file)))
        if path.is_file() and ".dist-info" not in path.parent.name:
            yield path


def hide(wheels: Sequence[Distribution], site: Path, aside: Path) -> None:
    for wheel in wheels:
        for path in list(files_of(wheel)):
            target = aside / os.path.relpath(path, site)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            cache = path.parent / "__pycache__"
            for compiled in cache.glob(f"{path.stem}.*.pyc"):
                compiled.unlink()
            # An empty folder could still be imported, as a namespace package.
            for folder in (cache, path.parent):
                with suppress(OSError):
                    os.removedirs(folder)


def restore(site: Path, aside: Path) -> None:
    for path in [path for path in aside.rglob("*") if not path.is_dir()]:
        target = site / path.relative_to(aside)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


def failure(python: Path, *arguments: str) -> str | None:
    command = [str(python), "-I", *arguments]
    done = subprocess.run(command, env=VARIABLES, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no output"])[-1]


def main(environment: Path) -> int:
    python = environment / "bin" / "python"
    [site] = environment.glob("lib/python*/site-packages")
    aside = environment / "aside"
    wheels = [wheel for wheel in distributions(path=[str(site)]) if IS_FOR_GPUS.fullmatch(name_of(wheel))]
    unneeded: list[Distribution] = []
    for wheel in sorted(wheels, key=name_of):
        hide([wheel], site, aside)
        problem = failure(python, "-c", TRIAL)
        restore(site, aside)
        print(f"{name_of(wheel):24} {problem or 'not needed'}", flush=True)
        if problem is None:
            unneeded.append(wheel)
    hide(unneeded, site, aside)
    problem = failure(python, str(PACKAGE_FOLDER), "smoke", "--device", "cpu")
    restore(site, aside)
    print(f"smoke test without {len(unneeded)} wheels: {problem or 'passed'}")
    return 0 if problem is None else 1


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).absolute()))
