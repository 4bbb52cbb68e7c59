"""A model in memory on this rank: read once, used by every job until it is unloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from splitreel.contract.errors import Cancelled
from splitreel.engine.api import Hooks, LoadOptions, Offload, Stage
from splitreel.engine.context import EngineContext
from splitreel.engine.memory_budget import can_pin_weights
from splitreel.engine.memory_control import loading_advice, memory_failure
from splitreel.engine.offload import OffloadConfig, PipelineComponents, TransferStats, WeightPlacement
from splitreel.models.cogvideox.sharding import AbsentBlock
from splitreel.models.cogvideox.transformer import SplitTransformer
from splitreel.models.family import Family, Pipeline
from splitreel.models.loading import ReadOptions, bytes_of, load_pipeline, read_text_encoder_again
from splitreel.models.tensor_files import OpenTensors
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup
from splitreel.rules.memory_shape import MemoryShape, read_memory_shape
from splitreel.rules.plan import Plan


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """This rank's shard of a model, and everything derived from it at loading."""

    folder: Path
    options: LoadOptions
    family: Family
    pipeline: Pipeline
    split: SplitTransformer
    placement: WeightPlacement
    memory_shape: MemoryShape | None  # None: the memory planner does not know this model
    bytes_read: int

    @property
    def component_bytes(self) -> tuple[int, int, int]:
        """Weights held by this rank: text encoder, transformer, VAE."""
        pipeline = self.pipeline
        return bytes_of(pipeline.text_encoder), bytes_of(pipeline.transformer), bytes_of(pipeline.vae)


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load, and this rank's shard of it. `plan` only matters to the advice given when memory runs out."""

    folder: Path
    options: LoadOptions
    plan: Plan
    shard: Shard
    open_tensors: OpenTensors


def load_model(
    request: LoadRequest, tp_group: TensorParallelGroup, context: EngineContext, hooks: Hooks
) -> LoadedModel:
    """Reads this rank's shard. Local: ranks only have to agree once all of them are done.

    Raises Cancelled, GPU_OOM, HOST_OOM, MODEL_INCOMPLETE or MODEL_UNSUPPORTED.
    """
    has_started = False

    def progressed(read: int, total: int) -> None:
        nonlocal has_started
        if hooks.cancel_requested():
            raise Cancelled
        if not has_started:
            hooks.stage_started(0, Stage.LOADING, total)
            has_started = True
        else:
            hooks.stage_progressed(0, Stage.LOADING, read)

    options, device, host = request.options, context.device, torch.device("cpu")
    dtype = _dtype(options, device)
    read_to = device if options.offload is Offload.NONE else host
    try:
        loaded = load_pipeline(
            request.folder, request.shard, tp_group, ReadOptions(dtype, read_to, progressed, request.open_tensors)
        )
    except RuntimeError as error:
        advice = partial(
            loading_advice,
            request.folder,
            options,
            dtype,
            request.plan,
            context.memory_budget,
            device_count=context.world_size,
        )
        failure = memory_failure(error, device, context.rank, Stage.LOADING, advice)
        if failure is None:
            raise
        raise failure from error
    pipeline = loaded.pipeline
    _fix_execution_device(pipeline, device)
    again = ReadOptions(dtype, device, lambda _read, _total: None, request.open_tensors)
    held = sum(bytes_of(part) for part in (pipeline.text_encoder, pipeline.transformer, pipeline.vae))
    pin_memory = can_pin_weights(context.memory_budget, context.world_size, held)
    return LoadedModel(
        folder=request.folder,
        options=options,
        family=loaded.family,
        pipeline=pipeline,
        split=loaded.family.split(pipeline.transformer, tp_group),
        placement=WeightPlacement(
            _components(pipeline),
            options.offload.value,
            OffloadConfig(device, host, pin_memory, TransferStats()),
            partial(read_text_encoder_again, loaded, request.folder, again),
        ),
        memory_shape=read_memory_shape(request.folder),
        bytes_read=loaded.bytes_read,
    )


def _dtype(options: LoadOptions, device: torch.device) -> torch.dtype:
    if options.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    dtype = getattr(torch, options.dtype)
    assert isinstance(dtype, torch.dtype)
    return dtype


def _fix_execution_device(pipeline: Pipeline, device: torch.device) -> None:
    """diffusers takes the device from the pipeline's first component, which may be offloaded when it asks."""
    pipeline_class = type(pipeline)
    pipeline.__class__ = type(pipeline_class.__name__, (pipeline_class,), {"_execution_device": device})


def _components(pipeline: Pipeline) -> PipelineComponents:
    return PipelineComponents(
        pipeline.text_encoder,
        pipeline.text_encoder.encoder.block,
        pipeline.transformer,
        [block for block in pipeline.transformer.transformer_blocks if not isinstance(block, AbsentBlock)],
        pipeline.vae,
    )
