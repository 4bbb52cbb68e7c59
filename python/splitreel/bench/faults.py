"""`bench faults`: kill -9 of the first and the last rank, and a cancel, in the middle of a step on all GPUs.

By the real supervisor. Measures how long the job and its processes take to end, whether GPU memory is freed, and
whether the next job runs.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import psutil

from splitreel.bench.gpu_cases import plan_name
from splitreel.bench.soak_worker import SoakWorker
from splitreel.bench.table import Table, Value, machine, write_json
from splitreel.contract import wire
from splitreel.contract.devices import cpu_devices
from splitreel.contract.errors import SplitreelError
from splitreel.contract.protocol import StartJob, WorkerVideo
from splitreel.contract.types import Device, Kernel, Plan, SamplingParams
from splitreel.contract.variables import DATA_FOLDER
from splitreel.machine.gpus import visible_gpus
from splitreel.models.cogvideox.random_model import make_model
from splitreel.store.find_model import find_model

COLUMNS: Final = {
    "fault": "fault", "plan": "plan", "code": "end of the job", "end_s": "s to the end", "gone_s": "s until ranks are gone",
    "left_mib": "MiB left on a GPU", "next": "next job",
}  # fmt: skip
_PLANS: Final = {1: Plan(), 2: Plan(cfg=2), 4: Plan(cfg=2, ulysses=2), 8: Plan(cfg=2, ring=2, ulysses=2)}
# The driver's own figures vary by a few MiB without any process.
_TOLERANCE_MIB: Final = 16
_STEPS_BEFORE: Final = 3
_MANY_STEPS: Final = 500
_START_S, _END_S, _NEXT_S, _GONE_S = 300.0, 60.0, 300.0, 10.0
# How long a job may take to end on GPUs (worker/supervisor/watch.py for a cancel).
_MOST_S: Final = {"RANK_DIED": 5.0, "CANCELED": 30.0}


@dataclass(frozen=True, slots=True)
class _Setting:
    devices: tuple[Device, ...]
    plan: Plan
    model: str
    folder: Path
    size: tuple[int, int, int]


def main(arguments: Sequence[str]) -> int:
    """0 if every fault ended as it must, otherwise 1."""
    parser = argparse.ArgumentParser(prog="splitreel.bench faults", description=__doc__, allow_abbrev=False)
    parser.add_argument("--ranks", type=int, default=0, help="GPUs to use (default: all, at most 8)")
    parser.add_argument("--small", action="store_true", help="a small model on the CPU, to check that everything runs")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    options = parser.parse_args(arguments)
    try:
        devices = cpu_devices(options.ranks or 2) if options.small else [gpu.device for gpu in visible_gpus()]
    except SplitreelError as error:
        parser.error(f"{error} Try --small, which runs on the CPU.")
    ranks = max(count for count in _PLANS if count <= min(options.ranks or len(devices), len(devices)))
    with tempfile.TemporaryDirectory(prefix="splitreel-faults-") as name:
        folder = Path(name)
        if options.small:
            make_model("demo-random", folder / "model")
        model = folder / "model" if options.small else find_model("demo")
        size = (96, 64, 9) if options.small else (128, 96, 49)
        return _run(_Setting(tuple(devices[:ranks]), _PLANS[ranks], str(model), folder, size), options.out)


def _run(setting: _Setting, out: Path | None) -> int:
    runtime = setting.folder / "runtime"
    runtime.mkdir(mode=0o700)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), DATA_FOLDER: str(setting.folder / "data")}
    idle_mib = _used_mib(setting)
    table, problems = Table(COLUMNS), list[str]()
    table.start()
    faults: dict[str, Callable[[SoakWorker, str], None]] = {
        "kill -9, first rank": partial(_kill, 0),
        "kill -9, last rank": partial(_kill, -1),
        "cancel": _cancel,
    }
    worker = SoakWorker(environment)
    try:
        for number, (fault, break_job) in enumerate(faults.items()):
            try:
                row = _try(worker, setting, f"job-{number}", break_job, idle_mib)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other faults are still tried
                row = {"code": f"{type(error).__name__}: {error}"}
                # Its ranks die with it.
                worker.process.kill()
                worker = SoakWorker(environment)
            table.add({"fault": fault, "plan": plan_name(setting.plan), **row})
            is_timed = setting.devices[0].kind == "cuda"
            problems += [f"{fault}: {problem}" for problem in _problems(fault, row, is_timed=is_timed)]
            if out is not None:
                write_json(out, {"machine": machine(), "rows": table.rows, "problems": problems})
    finally:
        worker.close()
    print("\n".join(problems))
    return int(bool(problems))


def _try(
    worker: SoakWorker,
    setting: _Setting,
    job_id: str,
    break_job: Callable[[SoakWorker, str], None],
    idle_mib: list[int],
) -> dict[str, Value]:
    worker.send(_job(setting, job_id, _MANY_STEPS))
    if not worker.wait_for_step(job_id, _STEPS_BEFORE, _START_S):
        return {"code": "never began"}
    ranks = worker.processes()[1]
    at = time.monotonic()
    break_job(worker, job_id)
    end = worker.wait_for_end(job_id, _END_S)
    row: dict[str, Value] = {"code": "no end" if end is None else end.code, "end_s": time.monotonic() - at}
    if end is not None and end.code != "CANCELED":
        _, alive = psutil.wait_procs(ranks, timeout=_GONE_S)
        row["gone_s"] = None if alive else time.monotonic() - at
        row["left_mib"] = max(
            (now - idle for now, idle in zip(_used_mib(setting), idle_mib, strict=True)), default=None
        )
    following = f"{job_id}-next"
    worker.send(_job(setting, following, _STEPS_BEFORE))
    after = worker.wait_for_end(following, _NEXT_S)
    return row | {"next": "no end" if after is None else after.code}


def _problems(fault: str, row: dict[str, Value], *, is_timed: bool = False) -> list[str]:
    found = []
    wanted = "CANCELED" if fault == "cancel" else "RANK_DIED"
    if row["code"] != wanted:
        found.append(f"the job's end was {row['code']}")
    end_s = row.get("end_s")
    if is_timed and isinstance(end_s, float) and end_s > _MOST_S[wanted]:
        found.append(f"the job took {end_s:.1f} s to end, and {_MOST_S[wanted]:g} s are allowed")
    if wanted == "RANK_DIED" and row.get("gone_s") is None:
        found.append("ranks outlived the job")
    left = row.get("left_mib")
    if isinstance(left, int) and left > _TOLERANCE_MIB:
        found.append(f"{left} MiB of a GPU's memory were not freed")
    if row.get("next") != "finished":
        found.append(f"the next job's end was {row.get('next')}")
    return found


def _kill(index: int, worker: SoakWorker, _job_id: str) -> None:
    # The zygote forks ranks in their order.
    ranks = sorted(worker.processes()[1], key=lambda process: process.pid)
    ranks[index].send_signal(signal.SIGKILL)


def _cancel(worker: SoakWorker, job_id: str) -> None:
    worker.send({"type": "cancelJob", "jobId": job_id})


def _job(setting: _Setting, job_id: str, steps: int) -> dict[str, Any]:
    attention = Kernel.SDPA if setting.devices[0].kind == "cpu" else Kernel.AUTO
    output = str(setting.folder / "videos" / f"{job_id}.mp4")
    job = StartJob(
        job_id=job_id,
        model_id="demo",
        model_path=setting.model,
        settings=SamplingParams(*setting.size, steps, attention=attention),
        videos=(WorkerVideo("a red ball", "", 1, None, output),),
        plan=setting.plan,
        devices=setting.devices,
        preview_folder=str(setting.folder / "previews"),
    )
    return cast("dict[str, Any]", wire.to_wire(job))


def _used_mib(setting: _Setting) -> list[int]:
    """GPU memory in use by any process, by GPU; empty on the CPU."""
    uuids = [device.uuid for device in setting.devices if device.kind == "cuda"]
    if not uuids:
        return []
    command = ["nvidia-smi", "--query-gpu=uuid,memory.used", "--format=csv,noheader,nounits"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    used = dict(line.split(", ") for line in lines)
    return [int(used[uuid]) for uuid in uuids if uuid is not None]
