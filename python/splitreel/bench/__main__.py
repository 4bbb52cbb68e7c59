"""Runs a benchmark by name."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from splitreel.machine.imports import lasting_imports
from splitreel.worker.supervisor.process_environment import ENGINE_SETTINGS

# Name: module with `main(arguments) -> exit code`, and what it measures.
BENCHMARKS = {
    "engine": ("splitreel.bench.engine", "one rank compared with plain diffusers; speed, traffic and waiting by plan"),
    "demo": ("splitreel.bench.demo", "quality of the demo model's videos, and time until they play"),
    "gpu": ("splitreel.bench.gpu", "CogVideoX at full size with random weights, by plan and by kernel"),
    "soak": ("splitreel.bench.soak", "random jobs, cancels, kills and full disks; finds leaks, hangs and leftovers"),
    "links": ("splitreel.bench.links", "every pair of GPUs, with and without peer-to-peer"),
    "faults": ("splitreel.bench.faults", "kill -9 of a rank and a cancel in the middle of a step, on all GPUs"),
    "full": ("splitreel.bench.full", "everything that a machine with several GPUs can measure, saved in one folder"),
    "memory": ("splitreel.bench.memory", "predicted and measured peak memory, by plan and offloading mode"),
}


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in BENCHMARKS:
        known = "".join(f"  {name:8} {what}\n" for name, (_, what) in BENCHMARKS.items())
        print(f"usage: python -m splitreel.bench NAME [FLAGS]\n\n{known}", file=sys.stderr, end="")
        return 0 if arguments and arguments[0] in {"-h", "--help"} else 2
    # Set before torch is imported. The rest of the environment is kept, so that a machine's own settings reach every rank.
    for setting, value in ENGINE_SETTINGS.items():
        os.environ.setdefault(setting, value)
    with lasting_imports():
        module = importlib.import_module(BENCHMARKS[arguments[0]][0])
    code: int = module.main(arguments[1:])
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
