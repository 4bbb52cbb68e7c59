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

from splitreel.commands.doctor.link_probe import LinkProbe
from splitreel.commands.doctor.links import check_links
from splitreel.commands.doctor.ranks import check_ranks, cpu_ranks
from splitreel.contract import failures, findings
from splitreel.contract.doctor import Finding, Fix, Status, Topic
from splitreel.contract.errors import SplitreelError
from splitreel.contract.messages import RESOURCES
from splitreel.machine.gpus import find_gpus, visible_gpus
from splitreel.machine.peer_to_peer import is_p2p_off
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
        yield Finding(Topic.ENVIRONMENT, Status.PROBLEM, findings.environment_missing(), fix=Fix.INSTALL)
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
        status = Status.NOTE if error.code == "DRIVER_MISSING" else Status.PROBLEM
        yield Finding(Topic.DRIVER, status, error=error.error, fix=Fix.DRIVER)
        return
    if not gpus:
        yield Finding(Topic.GPU, Status.NOTE, findings.gpus_none())
        return
    driver, minimum = gpus[0].driver, _minimum_driver()
    if _version(driver) < _version(minimum):
        old = failures.driver_too_old(found=driver, needed=minimum)
        yield Finding(Topic.DRIVER, Status.PROBLEM, error=old.error, fix=Fix.DRIVER)
    else:
        yield Finding(Topic.DRIVER, Status.OK, findings.driver_works(version=driver))
    for gpu in gpus:
        sentence = findings.gpu(index=gpu.index, name=gpu.name, memory=gpu.memory_bytes)
        yield Finding(Topic.GPU, Status.OK, sentence)
    try:
        visible_gpus()
    except SplitreelError as error:
        yield Finding(Topic.GPU, Status.NOTE, error=error.error)


def _minimum_driver() -> str:
    return str(json.loads((RESOURCES / "environment.json").read_text("utf-8"))["minimumDriver"])


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _environment() -> Iterator[Finding]:
    yield Finding(Topic.ENVIRONMENT, Status.OK, findings.python(version=sys.version.split()[0]))
    if not _LOCK.is_file():
        yield Finding(Topic.ENVIRONMENT, Status.NOTE, findings.lock_missing())
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
            missing = findings.package_missing(package=name)
            yield Finding(Topic.ENVIRONMENT, Status.PROBLEM, missing, fix=Fix.REPAIR)
            continue
        # `2.15.0+cpu` is 2.15.0 built for another device.
        if found.split("+")[0] in pins[name]:
            yield Finding(Topic.ENVIRONMENT, Status.OK, findings.package_works(package=name, version=found))
        else:
            other = findings.package_other(package=name, found=found, expected=pins[name])
            yield Finding(Topic.ENVIRONMENT, Status.PROBLEM, other, fix=Fix.REPAIR)


def _disk() -> Iterator[Finding]:
    seen: set[int] = set()
    for wanted in _folders():
        try:
            folder = nearest_folder(wanted)
            device = folder.stat().st_dev
        except (SplitreelError, OSError):
            yield Finding(Topic.DISK, Status.PROBLEM, findings.folder_unreachable(path=wanted), fix=Fix.STORAGE)
            continue
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(folder).free
        if not os.access(folder, os.W_OK):
            yield Finding(Topic.DISK, Status.PROBLEM, findings.folder_read_only(path=folder), fix=Fix.STORAGE)
        elif free < _ENOUGH_BYTES:
            low = findings.disk_low(free=free, path=folder, needed=_ENOUGH_BYTES)
            yield Finding(Topic.DISK, Status.PROBLEM, low, fix=Fix.STORAGE)
        else:
            yield Finding(Topic.DISK, Status.OK, findings.disk(free=free, path=folder))


def _folders() -> Iterator[Path]:
    """The data folder, and where the environment and the downloads were moved to (src/main/storage/locations.ts)."""
    yield data_folder()
    file = data_folder() / "locations.json"
    try:
        locations = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return
    for name in ("environment", "downloads"):
        folder = locations.get(name) if isinstance(locations, dict) else None
        if isinstance(folder, str) and Path(folder).is_absolute():
            yield Path(folder)


def _models() -> Iterator[Finding]:
    yield from _model("demo", find_model("demo"))
    for base in models_folders():
        try:
            names = names_in(base)
        except SplitreelError as error:
            yield Finding(Topic.MODEL, Status.PROBLEM, error=error.error, fix=Fix.MODELS)
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
        unusable = findings.model_unusable(model=name)
        yield Finding(Topic.MODEL, Status.PROBLEM, unusable, error.error, fix=Fix.MODELS)
    except Exception as error:  # noqa: BLE001 - one broken model must not hide later findings
        unreadable = findings.model_unreadable(model=name)
        details = f"{type(error).__name__}: {error}".split("\n")[0]
        yield Finding(Topic.MODEL, Status.PROBLEM, unreadable, details=details, fix=Fix.MODELS)
    else:
        sentence = findings.model(model=name, size=model.weight_bytes, heads=model.shape.heads)
        yield Finding(Topic.MODEL, Status.OK, sentence)


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
