"""What an engine keeps about its rank for the lifetime of the process."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from splitreel.engine.links import Links
from splitreel.engine.memory_budget import MemoryBudget
from splitreel.engine.memory_meter import StageMeter
from splitreel.engine.prompt_cache import PromptCache
from splitreel.parallel.collectives import Traffic


@dataclass(frozen=True, slots=True)
class EngineContext:
    """This rank, its device, the counters that every job adds to, and what jobs share."""

    rank: int
    world_size: int
    device: torch.device
    memory_budget: MemoryBudget
    traffic: Traffic
    meter: StageMeter
    prompts: PromptCache
    links: Links
