"""Measures cache-dit (1.5.3), if it is installed, on diffusers' own pipeline in the same way as our engine."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import torch

from splitreel.bench.measure import Measured, Run, measure_pipeline
from splitreel.bench.plain import dtype_of, plain_pipeline
from splitreel.bench.step_clock import StepClock
from splitreel.bench.world import RankContext

# Optimizations to enable, and the number of ranks (Ulysses). cache-dit's fp8 is left out: it needs torchao, and importing
# torchao initializes CUDA, after which ranks can't be forked.
VARIANTS = (("compiled", 2), ("", 2), ("compiled", 1), ("compiled", 4), ("compiled", 8))
# Approximate: compared with our fast quality in whole videos, because it computes the first eight steps in any case.
DBCACHE_VARIANTS = (("DBCache, compiled", 1), ("DBCache, compiled", 2))


@cache
def cache_dit_problem() -> str | None:
    """Why it can't be measured, or None. Checks in a separate process, because importing it may touch CUDA."""
    import subprocess
    import sys

    probe = subprocess.run(
        [sys.executable, "-c", "import cache_dit"], capture_output=True, text=True, timeout=180, check=False
    )
    if probe.returncode == 0:
        return None
    return (probe.stderr.strip().splitlines() or ["it can't be imported"])[-1][:200]


@torch.no_grad()
def run_cache_dit(context: RankContext, run: Run) -> Measured:
    """Runs on every rank."""
    import cache_dit

    began = time.perf_counter()
    pipeline = plain_pipeline(run.model, dtype_of(run.dtype, context.device), context.device, context.open_tensors)
    wanted: dict[str, Any] = {}
    if run.plan.ulysses > 1:
        wanted["parallelism_config"] = cache_dit.ParallelismConfig(ulysses_size=run.plan.ulysses)
    if "DBCache" in run.variant:
        wanted["cache_config"] = cache_dit.DBCacheConfig()
    if wanted:
        cache_dit.enable_cache(pipeline if "cache_config" in wanted else pipeline.transformer, **wanted)
    if "compiled" in run.variant:
        for block in pipeline.transformer.transformer_blocks:
            block.compile()
    return measure_pipeline(pipeline, run.job, StepClock(context.device), time.perf_counter() - began)
