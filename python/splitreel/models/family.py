"""The interface between the engine and a model family. Code that knows a family's layers belongs behind it.

A family is one `Family`: how to build its components without weights, how to shard them, and how to turn the filled
components into a `VideoModel`. The engine reads weights, moves them, measures, and runs the stages of a job. It only
calls what is declared here. `models/cogvideox/` is an example.

Letters in shapes: B batch, F (latent) frames, C channels, H height, W width, T text tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from PIL.Image import Image
from torch import nn

from splitreel.contract.types import SamplingParams
from splitreel.models.quantized_linear import QuantizedLinear
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.groups import Mesh
from splitreel.parallel.kernels import AttentionKernel
from splitreel.parallel.pipefusion import StepResult
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup, WeightSlice

Frames: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class TextEmbeddings:
    """(1, T, D) each, in the model's dtype. `negative` is None without classifier-free guidance."""

    positive: torch.Tensor
    negative: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class Components:
    """A model's three components, and the blocks of the two that offloading can move block by block.

    Blocks are those that this rank holds, in the order in which they run.
    """

    text_encoder: nn.Module
    text_blocks: Sequence[nn.Module]
    transformer: nn.Module
    transformer_blocks: Sequence[nn.Module]
    vae: nn.Module


class OnDevice(Protocol):
    """Brings a component's weights to the device for the length of a context."""

    def transformer(self) -> AbstractContextManager[None]: ...
    def vae(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class DenoisingRun:
    """What the engine provides while a family denoises one video."""

    on_device: OnDevice
    replica: Agreement  # of all ranks that make this video
    cancel_requested: Callable[[], bool]  # on this rank; the family makes all ranks stop at the same step
    on_step: Callable[[StepResult], None]


@dataclass(frozen=True, slots=True)
class Denoised:
    """Final latents (1, F, C, H, W) without padding frames, equal on every rank of the replica."""

    latents: torch.Tensor
    is_approximate: bool  # some step used stale keys and values, or reused what another step computed


class VideoDecoder(Protocol):
    """Decodes one video's latents on all ranks of a replica, in rounds of units. The writer collects the frames."""

    @property
    def units(self) -> int:
        """Units of progress over all ranks."""
        ...

    @property
    def rounds(self) -> int: ...

    def decode(self, round_: int, unit_done: Callable[[], None]) -> None:
        """Local: decodes this rank's share of the round. `unit_done` may raise to stop."""
        ...

    def collect(self, round_: int, unit_done: Callable[[], None]) -> None:
        """Collective: sends the round's results to the writer, which calls `unit_done` for each unit it receives."""
        ...

    def frames(self) -> Iterator[Frames]:
        """On the writer, after the last round: uint8 (F, H, W, 3), in order, a few frames at a time."""
        ...


class VideoModel(Protocol):
    """One model of a family on this rank, with its shard of the weights. Kept between jobs."""

    components: Components
    head_dim: int  # of the attention that runs on the chosen kernel
    fused_problem: str | None  # why our own kernels cannot run this model here

    @property
    def dtype(self) -> torch.dtype: ...

    def fuse(self) -> None:
        """Runs on our own kernels from now on. All ranks do, or none: the two exchange different tensors."""
        ...

    def use(self, mesh: Mesh, kernel: AttentionKernel) -> None:
        """Applies to every call from now on. Does not touch the weights."""
        ...

    def encode_prompt(self, prompt: str, negative_prompt: str | None) -> TextEmbeddings:
        """Collective over the tensor-parallel group. `negative_prompt` is None without guidance."""
        ...

    def denoise(
        self, params: SamplingParams, seed: int, text: TextEmbeddings, image: Image | None, run: DenoisingRun
    ) -> Denoised:
        """Collective over the replica. Raises Canceled on all of its ranks, at the same step."""
        ...

    def decoder(self, latents_BFCHW: torch.Tensor) -> VideoDecoder: ...

    def preview(self, latents_BFCHW: torch.Tensor) -> Frames:
        """A small image (H, W, 3) of unfinished latents. Local; the VAE is on the device."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedComponents:
    """What a family builds a `VideoModel` from. Every module has its weights. `device`: where it will compute."""

    folder: Path
    modules: Mapping[str, nn.Module]
    device: torch.device
    tp_group: TensorParallelGroup
    fused: bool  # whether our own kernels may be used
    kernel_checked: Callable[[], None]  # called after each comparison of our own kernels with torch; may raise to stop


@dataclass(frozen=True, slots=True)
class Family:
    """One family of models."""

    # `_class_name` values of model_index.json that this family loads.
    pipelines: frozenset[str]
    # Builds a folder's components without weights ("text_encoder", "transformer", "vae"), in the order to read them.
    empty_components: Callable[[Path], dict[str, nn.Module]]
    # For components that ranks split: reduces a module to this rank's shard and returns the slices to read, by
    # parameter name. A component that is not named here is read whole on every rank.
    shard: Mapping[str, Callable[[Any, Shard, TensorParallelGroup], dict[str, WeightSlice]]]
    make: Callable[[LoadedComponents], VideoModel]
    # For components that can hold weights in float8: replaces layers of a sharded module, and returns them by the name
    # of their weight.
    quantize: Mapping[str, Callable[[Any], Mapping[str, QuantizedLinear]]] = field(default_factory=dict)
