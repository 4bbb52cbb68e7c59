"""What the engine asks of a family of models. Each family answers in one file, its adapter (`cogvideox.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from diffusers import (
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXImageToVideoPipeline,
    CogVideoXPipeline,
)
from torch import nn

from splitreel.models.cogvideox.transformer import SplitTransformer
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup, WeightSlice

# What every family that there is can be; a new one joins these.
Pipeline: TypeAlias = CogVideoXPipeline | CogVideoXImageToVideoPipeline
Scheduler: TypeAlias = CogVideoXDDIMScheduler | CogVideoXDPMScheduler

Frames = npt.NDArray[np.uint8]
Config: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model: its parts, how they are split, how its transformer runs in pieces, and what is seen on the way."""

    # `_class_name` in model_index.json to the pipeline that it names; nothing else is ever made.
    pipelines: Mapping[str, type[Pipeline]]
    # `_class_name` in scheduler_config.json, and the names of flags, to what makes the scheduler of a config.
    schedulers: Mapping[str, Callable[[Config], Scheduler]]
    # A folder's components without weights, by name, in the order in which they are read.
    empty_parts: Callable[[Path], dict[str, nn.Module]]
    # For components that ranks share: keeps this rank's shard and returns, by parameter, the slice to read.
    shard: Mapping[str, Callable[[Any, Shard, TensorParallelGroup], dict[str, WeightSlice]]]
    # The transformer in pieces, over any span of tokens: condition, embed, own part, blocks, read out.
    split: Callable[[Any, TensorParallelGroup], SplitTransformer]
    # A small picture of unfinished latents (1, F, C, H, W): (H, W, 3).
    preview: Callable[[Any, torch.Tensor], Frames]
