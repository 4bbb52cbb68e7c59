"""`splitreel doctor`: what is wrong with driver, GPUs, environment, disk and models, and what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from splitreel.errors import SplitreelError
from splitreel.messages import RESOURCES
from splitreel.model_folder import check_model_folder, data_folder, find_model
from splitreel.supervisor.checks import nearest_folder
from splitreel.supervisor.gpus import find_gpus
from splitreel.supervisor.surroundings import child_environment
from splitreel.video_size import size_text

_LOCK = RESOURCES.parent / "python" / "requirements.lock"
# The largest model with its text encoder takes 22 GB in bfloat16; a first video needs little beside it.
_ROOM_BYTES = 2_000_000_000
_SELF_TEST_S = 120.0
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """`problem` where something keeps videos from being made, `note` where it need not."""

    topic: Literal["driver", "gpu", "environment", "disk", "model", "ranks"]
    status: Literal["ok", "note", "problem"]
    text: str
    action: str = ""


def doctor(arguments: Sequence[str]) -> int:
    """Prints every finding; 0 where nothing is a problem, 3 otherwise."""
    unknown = [argument for argument in arguments if argument != "--json"]
    if unknown:
        raise SplitreelError("FLAG_INVALID", {"problem": f"doctor takes --json only, but {unknown[0]} was given"})
    findings: list[Finding] = []
    for finding in _examine():
        findings.append(finding)
        if not arguments:
            print(f"[{finding.status:7}] {finding.topic}: {finding.text} {finding.action}".rstrip(), flush=True)
    if arguments:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    return 3 if any(finding.status == "problem" for finding in findings) else 0


def _examine() -> Iterator[Finding]:
    yield from _gpus()
    yield from _environment()
    yield from _disk()
    yield from _models()
    yield _ranks()


def _gpus() -> Iterator[Finding]:
    try:
        gpus = find_gpus()
    except SplitreelError as error:
        # Without a driver the CPU can still be tried; one that is there and broken is worth mending.
        status: Literal["note", "problem"] = "note" if error.code == "DRIVER_MISSING" else "problem"
        yield Finding("driver", status, error.error.message, error.error.action)
        return
    if gpus:
        yield Finding("driver", "ok", f"NVIDIA driver {gpus[0].driver}")
    for gpu in gpus:
        yield Finding("gpu", "ok", f"GPU {gpu.index}: {gpu.name}, {size_text(gpu.memory_bytes)}")


def _environment() -> Iterator[Finding]:
    yield Finding("environment", "ok", f"Python {sys.version.split()[0]}")
    if not _LOCK.is_file():
        yield Finding("environment", "note", "the lock file is not beside the package, so versions are not compared")
        return
    # One lock serves several versions of Python, so a package may be pinned twice.
    pins: dict[str, list[str]] = {}
    for name, version in _PINNED.findall(_LOCK.read_text("utf-8")):
        pins.setdefault(name.lower(), []).append(version.split("+")[0])
    for name in ("torch", "diffusers", "transformers", "safetensors", "av", "numpy", "sentencepiece"):
        if name not in pins:
            continue
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding("environment", "problem", f"{name} is not installed", "Repair the environment.")
            continue
        # `2.15.0+cpu` is 2.15.0 built for another device.
        if found.split("+")[0] in pins[name]:
            yield Finding("environment", "ok", f"{name} {found}")
        else:
            text = f"{name} is {found}, and {' or '.join(pins[name])} is what Splitreel is tested with"
            yield Finding("environment", "problem", text, "Repair the environment.")


def _disk() -> Iterator[Finding]:
    folder = nearest_folder(data_folder())
    free = shutil.disk_usage(folder).free
    is_enough = free >= _ROOM_BYTES and os.access(folder, os.W_OK)
    text = f"{size_text(free)} free in {folder}"
    action = "" if is_enough else f"Free some room: {size_text(_ROOM_BYTES)} is the least to work with."
    yield Finding("disk", "ok" if is_enough else "problem", text, action)


def _models() -> Iterator[Finding]:
    folders = {"demo": find_model("demo")}
    models = data_folder() / "models"
    if models.is_dir():
        folders |= {folder.name: folder for folder in sorted(models.iterdir()) if folder.is_dir()}
    for name, folder in folders.items():
        if folder is None:
            yield Finding("model", "note", f"{name} is not there yet; it is made when it is first used")
            continue
        try:
            model = check_model_folder(folder)
        except SplitreelError as error:
            yield Finding("model", "problem", f"{name}: {error.error.message}", error.error.action)
        else:
            yield Finding("model", "ok", f"{name}: {size_text(model.weight_bytes)}, {model.shape.heads} heads")


_SELF_TEST = """
import os, sys, datetime, torch, torch.distributed as dist
rank, store = int(sys.argv[1]), sys.argv[2]
dist.init_process_group('gloo', init_method='file://' + store, rank=rank, world_size=2,
                        timeout=datetime.timedelta(seconds=60))
sent = torch.arange(8, dtype=torch.float32).reshape(2, 4) + 100 * rank
got = torch.empty_like(sent)
dist.all_to_all_single(got, sent)
wanted = torch.stack([torch.arange(4, dtype=torch.float32) + 4 * rank + 100 * peer for peer in range(2)])
assert torch.equal(got, wanted), (got, wanted)
dist.destroy_process_group()
"""


def _ranks() -> Finding:
    """Two ranks exchange numbers that tell who sent them, over the loopback."""
    with tempfile.TemporaryDirectory(prefix="splitreel-doctor-") as folder:
        command = [sys.executable, "-I", "-c", _SELF_TEST]
        ranks = [
            subprocess.Popen(
                [*command, str(rank), str(Path(folder) / "store")],
                env={**child_environment(), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for rank in range(2)
        ]
        try:
            errors = [rank.communicate(timeout=_SELF_TEST_S)[1] for rank in ranks]
        except subprocess.TimeoutExpired:
            return Finding("ranks", "problem", "two ranks did not meet in time", "Restart the computer if this stays.")
        finally:
            for rank in ranks:
                rank.kill()
                rank.wait()
    failed = [error for rank, error in zip(ranks, errors, strict=True) if rank.returncode != 0]
    if failed:
        last = (failed[0].strip().splitlines() or ["without a word"])[-1]
        return Finding(
            "ranks", "problem", f"two ranks could not work together: {last[:200]}", "Repair the environment."
        )
    return Finding("ranks", "ok", "two ranks met and exchanged the right numbers")
