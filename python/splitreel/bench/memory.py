"""Predicted and measured memory: the planner's figures and the peaks of a real run, by plan and offloading mode.

CogVideoX at full size with random weights and the whole text encoder. `over` is the GPU memory that the process uses
beyond what torch's allocator has reserved; the planner predicts it as OVERHEAD_BYTES plus `link_bytes`. Each plan runs
on new ranks, because NCCL never frees the memory of its connections.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from pathlib import Path
from typing import Final

import torch

from splitreel.bench.gpu_cases import plan_name, small
from splitreel.bench.silent import SilentHooks
from splitreel.bench.synthetic_model import MODELS, SyntheticModel, make_folder, open_synthetic
from splitreel.bench.table import Table, Value, machine, write_json
from splitreel.bench.world import Device, RankContext, RunRefused, World, WorldLost
from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Offload, Plan, Quality
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.machine.gpus import visible_gpus
from splitreel.machine.topology import visible_island_size
from splitreel.rules.memory import OVERHEAD_BYTES, MemoryJob, memory_needs
from splitreel.rules.memory_shape import MemoryShape
from splitreel.rules.plan import PlanContext, PlanDevices, check_plan
from splitreel.store.memory_shape import read_memory_shape
from splitreel.store.model_folder import check_model_folder

COLUMNS: Final = {
    "model": "model", "quality": "quality", "plan": "plan", "offload": "offload", "rank": "rank", "text_encoder": "text encoder",
    "stage": "stage", "predicted_gb": "predicted GB", "measured_gb": "measured GB", "ratio": "predicted / measured",
    "reserved_gb": "reserved GB", "over_gb": "over GB", "links_gb": "predicted over GB", "processes": "processes on the GPU",
}  # fmt: skip
_PLANS: Final = (
    Plan(), Plan(cfg=2), Plan(ulysses=2), Plan(ring=2), Plan(tp=2), Plan(pp=2), Plan(cfg=2, ulysses=2),
    Plan(cfg=2, ring=2), Plan(cfg=2, tp=2), Plan(cfg=2, pp=2), Plan(ulysses=4), Plan(ring=4), Plan(ring=2, ulysses=2),
    Plan(tp=4), Plan(pp=4), Plan(cfg=2, ulysses=2, ring=2), Plan(cfg=2, ulysses=4), Plan(cfg=2, ring=4), Plan(ulysses=8),
    Plan(cfg=2, tp=4), Plan(tp=8), Plan(cfg=2, pp=4),
)  # fmt: skip
_PATIENCE_S: Final = 600.0
_FAST_STEPS: Final = 8


@dataclass(frozen=True, slots=True)
class Case:
    folder: Path
    width: int
    height: int
    frames: int
    plan: Plan
    offload: Offload
    quality: Quality


@dataclass(frozen=True, slots=True)
class Peaks:
    """One rank's figures in bytes, by stage."""

    by_stage: dict[str, int]
    text_encoder: str
    is_writer: bool
    is_fused: bool
    is_nvlinked: bool  # as the forecast of the product finds it
    reserved: int  # peak reserved by torch's allocator
    over: int  # used by the process beyond that
    processes: int | None  # with a context on this GPU; None if the driver doesn't list them


def measure(context: RankContext, case: Case) -> Peaks:
    """Runs on every rank: loads, then makes one video in a few steps; in fast quality, enough steps to skip some."""
    engine = context.engine
    engine.unload()
    hooks = SilentHooks()
    is_exact, steps = case.quality is Quality.EXACT, _FAST_STEPS if case.quality is Quality.FAST else 2
    engine.load(case.folder, case.plan, LoadOptions(offload=case.offload, quantized=not is_exact), hooks)
    if context.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(context.device)
    video = VideoJob("a small dog running on the beach", "", 1)
    job = EngineJob(case.width, case.height, case.frames, steps, quality=case.quality, videos=(video,))
    report = engine.generate(job, case.plan, hooks)
    for outcome in report.outcomes:
        if outcome.error is not None:
            raise SplitreelError.from_error(outcome.error)
    over = reserved = 0
    processes = None
    if context.device.type == "cuda":
        free, total = torch.cuda.mem_get_info(context.device)
        over = total - free - torch.cuda.memory_reserved(context.device)
        reserved = torch.cuda.max_memory_reserved(context.device)
        processes = _processes_on(context.device)
    by_stage = {name: f.peak_device_bytes or f.peak_host_bytes for name, f in report.stages.items()}
    is_fused = engine.loaded.model.fused_problem is None
    is_nvlinked = context.device.type == "cuda" and visible_island_size(case.plan.world_size) > 1
    return Peaks(by_stage, report.text_encoder, context.rank == 0, is_fused, is_nvlinked, reserved, over, processes)


