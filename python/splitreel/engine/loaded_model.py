"""A model in memory on this rank: read once, used by every job until it is unloaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from splitreel.contract.errors import Canceled
from splitreel.contract.types import Offload, Plan, Stage
from splitreel.engine.api import Hooks, LoadOptions
from splitreel.engine.context import EngineContext
from splitreel.engine.memory_budget import can_pin_weights
from splitreel.engine.memory_control import loading_advice, memory_failure
from splitreel.engine.offload import OffloadConfig, Progressed, TransferStats, WeightPlacement
from splitreel.engine.optimizing import OptimizingStage
from splitreel.engine.prompt_cache import Signature, text_encoder_signature
from splitreel.kernels.checks import can_run_kernels
from splitreel.models.families import family_of
from splitreel.models.family import LoadedComponents, VideoModel
from splitreel.models.loading import ReadOptions, bytes_of, drop_weights, read_weights, shard_components
from splitreel.models.lora import open_loras
from splitreel.models.tensor_files import OpenTensors
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup
from splitreel.rules.memory_shape import MemoryShape
from splitreel.store.memory_shape import read_memory_shape

_TEXT_ENCODER = "text_encoder"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """This rank's shard of a model, and everything derived from it at loading."""

    folder: Path
    options: LoadOptions
    model: VideoModel
    placement: WeightPlacement
    memory_shape: MemoryShape | None  # None: the memory planner does not know this model
    bytes_read: int
    signature: Signature  # of the text encoder and tokenizer

    @property
    def component_bytes(self) -> tuple[int, int, int]:
        """Weights held by this rank: text encoder, transformer, VAE."""
        components = self.model.components
        text = bytes_of(components.text_encoder) if self.placement.has_text_encoder else 0
        return text, bytes_of(components.transformer), bytes_of(components.vae)


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load, and this rank's shard of it. `plan` only matters to the advice given when memory runs out."""

    folder: Path
    options: LoadOptions
    plan: Plan
    shard: Shard
    open_tensors: OpenTensors


def load_model(
    request: LoadRequest,
    tp_group: TensorParallelGroup,
    context: EngineContext,
    hooks: Hooks,
    optimizing: OptimizingStage,
    *,
    with_text_encoder: bool,
) -> LoadedModel:
    """Reads this rank's shard. Local: ranks only have to agree once all of them are done.

    `with_text_encoder`: read it now, not when it is needed.

    Raises Canceled, GPU_OOM, HOST_OOM, MODEL_INCOMPLETE, MODEL_UNSUPPORTED, or what is wrong with a LoRA.
    """
    folder, options, device, host = request.folder, request.options, context.device, torch.device("cpu")
    dtype = dtype_of(options, device)
    family = family_of(folder)
    signature = text_encoder_signature(folder)
    components = shard_components(family, folder, request.shard, tp_group, quantized=options.quantized)
    read_to = device if options.offload is Offload.NONE else host
    names = [name for name in components.modules if with_text_encoder or name != _TEXT_ENCODER]
    with (
        _explained_memory_failures(folder, options, request.plan, context),
        open_loras(options.loras, folder, device) as merger,
    ):
        reading = ReadOptions(dtype, read_to, _Progress(hooks), device, request.open_tensors, merger)
        bytes_read = read_weights(components, names, folder, reading)
    if options.fused and can_run_kernels(device):
        optimizing.begin()
    checked = optimizing.kernel_checked
    model = family.make(LoadedComponents(folder, components.modules, device, tp_group, options.fused, checked))

    def read_text_encoder(progressed: Progressed) -> int:
        reading = ReadOptions(dtype, read_to, progressed, device, request.open_tensors)
        try:
            return read_weights(components, [_TEXT_ENCODER], folder, reading)
        except BaseException:
            # A cancel, or memory that ran out. What has been read would stay in the way of the next job.
            drop_weights(components.modules[_TEXT_ENCODER])
            raise

    held = sum(bytes_of(module) for module in components.modules.values())
    pin_memory = can_pin_weights(context.memory_budget, context.world_size, held)
    placement = WeightPlacement(
        model.components,
        options.offload,
        OffloadConfig(device, host, pin_memory, TransferStats()),
        read_text_encoder,
        has_text_encoder=with_text_encoder,
    )
    return LoadedModel(folder, options, model, placement, read_memory_shape(folder), bytes_read, signature)


def load_text_encoder(loaded: LoadedModel, plan: Plan, context: EngineContext, hooks: Hooks) -> int:
    """Reads the text encoder of a model in memory if it was left out or freed. Returns the bytes read.

    Local. `plan` only matters to the advice given when memory runs out. Raises as `load_model`.
    """
    with _explained_memory_failures(loaded.folder, loaded.options, plan, context):
        return loaded.placement.read_text_encoder(_Progress(hooks))


@contextmanager
def _explained_memory_failures(
    folder: Path, options: LoadOptions, plan: Plan, context: EngineContext
) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        dtype, budget, ranks = dtype_of(options, context.device), context.memory_budget, context.world_size
        advice = partial(loading_advice, folder, options, dtype, plan, budget, device_count=ranks)
        failure = memory_failure(error, context.device, context.rank, Stage.LOADING, advice)
        if failure is None:
            raise
        raise failure from error


class _Progress:
    """Reports bytes read to the hooks. Raises Canceled on this rank when a cancel is requested."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._has_started = False

    def __call__(self, read: int, total: int) -> None:
        if self._hooks.cancel_requested():
            raise Canceled
        if self._has_started:
            self._hooks.stage_progressed(0, Stage.LOADING, read)
        else:
            self._hooks.stage_started(0, Stage.LOADING, total)
            self._has_started = True


def dtype_of(options: LoadOptions, device: torch.device) -> torch.dtype:
    if options.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    dtype = getattr(torch, options.dtype)
    assert isinstance(dtype, torch.dtype)
    return dtype
