"""The rows of `bench gpu`, most important first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from splitreel.bench.cache_dit_peer import DBCACHE_VARIANTS, VARIANTS, cache_dit_problem
from splitreel.bench.synthetic_model import MODELS, SyntheticModel
from splitreel.bench.world import Device
from splitreel.bench.xfuser_peer import xfuser_problem
from splitreel.contract.types import Kernel, Plan, Quality
from splitreel.rules.model_shape import ModelShape
from splitreel.rules.plan import PlanContext, PlanDevices, check_plan
from splitreel.store.model_folder import check_model_folder

Engine: TypeAlias = Literal["Splitreel", "diffusers", "cache-dit", "xfuser"]


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
    plans: tuple[str, ...] = ()  # plan keys; empty: all


@dataclass(frozen=True, slots=True)
class Case:
    model: str
    width: int
    height: int
    frames: int
    engine: Engine = "Splitreel"
    plan: Plan = field(default_factory=Plan)
    kernel: Kernel = Kernel.AUTO
    fused: bool = True
    dtype: Literal["auto", "float32"] = "auto"
    quality: Quality = Quality.EXACT
    variant: str = ""  # for other libraries: what is enabled; `split` profiles a step of our engine
    steps: int | None = None  # None: the number chosen for all rows
    is_job: bool = False  # from the request to the file

    @property
    def is_default(self) -> bool:
        """Whether our engine runs the plan as users get it, with the default settings."""
        is_plain = self.kernel is Kernel.AUTO and self.fused and self.dtype == "auto" and not self.variant
        return self.engine == "Splitreel" and is_plain and self.quality is Quality.EXACT

    @property
    def reuses_steps(self) -> bool:
        """Whether steps differ in length by design."""
        return self.quality is Quality.FAST or "DBCache" in self.variant

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}x{self.frames}"

    @property
    def is_reference(self) -> bool:
        """Our engine on one rank with defaults: the reference for rows of the same size, steps and dtype."""
        return self.plan.world_size == 1 and replace(self, dtype="auto").is_default


# Most interesting first. On a given machine, valid plans that use all GPUs come before the others.
_PLANS = (
    Plan(cfg=2, ulysses=4),
    Plan(cfg=2, ulysses=2, ring=2),
    Plan(cfg=2, pp=4),
    Plan(cfg=2, tp=4),
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
    Plan(ring=4),
    Plan(pp=4),
    Plan(tp=4),
    Plan(tp=8),
    Plan(dp=2),
    Plan(dp=4),
    Plan(dp=8),
    Plan(cfg=2, ring=4),
    Plan(ring=8),
    Plan(ring=4, ulysses=2),
    Plan(ring=2, ulysses=4),
)

# The plans that xfuser supports. It ignores tensor parallelism, and with PipeFusion it runs half the blocks.
_PEER_PLANS = (
    Plan(), Plan(cfg=2), Plan(ulysses=2), Plan(ring=2), Plan(cfg=2, ulysses=2), Plan(cfg=2, ring=2), Plan(ulysses=4),
    Plan(cfg=2, ulysses=4), Plan(cfg=2, ulysses=2, ring=2), Plan(ulysses=8),
)  # fmt: skip

_CUDA_KERNELS = (Kernel.CUDNN, Kernel.FLASH, Kernel.FLASH3, Kernel.FLASH4)


def small(model: SyntheticModel) -> SyntheticModel:
    """The same architecture and heads, small enough for one core."""
    return replace(
        model, head_dim=16, blocks=2, text_width=64, text_tokens=18, vae_channels=(8,) * 4, vae_layers=1,
        vae_sample=(96, 80),
    )  # fmt: skip


def plan_name(plan: Plan) -> str:
    """`cfg 2, ulysses 2`; `1 rank` for a plan that splits nothing."""
    named = zip(("dp", "cfg", "pp", "ring", "ulysses", "tp"), plan.degrees, strict=True)
    return ", ".join(f"{axis} {degree}" for axis, degree in named if degree > 1) or "1 rank"


# Sections, for --only. Without "reference" there is nothing to compare with.
SECTIONS = (
    "reference", "plans", "quality", "jobs", "split", "eager", "diffusers", "compiled", "kernels", "exact",
    "cache-dit", "xfuser", "qualities",
)  # fmt: skip
# Left out unless they are named: they make a run twice as long.
_ON_REQUEST = frozenset({"qualities"})
DEFAULT_SECTIONS = tuple(section for section in SECTIONS if section not in _ON_REQUEST)
JOB_STEPS = 50  # of a whole video
# Enough for the fast quality to reuse most of them.
_FAST_STEPS = 12
# The plans of the quality and jobs sections, as far as there are enough ranks.
_JOB_PLANS = (
    Plan(), Plan(cfg=2), Plan(cfg=2, ring=2), Plan(cfg=2, ulysses=2), Plan(cfg=2, ulysses=4), Plan(cfg=2, ring=4),
)  # fmt: skip
_SPLIT_PLANS = (
    Plan(),
    Plan(cfg=2),
    Plan(ulysses=2),
    Plan(ring=2),
    Plan(tp=2),
    Plan(pp=2),
    Plan(cfg=2, ulysses=2),
    Plan(cfg=2, ring=2),
    Plan(ring=2, ulysses=2),
    Plan(cfg=2, ulysses=4),
    Plan(cfg=2, ring=4),
)


def cases(options: Options, folders: Mapping[str, Path]) -> Iterator[Case]:
    return (
        case
        for section, case in _all_cases(options, folders)
        if section in options.only and (not options.plans or case.is_reference or case.plan.key in options.plans)
    )


def _all_cases(options: Options, folders: Mapping[str, Path]) -> Iterator[tuple[str, Case]]:
    sizes = {model: Case(model, *size_of(model, options)) for model in options.models}
    plans = {model: _plans(check_model_folder(folders[model]).shape, options) for model in options.models}
    for model in options.models:
        yield from _ours(sizes[model], plans[model], options)
        yield "diffusers", replace(sizes[model], engine="diffusers")
        if options.device == "cuda":
            yield "compiled", replace(sizes[model], engine="diffusers", variant="compiled")
    if options.device == "cuda":
        # In reverse, to start with the model that is still loaded.
        for model in reversed(options.models):
            for kernel in _CUDA_KERNELS:
                yield "kernels", replace(sizes[model], kernel=kernel)
        for case in _exact_on_cuda(options, plans):
            yield "exact", case
        for model in options.models:
            yield from _other_libraries(sizes[model], plans[model], options)


def _ours(case: Case, plans: list[Plan], options: Options) -> Iterator[tuple[str, Case]]:
    """Our engine's rows for one model. Rows that need the same weights follow each other."""
    yield "reference", case
    for plan in plans:
        yield "plans", replace(case, plan=plan)
    for plan in _possible(_SPLIT_PLANS, plans):
        yield "split", replace(case, plan=plan, variant="split", steps=3)
    for quality in (Quality.EXACT, Quality.BALANCED, Quality.FAST):
        for plan in _possible(_JOB_PLANS, plans):
            if quality is Quality.BALANCED:
                yield "quality", replace(case, plan=plan, quality=quality)
            steps = None if options.small else JOB_STEPS
            yield "jobs", replace(case, plan=plan, quality=quality, steps=steps, is_job=True)
    for quality in (Quality.BALANCED, Quality.FAST):
        for plan in (Plan(), *plans):
            # The fast quality can't reuse steps in a pipeline.
            if quality is Quality.BALANCED or plan.pp == 1:
                steps = _FAST_STEPS if quality is Quality.FAST else None
                yield "qualities", replace(case, plan=plan, quality=quality, steps=steps)
    # Our engine with diffusers' operations, to show the gain from fused kernels and the attention kernel.
    yield "eager", replace(case, kernel=Kernel.SDPA, fused=False)


