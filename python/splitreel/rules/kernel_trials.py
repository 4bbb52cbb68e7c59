"""Which attention kernels exist, which can run on this machine, and how each compared with SDPA.

No torch: the supervisor answers the window from installed packages, the GPU's compute capability and the trials file.
`parallel/kernels.py` runs the kernels and writes the trials.
"""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from splitreel.contract import reasons
from splitreel.contract.errors import Reason
from splitreel.contract.protocol import KernelState
from splitreel.contract.types import Kernel


@dataclass(frozen=True, slots=True)
class KernelNeeds:
    """What a kernel requires before it can be tried."""

    name: str
    capability: tuple[int, int]  # of the GPU, at least; (0, 0): it runs on the CPU too
    package: str | None = None  # the module to import; None: it comes with torch
    distributions: tuple[str, ...] = ()  # one of these names gives its version


# Compute capabilities: torch 2.15 aten/native/transformers/cuda/sdp_utils.cpp (check_sm_version) for the two of SDPA;
# hopper/README of FlashAttention 3; flash_attn/cute/README of FlashAttention 4. SageAttention 1 and FlashAttention 3 in
# float8 are left out on purpose: CogVideoX makes noise with them (docs/decisions.md).
KERNELS: Final = (
    KernelNeeds("sdpa", (0, 0)),
    KernelNeeds("cudnn", (8, 0)),
    KernelNeeds("flash", (8, 0)),
    KernelNeeds("flash3", (9, 0), "flash_attn_interface", ("flash_attn_3", "flash-attn-3")),
    KernelNeeds("flash4", (9, 0), "flash_attn.cute", ("flash-attn-4",)),
)


# Splitreel's own kernels for blocks and the VAE, which can't be chosen. Capability: bf16 arithmetic, and Triton's own
# oldest target.
OWN_KERNELS: Final = KernelNeeds("own", (8, 0), distributions=("triton",))


@dataclass(frozen=True, slots=True)
class Trial:
    """One comparison of a kernel with SDPA, on one kind of GPU, for one dtype and head width.

    For `OWN_KERNELS`, whether they ran: a `difference` of 0, or None with the problem.
    """

    kernel: str
    versions: str  # of torch and of the kernel's own package
    device: str
    dtype: str
    head_dim: int
    difference: float | None  # relative L2, of the output; None: it did not run
    lse_difference: float | None  # of the log-sum-exp, absolute; None: it gives none
    problem: str | None = None  # its error message, if it did not run

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        return (self.kernel, self.versions, self.device, self.dtype, self.head_dim)


class TrialsFile:
    """Trials of this machine, kept between starts. Several ranks may write; the last one replaces the whole file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Trial]:
        """The readable trials. A damaged file counts as empty, since trials can be repeated."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            raw = json.loads(self._path.read_text("utf-8"))
            return [Trial(**entry) for entry in raw["trials"]]
        return []

    def add(self, trial: Trial) -> None:
        trials = [other for other in self.read() if other.key != trial.key] + [trial]
        text = json.dumps({"trials": [asdict(entry) for entry in trials]}, indent=1)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".kernels-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(self._path)


def needs_of(kernel: str) -> KernelNeeds:
    return next(needs for needs in KERNELS if needs.name == kernel)


def kernel_versions(needs: KernelNeeds) -> str:
    found = [f"torch {metadata.version('torch')}"]
    for name in needs.distributions:
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
            break
    return ", ".join(found)


def why_not(needs: KernelNeeds, capability: tuple[int, int] | None) -> Reason | None:
    """Why a kernel can't be tried on a GPU of this compute capability (None: there is no GPU)."""
    if needs.capability == (0, 0):
        return None
    if capability is None:
        return reasons.kernel_needs_gpu(kernel=needs.name)
    if capability < needs.capability:
        found, needed = (".".join(map(str, pair)) for pair in (capability, needs.capability))
        return reasons.kernel_needs_newer_gpu(kernel=needs.name, needed=needed, found=found)
    if needs.package is not None and not _is_installed(needs.package):
        return reasons.kernel_not_installed(kernel=needs.name, package=needs.package)
    return None


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # its parent package is missing
        return False


def judge(trial: Trial, tolerance: float) -> Reason | None:
    """Why a kernel that was tried must not be used, or None."""
    if trial.difference is None:
        return reasons.kernel_failed(kernel=trial.kernel)
    if not trial.difference <= tolerance:
        difference = float(f"{trial.difference:.2g}")
        return reasons.kernel_differs(kernel=trial.kernel, difference=difference, allowed=tolerance)
    return None


# Largest relative L2 difference from SDPA. bf16 rounds to 2^-8, and flash-like kernels sum in a different order.
TOLERANCES: Final = {"sdpa": 0.0, "cudnn": 1e-2, "flash": 1e-2, "flash3": 1e-2, "flash4": 1e-2}


def own_kernels_trial(device: str, dtype: str, head_dim: int, problem: str | None) -> Trial:
    """`problem`: why the model ran without them, or None."""
    difference = 0.0 if problem is None else None
    return Trial(OWN_KERNELS.name, kernel_versions(OWN_KERNELS), device, dtype, head_dim, difference, None, problem)


def has_own_kernels(capabilities: Sequence[tuple[int, int]], trials: TrialsFile) -> bool:
    """Whether Splitreel's own kernels run on all GPUs of these compute capabilities, as far as is known.

    False after they failed on this machine, until they run again or torch or Triton change.
    """
    if any(capability < OWN_KERNELS.capability for capability in capabilities):
        return False
    versions = kernel_versions(OWN_KERNELS)
    own = (trial for trial in trials.read() if (trial.kernel, trial.versions) == (OWN_KERNELS.name, versions))
    return all(trial.difference is not None for trial in own)


def kernel_states(capabilities: Sequence[tuple[int, int]], trials: TrialsFile) -> tuple[KernelState, ...]:
    """Every kernel for a machine with GPUs of these compute capabilities: the weakest one decides."""
    weakest = min(capabilities, default=None)
    tried = trials.read()
    states = []
    for needs in KERNELS:
        reason = why_not(needs, weakest)
        if reason is None and needs.capability != (0, 0):
            own = [t for t in tried if t.kernel == needs.name and t.versions == kernel_versions(needs)]
            reason = next((found for t in own if (found := judge(t, TOLERANCES[needs.name])) is not None), None)
        states.append(KernelState(Kernel(needs.name), reason))
    return tuple(states)
