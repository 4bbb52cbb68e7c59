"""What a child process sees of ours: an allowlist of variables, and a private folder to meet in."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from splitreel import __version__

_PASSED_ON = frozenset(
    {"HOME", "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "SPLITREEL_DATA",
     "OMP_NUM_THREADS", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"}
)  # fmt: skip
# Switches that people set because their links need them (peer-to-peer on consumer cards, multicast on shared hosts):
# without them collectives hang or do harm. By name, because other NCCL_ variables load plugins.
_LINK_SWITCHES = frozenset(
    {"NCCL_P2P_DISABLE", "NCCL_P2P_LEVEL", "NCCL_SHM_DISABLE", "NCCL_IB_DISABLE", "NCCL_NVLS_ENABLE", "NCCL_CUMEM_ENABLE",
     "NCCL_DEBUG", "TORCH_SYMM_MEM_DISABLE_MULTICAST", "NVSHMEM_DISABLE_NVLS"}
)  # fmt: skip
# What the engine's processes run under.
ENGINE_SETTINGS = {
    "PYTHONNOUSERSITE": "1",
    "PYTHONUNBUFFERED": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Collectives stay on this machine.
    "GLOO_SOCKET_IFNAME": "lo",
    "NCCL_SOCKET_IFNAME": "lo",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    # Asks the driver's library whether there are GPUs instead of CUDA, which must not be touched before a fork.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
_SHOWN_VERSIONS = ("torch", "diffusers", "transformers", "av", "numpy", "safetensors")


def child_environment() -> dict[str, str]:
    """Nothing of the person's shell leaks in: no LD_PRELOAD, no PYTHON*, no tokens."""
    known = _PASSED_ON | _LINK_SWITCHES
    passed = {name: value for name, value in os.environ.items() if name in known or name.startswith("LC_")}
    return passed | ENGINE_SETTINGS


def make_private_folder() -> Path:
    """0700, for rendezvous files and latents; those of supervisors that are gone are removed."""
    base = Path(tempfile.gettempdir())
    for stale in base.glob("splitreel-*-*"):
        owner = stale.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and stale.stat().st_uid == os.getuid():
            shutil.rmtree(stale, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"splitreel-{os.getpid()}-"))


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
