"""The real engine, with one rank that runs out of memory in its second pass through the blocks if the prompt asks for it.

`oom 1`: rank 1. Everything else - torch, gloo, the model, the other ranks, the supervisor - is as in the product.
"""

from __future__ import annotations

import re

import torch

from splitreel.models.cogvideox.transformer import SplitTransformer
from splitreel.worker.rank import torch_engine
from splitreel.worker.rank.messages import Join
from splitreel.worker.rank.port import RankEngine

preload = torch_engine.preload

_passes = 0
_exhausted = False


def join_world(join: Join, before: RankEngine | None) -> RankEngine:
    engine = torch_engine.join_world(join, before)
    generate, run_blocks = engine.generate, SplitTransformer.run_blocks

    def generate_or_fail(job, plan, hooks):  # type: ignore[no-untyped-def]
        global _passes, _exhausted
        named = re.search(r"oom (\d)", job.videos[0].prompt)
        _passes, _exhausted = 0, named is not None and int(named[1]) == join.rank
        return generate(job, plan, hooks)

    def run_or_fail(self, *arguments):  # type: ignore[no-untyped-def]
        global _passes  # noqa: PLW0603
        _passes += 1
        if _exhausted and _passes == 2:
            raise torch.OutOfMemoryError("played")
        return run_blocks(self, *arguments)

    engine.generate = generate_or_fail  # type: ignore[method-assign]
    SplitTransformer.run_blocks = run_or_fail  # type: ignore[method-assign]
    return engine
