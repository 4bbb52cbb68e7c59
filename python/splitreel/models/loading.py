"""A model folder to components on a device: safetensors only, tensor by tensor from the disk to where it is used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import init_empty_weights
from accelerate.utils import set_module_tensor_to_device
from transformers import T5EncoderModel, T5Tokenizer

from splitreel.contract.errors import SplitreelError
from splitreel.models.families import family_of, pipeline_name
from splitreel.models.family import Family, Pipeline, Scheduler
from splitreel.models.tensor_files import OpenTensors, open_safetensors
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup, WeightSlice


@dataclass(frozen=True, slots=True)
class LoadedPipeline:
    family: Family
    pipeline: Pipeline
    bytes_read: int
    slices: dict[str, dict[str, WeightSlice]]  # by component and parameter: the slice that this rank holds


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How and where a rank reads. `progressed` is called with (bytes read, bytes in total) and may raise to stop."""

    dtype: torch.dtype
    device: torch.device
    progressed: Callable[[int, int], None]
    open_tensors: OpenTensors = open_safetensors


def weight_files(folder: Path, part: str) -> list[Path]:
    """The safetensors files of one component, sorted by name."""
    files = sorted((folder / part).glob("*.safetensors"))
    if not files:
        raise SplitreelError("MODEL_INCOMPLETE", {"file": f"{part}/*.safetensors", "problem": "it is not there"})
    return files


def load_pipeline(folder: Path, shard: Shard, tp_group: TensorParallelGroup, reading: ReadOptions) -> LoadedPipeline:
    """Reads this rank's part of each weight once, straight from its place in the file.

    Weights become `dtype` on `device`; no rank ever holds more of the transformer or the text encoder than its shard.
    """
    family = family_of(folder)
    with init_empty_weights(include_buffers=False):
        parts = family.empty_parts(folder)
    whole = {name: _numbers_in(module) for name, module in parts.items()}
    slices: dict[str, dict[str, WeightSlice]] = {
        name: family.shard[name](module, shard, tp_group) if name in family.shard else {}
        for name, module in parts.items()
    }
    # The share of a file's bytes that this rank reads is that of its numbers: all weights of a part have one type.
    total = sum(
        sum(file.stat().st_size for file in weight_files(folder, name)) * _numbers_in(module) // whole[name]
        for name, module in parts.items()
    )
    read = 0
    reading.progressed(read, total)
    for name, module in parts.items():
        for size in _fill(module, folder / name, slices[name], reading):
            read += size
            reading.progressed(read, total)
        module.eval().requires_grad_(False)
    pipeline = family.pipelines[pipeline_name(folder)](
        tokenizer=T5Tokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        scheduler=scheduler(folder, "model"),
        **parts,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.enable_slicing()
    pipeline.vae.enable_tiling()
    return LoadedPipeline(family, pipeline, read, slices)


def read_text_encoder_again(loaded: LoadedPipeline, folder: Path, reading: ReadOptions) -> None:
    """Fills a text encoder whose weights were let go (they are on `meta`)."""
    for _ in _fill(loaded.pipeline.text_encoder, folder / "text_encoder", loaded.slices["text_encoder"], reading):
        pass


def bytes_of(module: torch.nn.Module) -> int:
    """Of the weights that this rank holds of it, wherever they lie."""
    sizes: list[int] = [parameter.numel() * parameter.element_size() for parameter in module.parameters()]
    return sum(sizes)


def _numbers_in(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def scheduler(folder: Path, choice: str) -> Scheduler:
    """`model`: as the folder ships it; otherwise the family's scheduler of that name with the folder's numbers."""
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text("utf-8"))
    name = str(config["_class_name"]) if choice == "model" else choice
    make = family_of(folder).schedulers.get(name)
    if make is None:
        raise SplitreelError("MODEL_UNSUPPORTED", {"what": name})
    return make(config)


def _fill(module: torch.nn.Module, folder: Path, slices: dict[str, WeightSlice], reading: ReadOptions) -> Iterator[int]:
    """Gives every parameter its tensor, or its part of it; yields the bytes of each as it was read."""
    device, dtype = reading.device, reading.dtype
    wanted = {name for name, _ in module.named_parameters()} | {name for name, _ in module.named_buffers()}
    for file in weight_files(folder.parent, folder.name):
        with reading.open_tensors(file) as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a dict
                if name not in wanted:
                    continue
                weight_slice = slices.get(name)
                tensor = (
                    tensors.get_tensor(name) if weight_slice is None else tensors.get_slice(name)[weight_slice.index]
                )
                set_module_tensor_to_device(module, name, device, value=tensor, dtype=dtype)
                yield tensor.numel() * tensor.element_size()
    if isinstance(module, T5EncoderModel):
        module.tie_weights()
    missing = [name for name, parameter in module.named_parameters() if parameter.is_meta]
    if missing:
        raise SplitreelError(
            "MODEL_INCOMPLETE", {"file": f"{folder.name}/{missing[0]}", "problem": "no file holds this weight"}
        )
    for name, buffer in module.named_buffers():
        is_floating = buffer.is_floating_point()
        set_module_tensor_to_device(module, name, device, value=buffer, dtype=dtype if is_floating else None)
