"""A model folder to components on a device: safetensors only, tensor by tensor from the disk to where it is used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from accelerate import init_empty_weights
from accelerate.utils import set_module_tensor_to_device
from diffusers import (
    AutoencoderKLCogVideoX,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXImageToVideoPipeline,
    CogVideoXPipeline,
    CogVideoXTransformer3DModel,
)
from transformers import T5Config, T5EncoderModel, T5Tokenizer

from splitreel.errors import SplitreelError
from splitreel.models.tensor_files import OpenTensors, open_safetensors

Pipeline: TypeAlias = CogVideoXPipeline | CogVideoXImageToVideoPipeline
Scheduler: TypeAlias = CogVideoXDDIMScheduler | CogVideoXDPMScheduler

_PIPELINES = {"CogVideoXPipeline": CogVideoXPipeline, "CogVideoXImageToVideoPipeline": CogVideoXImageToVideoPipeline}
_SCHEDULERS = {"CogVideoXDDIMScheduler": CogVideoXDDIMScheduler, "CogVideoXDPMScheduler": CogVideoXDPMScheduler}
_WEIGHTED = ("text_encoder", "transformer", "vae")


@dataclass(frozen=True, slots=True)
class Loaded:
    pipeline: Pipeline
    bytes_read: int


def weight_files(folder: Path, part: str) -> list[Path]:
    """The safetensors files of one component, sorted by name."""
    files = sorted((folder / part).glob("*.safetensors"))
    if not files:
        raise SplitreelError("MODEL_INCOMPLETE", {"file": f"{part}/*.safetensors", "problem": "it is not there"})
    return files


def weight_bytes(folder: Path) -> int:
    """Bytes of all weights as they lie on the disk."""
    return sum(file.stat().st_size for part in _WEIGHTED for file in weight_files(folder, part))


def load_pipeline(
    folder: Path,
    dtype: torch.dtype,
    device: torch.device,
    progressed: Callable[[int], None],
    open_tensors: OpenTensors = open_safetensors,
) -> Loaded:
    """Reads every weight once; `progressed` hears the bytes read so far and may raise to stop.

    Weights become `dtype` on `device`; no rank holds a file or a component twice.
    """
    with init_empty_weights(include_buffers=False):
        parts: dict[str, torch.nn.Module] = {
            "text_encoder": T5EncoderModel(T5Config.from_pretrained(folder / "text_encoder")),
            "transformer": CogVideoXTransformer3DModel.from_config(_config(folder, "transformer")),
            "vae": AutoencoderKLCogVideoX.from_config(_config(folder, "vae")),
        }
    read = 0
    for name, module in parts.items():
        for size in _fill(module, folder, name, dtype, device, open_tensors):
            read += size
            progressed(read)
        module.eval().requires_grad_(False)
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    pipeline = _PIPELINES[index["_class_name"]](
        tokenizer=T5Tokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        scheduler=scheduler(folder, "model"),
        **parts,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.enable_slicing()
    pipeline.vae.enable_tiling()
    return Loaded(pipeline, read)


def read_again(
    module: torch.nn.Module,
    folder: Path,
    part: str,
    dtype: torch.dtype,
    device: torch.device,
    open_tensors: OpenTensors = open_safetensors,
) -> None:
    """Fills a component whose weights were let go (they are on `meta`)."""
    for _ in _fill(module, folder, part, dtype, device, open_tensors):
        pass


def scheduler(folder: Path, choice: str) -> Scheduler:
    """`model`: as the folder ships it; otherwise that class with the folder's numbers, trailing spacing for DPM."""
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text("utf-8"))
    if choice == "ddim":
        return CogVideoXDDIMScheduler.from_config(config)
    if choice == "dpm":
        return CogVideoXDPMScheduler.from_config(config, timestep_spacing="trailing")
    known = _SCHEDULERS.get(config["_class_name"])
    if known is None:
        raise SplitreelError("MODEL_UNSUPPORTED", {"what": config["_class_name"]})
    return known.from_config(config)


def _config(folder: Path, part: str) -> dict[str, object]:
    config: dict[str, object] = json.loads((folder / part / "config.json").read_text("utf-8"))
    return config


def _fill(
    module: torch.nn.Module,
    folder: Path,
    part: str,
    dtype: torch.dtype,
    device: torch.device,
    open_tensors: OpenTensors,
) -> Iterator[int]:
    """Gives every parameter its tensor; yields the bytes of each as it was read."""
    wanted = {name for name, _ in module.named_parameters()} | {name for name, _ in module.named_buffers()}
    for file in weight_files(folder, part):
        with open_tensors(file) as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a dict
                tensor = tensors.get_tensor(name)
                if name in wanted:
                    set_module_tensor_to_device(module, name, device, value=tensor, dtype=dtype)
                yield tensor.numel() * tensor.element_size()
    if isinstance(module, T5EncoderModel):
        module.tie_weights()
    missing = [name for name, parameter in module.named_parameters() if parameter.is_meta]
    if missing:
        raise SplitreelError(
            "MODEL_INCOMPLETE", {"file": f"{part}/{missing[0]}", "problem": "no file holds this weight"}
        )
    for name, buffer in module.named_buffers():
        is_floating = buffer.is_floating_point()
        set_module_tensor_to_device(module, name, device, value=buffer, dtype=dtype if is_floating else None)
