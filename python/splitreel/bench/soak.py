"""`bench soak`: jobs, cancels, kills, full disks and reloads at random against the real supervisor and its ranks.

Every job must end in a way that its fault allows and leave complete videos or none, and the next job must run. The report
shows how memory and descriptors grow, and what was left behind.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

import psutil

from splitreel.bench.soak_worker import JobEnd, SoakWorker
from splitreel.bench.table import machine, write_json
from splitreel.contract import wire
from splitreel.contract.devices import cpu_devices
from splitreel.contract.errors import SplitreelError
from splitreel.contract.protocol import StartJob, WorkerVideo
from splitreel.contract.types import Kernel, Plan, SamplingParams
from splitreel.models.cogvideox.random_model import make_model
from splitreel.video.mp4 import read_metadata

_PLANS: Final = (Plan(cfg=2), Plan(ulysses=2), Plan(ring=2), Plan(tp=2), Plan(pp=2))
_FULL_DISK_BYTES: Final = 64_000_000
# How a job may end after each fault, unless it had ended before.
_ENDS: Final[dict[str, set[str]]] = {
    "none": set(),
    "cancel": {"CANCELED"},
    "refuse": {"PLAN_INVALID", "REQUEST_INVALID"},
    "kill rank": {"RANK_DIED", "WORKER_DIED"},
    "kill zygote": {"RANK_DIED", "WORKER_DIED", "WORKER_START_FAILED"},
    "stop rank": {"RANK_HUNG"},
    "full disk": {"DISK_FULL"},
    # A busy engine refuses to unload; an idle one does, and the next job starts cold.
    "reload": set(),
}
_WEIGHTS: Final = {
    "none": 6, "cancel": 4, "refuse": 1, "kill rank": 3, "kill zygote": 1, "stop rank": 1, "full disk": 2,
    "reload": 1,
}  # fmt: skip


@dataclass(slots=True)
class Report:
    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    supervisor_mb: list[float] = field(default_factory=list)
    zygote_mb: list[float] = field(default_factory=list)
    supervisor_files: list[int] = field(default_factory=list)
    supervisor_threads: list[int] = field(default_factory=list)
    longest_s: dict[str, float] = field(default_factory=dict)  # from a fault to the end of its job

    def lines(self, minutes: float) -> list[str]:
        total = sum(self.ends.values())
        ends = ", ".join(f"{name} {count}" for name, count in sorted(self.ends.items()))
        faults = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in sorted(self.longest_s.items()))
        return [
            f"{total} jobs in {minutes:.1f} minutes: {ends}",
            f"longest from a fault to the end of its job: {faults or 'none'}",
            f"supervisor: {_first_last(self.supervisor_mb)} MB",
            f"supervisor: {_first_last(self.supervisor_files)} descriptors",
            f"supervisor: {_first_last(self.supervisor_threads)} threads",
            f"zygote: {_first_last(self.zygote_mb)} MB",
            f"problems: {len(self.problems)}",
            *(f"  {problem}" for problem in self.problems),
        ]


def _first_last(values: Sequence[float]) -> str:
    return f"{values[0]:.0f} at first, {values[-1]:.0f} at last, {max(values):.0f} at most" if values else "unknown"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="splitreel.bench soak", description=__doc__, allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="repeat the random choices of an earlier run")
    parser.add_argument("--model", help="a model folder or name (default: the smoke test's small random model)")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else int(options.seed)
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="splitreel-soak-") as folder:
        model = options.model or str(_random_model(Path(folder)))
        soak = Soak(Path(folder), model, random.Random(seed))
        report = soak.run(began + 60 * options.minutes)
    lines = report.lines((time.monotonic() - began) / 60)
    print("\n".join(lines))
    if options.out is not None:
        write_json(options.out, {"machine": machine(), "seed": seed, "summary": lines, "ends": dict(report.ends)})
    return 1 if report.problems else 0


def _random_model(folder: Path) -> Path:
    make_model("demo-random", folder / "demo-random")
    return folder / "demo-random"


class Soak:
    def __init__(self, folder: Path, model: str, choices: random.Random) -> None:
        self._folder = folder
        self._model = model
        self._choices = choices
        self._report = Report()
        self._runtime = folder / "runtime"
        self._runtime.mkdir(mode=0o700)
        self._disk = _SmallDisk(folder / "disk")
        self._worker = SoakWorker({**os.environ, "XDG_RUNTIME_DIR": str(self._runtime)})
        self._count = 0
        self._late = "none"  # a fault injected after its job had ended, which may hit the next one

    def run(self, until: float) -> Report:
        faults = [fault for fault in _WEIGHTS if fault != "full disk" or self._disk.is_mounted]
        weights = [_WEIGHTS[fault] for fault in faults]
        try:
            # A lost job ends the run, because nothing after it would be meaningful.
            while time.monotonic() < until and self._job(self._choices.choices(faults, weights)[0]):
                pass
        finally:
            self.close()
        return self._report

    def _job(self, fault: str) -> bool:
        """Runs one job. Returns False if it never ended."""
        self._count += 1
        job_id, output = f"job-{self._count}", self._disk.folder if fault == "full disk" else self._folder / "videos"
        job = self.command(job_id, output, fault)
        self._worker.send(job)
        if self._choices.random() < 0.2:
            self._worker.send(
                {"type": "countTokens", "requestId": job_id, "modelPath": self._model, "text": "a red ball"}
            )
        is_over = False
        if fault not in {"none", "refuse"}:
            # At any moment of a job, including its start and end.
            is_over = self._worker.wait_for_end(job_id, self._choices.uniform(0.0, 6.0)) is not None
        at = time.monotonic()
        self._break(fault, job_id)
        end = self._worker.wait_while_it_works(job_id)
        self._disk.empty()
        if fault == "reload":
            self._worker.send({"type": "unload"})
        # A rank stopped after its job would hang the next one.
        for rank in self._worker.processes()[1]:
            _signal(rank, signal.SIGCONT)
        self._check(fault, job, end, time.monotonic() - at)
        self._late = fault if is_over or (end is not None and end.code == "finished") else "none"
        self._measure()
        return end is not None

    def command(self, job_id: str, output: Path, fault: str) -> dict[str, Any]:
        plan = self._choices.choice(_PLANS)
        job = StartJob(
            job_id=job_id,
            model_id="demo",
            model_path=self._model,
            settings=SamplingParams(
                96, 64, 9, self._choices.randint(2, 12), attention=Kernel.SDPA, num_pipeline_patch=2
            ),
            videos=tuple(
                WorkerVideo("a red ball", "", number, None, str(output / f"{job_id}-{number}.mp4"))
                for number in range(self._choices.randint(1, 2))
            ),
            plan=replace(plan, tp=7) if fault == "refuse" else plan,
            devices=cpu_devices(8),
            preview_folder=str(self._folder / "previews"),
        )
        return cast("dict[str, Any]", wire.to_wire(job))

    def _break(self, fault: str, job_id: str) -> None:
        zygote, ranks = self._worker.processes()
        match fault:
            case "cancel":
                for _ in range(2):
                    self._worker.send({"type": "cancelJob", "jobId": job_id})
            case "kill rank" if ranks:
                _signal(self._choices.choice(ranks), signal.SIGKILL)
            case "stop rank" if ranks:
                _signal(self._choices.choice(ranks), signal.SIGSTOP)
            case "kill zygote" if zygote is not None:
                _signal(zygote, signal.SIGKILL)
            case "full disk":
                self._disk.fill()
            case "reload":
                self._worker.send({"type": "unload"})

    def _check(self, fault: str, job: dict[str, Any], end: JobEnd | None, seconds: float) -> None:
        report = self._report
        report.problems += problems_of(fault, job, end, self._late)
        if end is None:
            return
        report.ends[end.code] += 1
        print(f"{job['jobId']}: {fault}, {end.code} after {seconds:.1f} s", file=sys.stderr, flush=True)
        if fault != "none":
            report.longest_s[fault] = max(seconds, report.longest_s.get(fault, 0.0))
        for path in end.saved:
            Path(path).unlink(missing_ok=True)

    def _measure(self) -> None:
        zygote, _ = self._worker.processes()
        report, supervisor = self._report, self._worker.process
        with suppress(psutil.Error):
            report.supervisor_mb.append(supervisor.memory_info().rss / 1e6)
            report.supervisor_files.append(supervisor.num_fds())
            report.supervisor_threads.append(supervisor.num_threads())
        if zygote is not None:
            with suppress(psutil.Error):
                report.zygote_mb.append(zygote.memory_info().rss / 1e6)

    def close(self) -> None:
        family = self._worker.process.children(recursive=True)
        code = self._worker.close()
        if code != 0:
            self._report.problems.append(f"the supervisor ended with {code}")
        _, alive = psutil.wait_procs(family, timeout=10)
        self._report.problems += self._worker.complaints
        self._report.problems += [f"process {process.pid} outlived the supervisor" for process in alive]
        left = [entry.name for entry in (self._runtime / "splitreel").glob("run-*")]
        self._report.problems += [f"{name} was left in the runtime folder" for name in left]
        if self._worker.lost_events:
            self._report.problems.append(f"{self._worker.lost_events} events were lost")
        self._disk.close()


class _SmallDisk:
    """A disk that can be filled to the last byte. Only root can mount one; without root, this fault is skipped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_FULL_DISK_BYTES}", "splitreel-soak", str(folder)]
        self.is_mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0

    def fill(self) -> None:
        with suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65_536))

    def empty(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)


def problems_of(fault: str, job: dict[str, Any], end: JobEnd | None, late: str = "none") -> list[str]:
    """What is wrong with how a job ended and the files it left.

    `late`: the previous job's fault, if it was injected after that job's end.
    """
    name = f"{job['jobId']} ({fault})"
    if end is None:
        return [f"{name}: no end"]
    problems = []
    if end.code != "finished" and end.code not in _ENDS[fault] | _ENDS[late]:
        problems.append(f"{name}: {end.code}: {end.message}")
    paths = [Path(video["outputPath"]) for video in job["videos"]]
    if end.code == "finished" and len(end.saved) + len(end.failed) != len(paths):
        problems.append(f"{name}: {len(end.saved)} of {len(paths)} videos")
    problems += [f"{name}: a video failed: {code}" for code in end.failed if code not in _ENDS[fault]]
    for path in end.saved:
        try:
            read_metadata(Path(path))
        except SplitreelError as error:
            problems.append(f"{name}: {error}")
    folder = paths[0].parent
    left = [str(entry) for entry in folder.iterdir() if str(entry) not in end.saved] if folder.is_dir() else []
    return [*problems, *(f"{name}: left behind: {path}" for path in sorted(left))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