def _other_libraries(case: Case, plans: list[Plan], options: Options) -> Iterator[tuple[str, Case]]:
    """Rows of libraries that patch global state."""
    if "cache-dit" in options.only and cache_dit_problem() is None:
        for variant, ranks in VARIANTS:
            if ranks <= options.ranks:
                yield "cache-dit", replace(case, engine="cache-dit", plan=Plan(ulysses=ranks), variant=variant)
        whole = replace(case, steps=JOB_STEPS)
        yield "cache-dit", whole  # the reference of the next ones
        yield "cache-dit", replace(whole, quality=Quality.FAST)
        for variant, ranks in DBCACHE_VARIANTS:
            if ranks <= options.ranks:
                yield "cache-dit", replace(whole, engine="cache-dit", plan=Plan(ulysses=ranks), variant=variant)
    if "xfuser" in options.only and xfuser_problem() is None:
        for plan in _possible(_PEER_PLANS, plans):
            yield "xfuser", replace(case, engine="xfuser", plan=plan)


def size_of(model: str, options: Options) -> tuple[int, int, int]:
    """Width, height and frames: the chosen ones, or those that the model was trained for."""
    if options.small:
        return options.width, options.height, options.frames
    width, height, frames = MODELS[model].sample
    return options.width or width, options.height or height, options.frames or frames


def _possible(wanted: tuple[Plan, ...], valid: list[Plan]) -> list[Plan]:
    return [plan for plan in wanted if plan.world_size == 1 or plan in valid]


def _plans(shape: ModelShape, options: Options) -> list[Plan]:
    devices = PlanDevices(options.device, options.ranks, options.ranks)
    valid = [plan for plan in _PLANS if not check_plan(PlanContext(shape, devices, video_count=plan.dp), plan)]
    return sorted(valid, key=lambda plan: plan.world_size != options.ranks)


def _exact_on_cuda(options: Options, plans: Mapping[str, list[Plan]]) -> Iterator[Case]:
    """In fp32, rounding can't hide a bug: any larger difference is a fault. Few frames, because fp32 is slow."""
    model = options.models[0]
    width, height, _ = size_of(model, options)
    case = Case(model, width, height, 9, dtype="float32")
    yield case
    yield replace(case, engine="diffusers")
    yield from (replace(case, plan=plan) for plan in plans[model])
