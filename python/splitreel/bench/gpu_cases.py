"""The rows of `bench gpu`, most important first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from splitreel.bench.synthetic_model import SyntheticModel
from splitreel.bench.world import Device
from splitreel.bench.xfuser_peer import xfuser_problem
from splitreel.contract.types import Kernel, Plan
from splitreel.rules.model_shape import ModelShape
from splitreel.rules.plan import PlanContext, PlanDevices, check_plan
from splitreel.store.model_folder import check_model_folder


@dataclass(frozen=True, slots=True)
class Options:
    models: tuple[str, ...]
    steps: int
    width: int
    height: int
    frames: int
    minutes: float
    ranks: int
    only: tuple[str, ...]
    device: Device
    small: bool
    out: Path | None


@dataclass(frozen=True, slots=True)
class Case:
    model: str
    width: int
    height: int
    frames: int
    engine: Literal["Splitreel", "diffusers", "xfuser"] = "Splitreel"
    plan: Plan = field(default_factory=Plan)
    kernel: Kernel = Kernel.AUTO
    fused: bool = True
    dtype: Literal["auto", "float32"] = "auto"

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}x{self.frames}"

    @property
    def is_reference(self) -> bool:
        """One rank of ours as it runs by default: what others of the same size and numbers are compared with."""
        return self.engine == "Splitreel" and self.plan.world_size == 1 and self.kernel is Kernel.AUTO and self.fused


# By interest. On a given machine, valid plans that use all GPUs come before the others.
_PLANS = (
    Plan(cfg=2, ulysses=4),
    Plan(cfg=2, ulysses=2, ring=2),
    Plan(cfg=2, ulysses=2),
    Plan(cfg=2, ring=2),
    Plan(ulysses=2, ring=2),
    Plan(ulysses=8),
    Plan(ulysses=4),
    Plan(cfg=2),
    Plan(ulysses=2),
    Plan(ring=2),
    Plan(tp=2),
    Plan(pp=2),
    Plan(cfg=2, pp=2),
    Plan(cfg=2, tp=2),
    Plan(pp=4),
    Plan(tp=4),
)

# The plans that xfuser supports. It ignores tensor parallelism, and with PipeFusion it runs half the blocks.
_PEER_PLANS = (Plan(), Plan(cfg=2), Plan(ulysses=2), Plan(ring=2), Plan(cfg=2, ulysses=2), Plan(cfg=2, ulysses=4))

_CUDA_KERNELS = (Kernel.CUDNN, Kernel.FLASH, Kernel.FLASH3, Kernel.FLASH4)


def small(model: SyntheticModel) -> SyntheticModel:
    """The same architecture and heads, small enough for one core."""
    return replace(
        model, head_dim=16, blocks=2, text_width=64, text_tokens=18, vae_channels=(8,) * 4, vae_layers=1,
        vae_sample=(96, 80),
    )  # fmt: skip


def words(plan: Plan) -> str:
    """`cfg 2, ulysses 2`; `1 rank` for a plan that splits nothing."""
    named = zip(("dp", "cfg", "pp", "ring", "ulysses", "tp"), plan.degrees, strict=True)
    return ", ".join(f"{axis} {degree}" for axis, degree in named if degree > 1) or "1 rank"


# Kinds of rows, by name for --only. Without "reference" there is nothing to compare with.
SECTIONS = ("reference", "eager", "diffusers", "plans", "kernels", "exact", "xfuser")


def cases(options: Options, folders: Mapping[str, Path]) -> Iterator[Case]:
    return (case for section, case in _all_cases(options, folders) if section in options.only)


def _all_cases(options: Options, folders: Mapping[str, Path]) -> Iterator[tuple[str, Case]]:
    sizes = {model: Case(model, options.width, options.height, options.frames) for model in options.models}
    plans = {model: _plans(check_model_folder(folders[model]).shape, options) for model in options.models}
    for model in options.models:
        yield "reference", sizes[model]
        # As diffusers computes, by our engine: what the fused kernels and the attention kernel gain.
        yield "eager", replace(sizes[model], kernel=Kernel.SDPA, fused=False)
        yield "diffusers", replace(sizes[model], engine="diffusers")
        for plan in plans[model]:
            yield "plans", replace(sizes[model], plan=plan)
    if options.device == "cuda":
        # Starts with the model that is still loaded.
        for model in reversed(options.models):
            for kernel in _CUDA_KERNELS:
                yield "kernels", replace(sizes[model], kernel=kernel)
        for case in _exact_on_cuda(options, plans):
            yield "exact", case
    if "xfuser" in options.only and xfuser_problem() is None:
        for model in options.models:
            for plan in _PEER_PLANS:
                if plan.world_size == 1 or plan in plans[model]:
                    yield "xfuser", replace(sizes[model], engine="xfuser", plan=plan)


def _plans(shape: ModelShape, options: Options) -> list[Plan]:
    context = PlanContext(shape, PlanDevices(options.device, options.ranks, options.ranks))
    valid = [plan for plan in _PLANS if not check_plan(context, plan)]
    return sorted(valid, key=lambda plan: plan.world_size != options.ranks)


def _exact_on_cuda(options: Options, plans: Mapping[str, list[Plan]]) -> Iterator[Case]:
    """In fp32 rounding hides nothing: any difference that remains is a fault. Few frames, because fp32 is slow."""
    model = options.models[0]
    case = Case(model, options.width, options.height, 9, dtype="float32")
    yield case
    yield replace(case, engine="diffusers")
    yield from (replace(case, plan=plan) for plan in plans[model])
