"""The GPUs of this machine as nvidia-smi lists them, in PCI order. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from splitreel.contract import failures, reasons
from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Device

_FIELDS = "index,uuid,name,memory.total,driver_version"
_TIMEOUT_S = 8.0
_MIB = 1024 * 1024
_DETAILS = 4000
# nvidia-smi explains its failures in text; the exit codes differ between versions.
_NO_DEVICES = re.compile("no devices were found", re.IGNORECASE)
_NO_DRIVER = re.compile("couldn't communicate with the NVIDIA driver", re.IGNORECASE)
_BROKEN_DRIVER = re.compile(
    "version mismatch|unknown error|GPU is lost|unable to determine the device handle", re.IGNORECASE
)
_VARIABLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Gpu:
    index: int
    uuid: str
    name: str
    memory_bytes: int  # 0 if the driver doesn't report it, as with unified memory
    driver: str

    @property
    def device(self) -> Device:
        return Device("cuda", self.index, self.uuid, self.name)


def find_gpus() -> list[Gpu]:
    """Every GPU; an empty list if the driver works and finds none.

    Raises DRIVER_MISSING, DRIVER_NOT_RESPONDING or DRIVER_GARBLED.
    """
    answer = _query(_FIELDS)
    return interpret_answer(answer.returncode, answer.stdout, answer.stderr)


def _query(fields: str) -> subprocess.CompletedProcess[str]:
    return run_nvidia_smi(f"--query-gpu={fields}", "--format=csv,noheader,nounits")


def run_nvidia_smi(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Raises DRIVER_MISSING without nvidia-smi, DRIVER_NOT_RESPONDING after 8 s, or DRIVER_GARBLED."""
    program = shutil.which("nvidia-smi")
    if program is None:
        raise failures.driver_missing()
    try:
        return subprocess.run(
            [program, *arguments], capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise failures.driver_not_responding() from error
    except OSError as error:
        raise failures.driver_garbled(details=str(error)) from error


def interpret_answer(exit_code: int, stdout: str, stderr: str) -> list[Gpu]:
    """The GPUs in the output of nvidia-smi, by the same rules as src/main/gpus/nvidia-smi.ts."""
    text = f"{stdout}\n{stderr}".strip()[:_DETAILS]
    if _NO_DEVICES.search(text):
        return []
    if _NO_DRIVER.search(text):
        raise failures.driver_missing(details=text)
    if _BROKEN_DRIVER.search(text):
        raise failures.driver_not_responding(details=text)
    lines = [line for line in stdout.splitlines() if line.strip()]
    try:
        if exit_code == 0 and lines:
            return [_parse(line) for line in lines]
    except ValueError:
        pass  # a partial list of GPUs would be worse than none
    raise failures.driver_garbled(details=f"exit code {exit_code}\n{text}")


def _parse(line: str) -> Gpu:
    """Raises ValueError."""
    index, uuid, name, memory, driver = (value.strip() for value in line.split(","))
    if not re.match("(GPU|MIG)-", uuid) or not re.match(r"\d+\.", driver) or not name:
        raise ValueError(line)
    return Gpu(int(index), uuid, name, int(memory) * _MIB if memory.isdigit() else 0, driver)


def known_gpus() -> list[Gpu]:
    """Like `find_gpus`, but an empty list if the driver doesn't answer. Other checks report that."""
    try:
        return find_gpus()
    except SplitreelError:
        return []


# For a GPU whose capability nvidia-smi doesn't know: only a trial shows what runs there.
_UNKNOWN_CAPABILITY = (99, 0)


def compute_capabilities() -> list[tuple[int, int]]:
    """(major, minor) of each visible GPU; empty if no driver answers."""
    answered: dict[str, tuple[int, int]] = {}
    try:
        gpus = visible_gpus()
        answer = _query("uuid,compute_cap")
    except SplitreelError:
        return []
    with suppress(ValueError):
        for line in answer.stdout.splitlines() if answer.returncode == 0 else []:
            uuid, capability = (value.strip() for value in line.split(","))
            major, minor = capability.split(".")
            answered[uuid] = (int(major), int(minor))
    return [answered.get(gpu.uuid, _UNKNOWN_CAPABILITY) for gpu in gpus]


def visible_gpus() -> list[Gpu]:
    """The GPUs that CUDA_VISIBLE_DEVICES selects, in its order. Raises GPU_MISSING if there are none."""
    gpus, chosen = find_gpus(), os.environ.get(_VARIABLE)
    if not gpus:
        raise failures.gpu_missing(reasons=[reasons.gpus_not_found()])
    visible = gpus if chosen is None else select_visible(gpus, chosen)
    if not visible:
        value = chosen or ""
        is_mig = "MIG-" in value
        reason = (
            reasons.gpus_mig(variable=_VARIABLE, value=value)
            if is_mig
            else reasons.gpus_hidden(variable=_VARIABLE, value=value)
        )
        raise failures.gpu_missing(reasons=[reason])
    return visible


def select_visible(gpus: Sequence[Gpu], chosen: str) -> list[Gpu]:
    """Reads CUDA_VISIBLE_DEVICES as CUDA does: the first entry that names no GPU ends the list, and an entry that
    appears twice empties it (torch/cuda/__init__.py, _parse_visible_devices). Indices are in PCI order.
    """
    visible: list[Gpu] = []
    by_uuid = chosen.strip().startswith("GPU-")
    for entry in chosen.split(","):
        found = _by_uuid(gpus, entry.strip()) if by_uuid else _by_index(gpus, entry.strip())
        if found is None:
            break
        if found in visible:
            return []
        visible.append(found)
    return visible


def _by_uuid(gpus: Sequence[Gpu], prefix: str) -> Gpu | None:
    matching = [gpu for gpu in gpus if prefix.startswith("GPU-") and gpu.uuid.startswith(prefix)]
    return matching[0] if len(matching) == 1 else None


def _by_index(gpus: Sequence[Gpu], entry: str) -> Gpu | None:
    # CUDA reads the digits at the start and ignores the rest: `1gpu` is 1.
    number = re.match(r"\+?(\d+)", entry)
    return None if number is None else next((gpu for gpu in gpus if gpu.index == int(number[1])), None)
