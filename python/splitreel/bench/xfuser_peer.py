"""Measures xfuser's pipeline for CogVideoX (0.7.0), if it is installed, in the same way as our engine."""

from __future__ import annotations

import os
import time
from functools import cache

import torch

from splitreel.bench.measure import Measured, Run, measure_pipeline
from splitreel.bench.plain import dtype_of, plain_pipeline
from splitreel.bench.step_clock import StepClock
from splitreel.bench.world import RankContext


@cache
def xfuser_problem() -> str | None:
    """Why it can't be measured, or None. Checks in a separate process, because importing xfuser touches CUDA."""
    import subprocess
    import sys

    command = [sys.executable, "-c", "import xfuser; xfuser.xFuserCogVideoXPipeline, xfuser.xFuserArgs"]
    probe = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if probe.returncode == 0:
        return None
    return (probe.stderr.strip().splitlines() or ["it can't be imported"])[-1][:200]


@torch.no_grad()
def run_xfuser(context: RankContext, run: Run) -> Measured:
    """Runs on every rank. Its pipeline wraps diffusers' own, so its weights are those of the other rows."""
    os.environ.update(RANK=str(context.rank), LOCAL_RANK=str(context.rank), WORLD_SIZE=str(context.size))
    from xfuser import xFuserArgs, xFuserCogVideoXPipeline
    from xfuser.core.distributed import init_distributed_environment

    plan = run.plan
    init_distributed_environment(rank=context.rank, world_size=context.size, local_rank=context.rank)
    arguments = xFuserArgs(
        model=str(run.model),
        ulysses_degree=plan.ulysses,
        ring_degree=plan.ring,
        use_cfg_parallel=plan.cfg == 2,
        height=run.job.height,
        width=run.job.width,
        num_frames=run.job.num_frames,
        num_inference_steps=run.job.num_inference_steps,
        prompt=run.job.videos[0].prompt,
    )
    config, _ = arguments.create_config()
    began = time.perf_counter()
    pipeline = plain_pipeline(run.model, dtype_of(run.dtype, context.device), context.device, context.open_tensors)
    peer = xFuserCogVideoXPipeline(pipeline, config)
    return measure_pipeline(peer, run.job, StepClock(context.device), time.perf_counter() - began)
