"""One rank's engine."""

from __future__ import annotations

from pathlib import Path

import torch

from splitreel.engine.api import EngineJob, EngineReport, Hooks, LoadOptions, LoadReport
from splitreel.plan import Plan


class Engine:
    """Lives as long as its process and stays warm between jobs.

    The default process group must be initialised (gloo on the CPU, "cpu:gloo,cuda:nccl" on CUDA).
    Raises SplitreelError and Cancelled, on every rank that took part.
    """

    def __init__(self, *, rank: int, world_size: int, device: torch.device, timeout_s: float) -> None:
        self.rank = rank
        self.world_size = world_size
        self.device = device
        self.timeout_s = timeout_s

    def load(self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks) -> LoadReport:
        """Collective over all ranks. Reads nothing where the held weights fit."""
        raise NotImplementedError

    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport:
        """Collective over all ranks; those with no place in the plan return at once."""
        raise NotImplementedError

    def unload(self) -> None:
        """Frees every weight and group of this rank."""
        raise NotImplementedError
