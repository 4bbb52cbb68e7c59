"""The environment of child processes: an allowlist of variables and the engine's own settings."""

from __future__ import annotations

import json
import os
from functools import cache
from importlib import metadata

from splitreel import __version__
from splitreel.contract.messages import RESOURCES
from splitreel.contract.variables import PROCESS_SETTINGS
from splitreel.store.locations import kernel_cache_environment

# Settings for the engine's processes.
ENGINE_SETTINGS = {
    **PROCESS_SETTINGS,
    "PYTHONUNBUFFERED": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # The libraries' warnings may quote prompts, and this output goes to the log.
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
    # Collectives stay on this machine.
    "GLOO_SOCKET_IFNAME": "lo",
    "NCCL_SOCKET_IFNAME": "lo",
    # Asks the driver's library whether there are GPUs, not CUDA, which must not be touched before a fork.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
_SHOWN_VERSIONS = ("torch", "diffusers", "transformers", "av", "numpy", "safetensors")


@cache
def _passed_on() -> frozenset[str]:
    """The names that the app passes to the supervisor, from the same file. Devices are set for each rank."""
    groups = json.loads((RESOURCES / "process-environment.json").read_text("utf-8"))
    # Switches for links are listed by name. People set them because collectives hang without them, but other NCCL_
    # variables can load plugins.
    return frozenset(name for group in ("base", "models", "threads", "linkSwitches") for name in groups[group])


def child_environment() -> dict[str, str]:
    """Variables for a child process. Nothing else leaks in from the user's shell: no LD_PRELOAD, no PYTHON*, no tokens."""
    passed = {name: value for name, value in os.environ.items() if name in _passed_on() or name.startswith("LC_")}
    return passed | ENGINE_SETTINGS | kernel_cache_environment()


def versions() -> dict[str, str]:
    found = {"splitreel": __version__}
    for name in _SHOWN_VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def core_count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
