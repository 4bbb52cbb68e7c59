"""`bench gpu`: CogVideoX-2B and 5B at full size with random weights, on the NVIDIA GPUs of this machine.

Measures seconds per step and peak memory by plan and attention kernel, the share of the card's own matmul throughput,
the tiled VAE decode, and how far each result is from one rank's and from plain diffusers'. If xfuser and cache-dit are
installed, it measures them in the same run. The most important rows come first and are printed as they finish, so that a
run cut short is still useful.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from splitreel.bench import gpu_cases, roof
from splitreel.bench.cache_dit_peer import cache_dit_problem, run_cache_dit
from splitreel.bench.gpu_cases import DEFAULT_SECTIONS, SECTIONS, Case, Options
from splitreel.bench.measure import Measured, Run, relative, run_engine, run_plain
from splitreel.bench.planner_check import check_planner, planner_problem
from splitreel.bench.synthetic_model import MODELS, make_folder, open_synthetic
from splitreel.bench.table import Table, Value, machine, write_json
from splitreel.bench.world import RankContext, RunRefused, World, WorldLost
from splitreel.bench.xfuser_peer import run_xfuser, xfuser_problem
from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Plan, Quality
from splitreel.engine.api import EngineJob, VideoJob
from splitreel.machine.gpus import visible_gpus
from splitreel.machine.topology import visible_island_size
from splitreel.rules.plan import PlanContext, PlanDevices
from splitreel.store.model_folder import check_model_folder

COLUMNS = {
    "model": "model",
    "size": "size",
    "dtype": "dtype",
    "engine": "engine",
    "quality": "quality",
    "plan": "plan",
    "kernel": "kernel",
    "step_s": "s/step",
    "faster": "x one rank",
    "roof_share": "share of matmul",
    "peak_gb": "peak GB",
    "decode_s": "decode s",
    "job_s": "denoise + decode s",
    "file_s": "request to file s",
    "decode_peak_gb": "decode GB",
    "difference": "difference",
    "from": "from",
}

# Libraries that patch global state, so each row runs on new ranks.
_GLOBAL: Mapping[str, Callable[[RankContext, Run], Measured]] = {"cache-dit": run_cache_dit, "xfuser": run_xfuser}

# Nothing takes longer, including loading at full size, except a hung collective. A whole job of 1.5-5B on one GPU takes
# five minutes.
_ROW_LIMIT_S = 180.0
_JOB_LIMIT_S = 900.0


def main(arguments: Sequence[str]) -> int:
    parser = _parser()
    options = _options(parser, arguments)
    with tempfile.TemporaryDirectory(prefix="splitreel-gpu-") as folder:
        _Bench(options, Path(folder)).run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="splitreel.bench gpu", description=__doc__, allow_abbrev=False)
    parser.add_argument("--models", default="2b,5b", help="comma-separated: 2b, 5b, 1.5 (default: 2b,5b)")
    parser.add_argument("--steps", type=int, default=4, help="denoising steps; the first is left out (default: 4)")
    parser.add_argument("--size", default=None, help="WIDTHxHEIGHT (default: as the model was trained)")
    parser.add_argument("--frames", type=int, default=0, help="number of frames (default: as the model was trained)")
    parser.add_argument("--minutes", type=float, default=9.0, help="stop after this many minutes (default: 9)")
    parser.add_argument("--ranks", type=int, default=0, help="GPUs to use (default: all, at most 8)")
    default = ",".join(DEFAULT_SECTIONS)
    parser.add_argument("--only", default=default, help=f"sections to run: {','.join(SECTIONS)} (default: {default})")
    parser.add_argument(
        "--plans", default="", help="comma-separated: only these plans, such as 1x2x1x1x2x1 (default: all)"
    )
    parser.add_argument("--small", action="store_true", help="small models on the CPU, to check that everything runs")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    return parser


def _options(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Options:
    args = parser.parse_args(arguments)
    models = tuple(str(args.models).split(","))
    if not set(models) <= set(MODELS):
        parser.error(f"--models: choose of {', '.join(MODELS)}")
    only = tuple(str(args.only).split(","))
    if not set(only) <= set(SECTIONS):
        parser.error(f"--only: choose of {', '.join(SECTIONS)}")
    if args.steps < 2:
        parser.error("--steps: at least 2, for the first is left out")
    try:
        width, height = (int(side) for side in str(args.size or "0x0").split("x"))
    except ValueError:
        parser.error("--size: expected WIDTHxHEIGHT, such as 720x480")
    plans = tuple(filter(None, str(args.plans).split(",")))
    if args.small:
        size, ranks = (96, 64, 9), args.ranks or 2
        return Options(models, args.steps, *size, args.minutes, ranks, only, "cpu", True, args.out, plans)
    try:
        gpus = len(visible_gpus())
    except SplitreelError as error:
        parser.error(f"{error} Try --small, which runs on the CPU.")
    ranks = min(args.ranks or gpus, gpus, 8)
    size = (width, height, args.frames)
    return Options(models, args.steps, *size, args.minutes, ranks, only, "cuda", False, args.out, plans)


class _Bench:
    """The rows of one run, and the reference results they are compared with."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._deadline = time.monotonic() + 60 * options.minutes
        self._models = {key: gpu_cases.small(MODELS[key]) if options.small else MODELS[key] for key in options.models}
        self._folders = {key: make_folder(model, folder / key) for key, model in self._models.items()}
        self._world: World | None = None
        self._table = Table(COLUMNS)
        self._notes: list[str] = []
        self._machine: dict[str, Value] = {}
        self._roof = 0.0
        # By model, size, dtype and steps: latents and step time of our engine on one rank.
        self._references: dict[tuple[str, str, str, int], tuple[npt.NDArray[np.float32], float]] = {}
        # By model: seconds per step of each plan.
        self._steps_of_plans: dict[str, dict[Plan, float]] = {}
        self._planner: list[dict[str, Value]] = []
        self._unfinished = 0
        self._lost = 0  # rows that ended their ranks
        self._scratch = folder
        # Without an encoder, a job ends when the last frame is in memory.
        self._writes_files = find_spec("av") is not None

    def run(self) -> None:
        try:
            self._begin()
            for case in gpu_cases.cases(self._options, self._folders):
                if self._left_s() > 1:
                    self._row(case)
                else:
                    self._unfinished += 1
            for name, problem_of in (("cache-dit", cache_dit_problem), ("xfuser", xfuser_problem)):
                if name in self._options.only and (problem := problem_of()) is not None:
                    self._note(f"{name} was not measured: {problem}")
        finally:
            if self._world is not None:
                self._world.close()
        self._check_planner()
        if self._unfinished:
            self._note(f"{self._unfinished} rows were left out for want of time (--minutes).")
        self._save()
        print("\n" + "\n".join(f"- {note}" for note in self._notes))

    def _check_planner(self) -> None:
        ranks, device = self._options.ranks, self._options.device
        devices = PlanDevices(device, ranks, visible_island_size(ranks) if device == "cuda" else ranks)
        for key, steps in self._steps_of_plans.items():
            if len(steps) < 2:
                continue
            found = check_planner(PlanContext(check_model_folder(self._folders[key]).shape, devices), steps)
            name = self._models[key].name
            self._planner.append({"model": name, **found})
            # On the CPU, times of single steps say little.
            if device == "cuda" and (problem := planner_problem(name, found)) is not None:
                self._note(problem)

    def _left_s(self) -> float:
        return self._deadline - time.monotonic()

    def _begin(self) -> None:
        side = 512 if self._options.small else 8192
        facts = self._ranks().run(_device_facts, side, timeout_s=_ROW_LIMIT_S)
        self._roof = min(flops for flops, _ in facts)
        self._machine = {**machine(), **facts[0][1], "ranks": self._options.ranks, "matmul_tflops": self._roof / 1e12}
        print(", ".join(f"{key} {value}" for key, value in self._machine.items()) + "\n")
        self._table.start()

    def _ranks(self) -> World:
        if self._world is None:
            self._world = World(self._options.ranks, self._options.device, weights=open_synthetic)
        return self._world

    def _row(self, case: Case) -> None:
        file = self._scratch / "video.mp4" if case.is_job and self._writes_files else None
        run = Run(self._folders[case.model], self._job(case), case.plan, case.dtype, case.fused, case.variant, file)
        is_long = case.is_job or self._steps(case) >= gpu_cases.JOB_STEPS
        limit = min(_JOB_LIMIT_S if is_long else _ROW_LIMIT_S, max(self._left_s(), 1.0))
        row = self._named(case)
        try:
            if case.engine in _GLOBAL:
                measured = self._run_alone(case, run, limit)
            else:
                function = run_engine if case.engine == "Splitreel" else run_plain
                answers = self._ranks().run(function, run, timeout_s=limit)
                measured = [answer for answer in answers if answer is not None]
        except RunRefused as refused:
            self._note(f"{self._title(case)}: {refused}")
            return
        except WorldLost as lost:
            if case.engine not in _GLOBAL:
                self._world = None
                self._lost += 1
            self._note(f"{self._title(case)}: {lost}")
            return
        figures = self._figures(case, measured)
        if case.is_default and isinstance(step_s := figures["step_s"], float):
            # Whole jobs repeat plans that were measured with few steps.
            self._steps_of_plans.setdefault(case.model, {}).setdefault(case.plan, step_s)
        self._table.add(row | figures)
        self._save()

    def _run_alone(self, case: Case, run: Run, limit: float) -> list[Measured]:
        """Runs on new ranks, because these libraries patch global state."""
        if self._world is not None:
            self._world.close()
            self._world = None
        with World(case.plan.world_size, self._options.device, weights=open_synthetic) as world:
            return world.run(_GLOBAL[case.engine], run, timeout_s=limit)

    def _job(self, case: Case) -> EngineJob:
        return EngineJob(
            # Data parallelism makes one video on each of its ranks.
            videos=tuple(
                VideoJob("a small dog running on a beach at sunset", "", seed=42 + video)
                for video in range(case.plan.dp)
            ),
            width=case.width,
            height=case.height,
            num_frames=case.frames,
            num_inference_steps=self._steps(case),
            attention=case.kernel,
            quality=case.quality,
            num_pipeline_patch=case.plan.pp,
        )

    def _named(self, case: Case) -> dict[str, Value]:
        return {
            "model": self._models[case.model].name,
            "size": case.size,
            "dtype": self._dtype(case),
            "engine": " ".join(filter(None, (case.engine, case.variant if case.variant != "split" else ""))),
            "quality": case.quality.value if case.engine == "Splitreel" else "-",
            "steps": self._steps(case),
            "plan": gpu_cases.plan_name(case.plan),
            "kernel": (case.kernel.value if case.fused else "eager") if case.engine == "Splitreel" else "its own",
        }

    def _steps(self, case: Case) -> int:
        return case.steps or self._options.steps

    def _title(self, case: Case) -> str:
        return ", ".join(str(value) for value in self._named(case).values())

    def _dtype(self, case: Case) -> str:
        if case.dtype != "auto":
            return "fp32"
        return "bf16" if self._options.device == "cuda" else "fp32"

    def _figures(self, case: Case, measured: Sequence[Measured]) -> dict[str, Value]:
        """Times are the slowest rank's, peaks the largest of any rank."""
        model = self._models[case.model]
        mean_s = (one.denoise_s / self._steps(case) for one in measured)
        step_s = max(mean_s if case.reuses_steps else (one.step_s for one in measured))
        flops = case.plan.dp * roof.step_flops(model, case.width, case.height, case.frames, batch=2)
        latents = next((one.latents_BFCHW for one in measured if one.latents_BFCHW is not None), None)
        key = (case.model, case.size, case.dtype, self._steps(case))
        reference = self._references.get(key)
        if case.is_reference and latents is not None:
            self._references[key] = (latents, step_s)
        is_cuda = self._options.device == "cuda"
        # Not for float8, whose peak throughput is another one, nor for predicted steps, which skip the products.
        has_roof = (not is_cuda or case.dtype == "auto") and case.quality is Quality.EXACT and not case.reuses_steps
        difference = None if latents is None or reference is None else relative(latents, reference[0])
        return {
            "step_s": step_s,
            "faster": 1.0 if case.is_reference else None if reference is None else reference[1] * case.plan.dp / step_s,
            "roof_share": flops / (step_s * case.plan.world_size * self._roof) if has_roof else None,
            "peak_gb": max(one.denoise_peak_bytes for one in measured) / 1e9 if is_cuda else None,
            "decode_s": max(one.decode_s for one in measured) or None,
            "job_s": max(one.denoise_s + one.decode_s for one in measured),
            "decode_peak_gb": max(one.decode_peak_bytes for one in measured) / 1e9 if is_cuda else None,
            "difference": difference,
            "from": None if difference is None else "one rank",
            "kernel_used": measured[0].kernel,
            "file_s": max(one.file_s for one in measured) or None,
            "reused_steps": max(one.reused_steps for one in measured),
            **_split(measured),
            "load_s": max(one.load_s for one in measured),
            "sent_mb_per_step": max(one.sent_bytes_per_step for one in measured) / 1e6,
            "waited_s_per_step": max(one.waited_s_per_step for one in measured),
        }

    def _note(self, note: str) -> None:
        """Prints the note to stderr now, and again after the table, which it would otherwise interrupt."""
        self._notes.append(note)
        print(note, file=sys.stderr, flush=True)
        self._save()

    def _save(self) -> None:
        if self._options.out is not None:
            figures = {
                "machine": self._machine, "rows": self._table.rows, "planner": self._planner, "notes": self._notes,
                "unfinished": self._unfinished, "lost": self._lost,
            }  # fmt: skip
            write_json(self._options.out, figures)


def _split(measured: Sequence[Measured]) -> dict[str, Value]:
    """The figures of the least idle rank, for which the others wait."""
    busiest = min(measured, key=lambda one: one.split_ms.get("idle", 0.0))
    return {f"{kind}_ms": milliseconds for kind, milliseconds in busiest.split_ms.items()}


def _device_facts(context: RankContext, side: int) -> tuple[float, dict[str, Value]]:
    flops = roof.matmul_flops_per_s(context, side)
    if context.device.type == "cpu":
        return flops, {"device": "cpu"}
    version = torch.cuda.nccl.version()  # type: ignore[no-untyped-call]
    return flops, {
        "device": torch.cuda.get_device_name(context.device),
        "cuda": torch.version.cuda,
        "nccl": ".".join(str(part) for part in version),
    }