def _processes_on(device: torch.device) -> int | None:
    command = ["nvidia-smi", "--query-compute-apps=gpu_uuid", "--format=csv,noheader"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return None
    uuid = str(torch.cuda.get_device_properties(device).uuid)
    return sum(line.strip().removeprefix("GPU-") == uuid for line in lines) or None


def rows(
    key: str, case: Case, shape: MemoryShape, peaks: Sequence[Peaks], device: Device
) -> Iterator[dict[str, Value]]:
    for rank, found in enumerate(peaks):
        job = MemoryJob(
            case.width, case.height, case.frames, is_guided=True, dtype_bytes=2 if device == "cuda" else 4,
            offload=case.offload, is_quantized=case.quality is not Quality.EXACT, is_fused=found.is_fused,
            is_nvlinked=found.is_nvlinked, reuses_steps=case.quality is Quality.FAST,
        )  # fmt: skip
        stays = found.text_encoder == "kept"
        needs = memory_needs(shape, job, case.plan, is_writer=found.is_writer, keeps_text_encoder=stays)
        for need in needs:
            measured = found.by_stage[need.stage]
            yield {
                "model": key,
                "quality": case.quality.value,
                "plan": plan_name(case.plan),
                "offload": case.offload.value,
                "rank": rank,
                "text_encoder": found.text_encoder,
                "stage": need.stage,
                "predicted_gb": need.tensor_bytes / 1e9,
                "measured_gb": measured / 1e9,
                "ratio": need.tensor_bytes / measured,
                "reserved_gb": found.reserved / 1e9 if device == "cuda" else None,
                "over_gb": found.over / 1e9 if device == "cuda" else None,
                "links_gb": (OVERHEAD_BYTES + need.link_bytes) / 1e9 if device == "cuda" else None,
                "processes": found.processes,
            }


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="splitreel.bench memory", description=__doc__, allow_abbrev=False)
    parser.add_argument("--models", default="2b,5b", help="comma-separated: 2b, 5b, 1.5 (default: 2b,5b)")
    parser.add_argument("--size", default="720x480", help="WIDTHxHEIGHT (default: 720x480)")
    parser.add_argument("--frames", type=int, default=49, help="8k + 1 (default: 49)")
    parser.add_argument("--ranks", type=int, default=0, help="GPUs to use (default: all, at most 8)")
    parser.add_argument(
        "--offload", default="none,model,sequential", help="comma-separated: none, model, sequential (default: all)"
    )
    parser.add_argument("--qualities", default="exact", help="comma-separated: exact, balanced, fast (default: exact)")
    parser.add_argument(
        "--small", action="store_true", help="small models on the CPU; measures the process's peak instead of a GPU's"
    )
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    args = parser.parse_args(arguments)
    device: Device = "cpu" if args.small else "cuda"
    try:
        ranks = min(args.ranks or (2 if args.small else len(visible_gpus())), 8)
    except SplitreelError as error:
        parser.error(f"{error} Try --small, which runs on the CPU.")
    width, height = (96, 64) if args.small else (int(side) for side in str(args.size).split("x"))
    frames = 9 if args.small else args.frames
    models = {key: _whole_text_encoder(MODELS[key], is_small=args.small) for key in str(args.models).split(",")}
    offloads = [Offload(name) for name in str(args.offload).split(",")]
    qualities = [Quality(name) for name in str(args.qualities).split(",")]
    table = Table(COLUMNS)
    notes: list[str] = []
    lost = 0

    def save() -> None:
        if args.out is not None:
            write_json(args.out, {"machine": machine(), "rows": table.rows, "notes": notes, "lost": lost})

    with tempfile.TemporaryDirectory(prefix="splitreel-memory-") as root:
        table.start()
        for key, model in models.items():
            folder = make_folder(model, Path(root) / key)
            shape = read_memory_shape(folder)
            assert shape is not None
            cases = _cases(folder, (width, height, frames), ranks, offloads, qualities)
            for plan, cases_of_plan in groupby(cases, lambda case: case.plan):
                for case, found in _measured(cases_of_plan, device):
                    if isinstance(found, RunRefused | WorldLost):
                        notes.append(f"{key}, {plan_name(plan)}, {case.offload.value}, {case.quality.value}: {found}")
                        lost += isinstance(found, WorldLost)
                    else:
                        for row in rows(key, case, shape, found, device):
                            table.add(row)
                    save()
    for note in notes:
        print(note)
    return 0


def _measured(cases: Iterable[Case], device: Device) -> Iterator[tuple[Case, list[Peaks] | RunRefused | WorldLost]]:
    """Each case of one plan with its figures, or with what prevented them. After ranks were lost, new ones go on."""
    world: World | None = None
    try:
        for case in cases:
            world = world or World(case.plan.world_size, device, weights=open_synthetic, timeout_s=_PATIENCE_S)
            found: list[Peaks] | RunRefused | WorldLost
            try:
                found = world.run(measure, case, timeout_s=_PATIENCE_S)
            except RunRefused as error:
                found = error
            except WorldLost as error:
                world, found = None, error
            yield case, found
    finally:
        if world is not None:
            world.close()


def _cases(
    folder: Path, size: tuple[int, int, int], ranks: int, offloads: Sequence[Offload], qualities: Sequence[Quality]
) -> Iterator[Case]:
    shape, devices = check_model_folder(folder).shape, PlanDevices("cuda", ranks)
    for plan in _PLANS:
        for offload, quality in product(offloads, qualities):
            context = PlanContext(shape, devices, offload=offload, quality=quality)
            # Offloading is measured on one rank and with plans that shard the weights.
            is_wanted = offload is Offload.NONE or plan.world_size == 1 or plan.pp * plan.tp > 1
            if is_wanted and not check_plan(context, plan):
                yield Case(folder, *size, plan, offload, quality)


def _whole_text_encoder(model: SyntheticModel, *, is_small: bool) -> SyntheticModel:
    return small(model) if is_small else replace(model, text_layers=24, text_feed=10_240)
