"""Checks driver, GPUs, environment, disk, models, ranks and links, one after another."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from splitreel.commands.doctor.finding import Finding, Status
from splitreel.commands.doctor.link_probe import LinkProbe, is_p2p_off
from splitreel.commands.doctor.links import check_links
from splitreel.commands.doctor.ranks import check_ranks, cpu_ranks
from splitreel.contract import failures
from splitreel.contract.errors import SplitreelError
from splitreel.contract.format import size_text
from splitreel.contract.messages import RESOURCES
from splitreel.machine.gpus import find_gpus, visible_gpus
from splitreel.store.files import is_folder, names_in
from splitreel.store.find_model import find_model
from splitreel.store.locations import data_folder, models_folders
from splitreel.store.model_folder import check_model_folder
from splitreel.worker.supervisor.checks import nearest_folder

_LOCK = RESOURCES.parent / "python" / "requirements.lock"
# A first video needs little besides its model.
_ENOUGH_BYTES = 2_000_000_000
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def examine(*, has_environment: bool) -> Iterator[Finding]:
    """`has_environment`: False where the system's Python runs the doctor, before an environment is installed."""
    yield from _driver()
    if has_environment:
        yield from _environment()
    else:
        text = "The Python environment is not installed yet."
        yield Finding("environment", "problem", text, "Install it: on the Machine page, or with npm start.", "install")
    yield from _disk()
    yield from _models()
    if has_environment:
        yield check_ranks(cpu_ranks())
        yield from _links()


def _driver() -> Iterator[Finding]:
    try:
        gpus = find_gpus()
    except SplitreelError as error:
        # A computer without a driver can use its CPU; a driver that is installed and broken needs a repair.
        status: Status = "note" if error.code == "DRIVER_MISSING" else "problem"
        yield Finding("driver", status, error.error.message, error.error.action, "driver")
        return
    if not gpus:
        yield Finding("gpu", "note", "the NVIDIA driver works, but finds no GPU")
        return
    driver, minimum = gpus[0].driver, _minimum_driver()
    if _version(driver) < _version(minimum):
        old = failures.driver_too_old(found=driver, needed=minimum)
        yield Finding("driver", "problem", old.error.message, old.error.action, "driver")
    else:
        yield Finding("driver", "ok", f"NVIDIA driver {driver}")
    for gpu in gpus:
        yield Finding("gpu", "ok", f"GPU {gpu.index}: {gpu.name}, {size_text(gpu.memory_bytes)}")
    try:
        visible_gpus()
    except SplitreelError as error:
        yield Finding("gpu", "note", error.error.message, "Unset CUDA_VISIBLE_DEVICES to use all of them.")


def _minimum_driver() -> str:
    return str(json.loads((RESOURCES / "environment.json").read_text("utf-8"))["minimumDriver"])


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _environment() -> Iterator[Finding]:
    yield Finding("environment", "ok", f"Python {sys.version.split()[0]}")
    if not _LOCK.is_file():
        yield Finding("environment", "note", "versions are not compared: the lock file is missing")
        return
    # One lock serves several Python versions, so it may pin a package twice.
    pins: dict[str, list[str]] = {}
    for name, version in _PINNED.findall(_LOCK.read_text("utf-8")):
        pins.setdefault(name.lower(), []).append(version.split("+")[0])
    for name in ("torch", "diffusers", "transformers", "safetensors", "av", "numpy", "sentencepiece"):
        if name not in pins:
            continue
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding("environment", "problem", f"{name} is not installed", "Repair the environment.", "repair")
            continue
        # `2.15.0+cpu` is 2.15.0 built for another device.
        if found.split("+")[0] in pins[name]:
            yield Finding("environment", "ok", f"{name} {found}")
        else:
            text = f"{name} is {found}, but Splitreel is tested with {' or '.join(pins[name])}"
            yield Finding("environment", "problem", text, "Repair the environment.", "repair")


def _disk() -> Iterator[Finding]:
    seen: set[int] = set()
    for wanted in _folders():
        try:
            folder = nearest_folder(wanted)
            device = folder.stat().st_dev
        except (SplitreelError, OSError):
            yield Finding("disk", "problem", f"{wanted} can't be reached", "Choose another folder.", "storage")
            continue
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(folder).free
        text = f"{size_text(free)} free in {folder}"
        if not os.access(folder, os.W_OK):
            action = "Choose a folder that you can write to."
            yield Finding("disk", "problem", f"{folder} is not writable", action, "storage")
        elif free < _ENOUGH_BYTES:
            action = f"Free some space: Splitreel needs at least {size_text(_ENOUGH_BYTES)}."
            yield Finding("disk", "problem", text, action, "storage")
        else:
            yield Finding("disk", "ok", text)


def _folders() -> Iterator[Path]:
    """The data folder, and where the environment and the downloads were moved to (src/main/storage/locations.ts)."""
    yield data_folder()
    file = data_folder() / "locations.json"
    try:
        places = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return
    for name in ("environment", "downloads"):
        folder = places.get(name) if isinstance(places, dict) else None
        if isinstance(folder, str) and Path(folder).is_absolute():
            yield Path(folder)


def _models() -> Iterator[Finding]:
    yield from _model("demo", find_model("demo"))
    for base in models_folders():
        try:
            names = names_in(base)
        except SplitreelError as error:
            yield Finding("model", "problem", error.error.message, error.error.action, "models")
            continue
        for name in names:
            if not name.startswith(".") and not name.endswith((".part", ".removing")):
                yield from _model(name, base / name)


def _model(name: str, folder: Path) -> Iterator[Finding]:
    try:
        if not is_folder(folder):
            return
        model = check_model_folder(folder)
    except SplitreelError as error:
        yield Finding("model", "problem", f"{name}: {error.error.message}", error.error.action, "models")
    except Exception as error:  # noqa: BLE001 - one odd model must not hide what is found next
        text = f"{name}: {type(error).__name__}: {error}".split("\n")[0]
        yield Finding("model", "problem", text, "Download it again, or remove it.", "models")
    else:
        yield Finding("model", "ok", f"{name}: {size_text(model.weight_bytes)}, {model.shape.heads} heads")


def _links() -> Iterator[Finding]:
    try:
        gpus = visible_gpus()
    except SplitreelError:
        return
    if len(gpus) < 2:
        return
    probe = LinkProbe({gpu.index: gpu.uuid for gpu in gpus})
    pairs = list(itertools.combinations([gpu.index for gpu in gpus], 2))
    yield from check_links(probe, pairs, is_off_now=is_p2p_off())
