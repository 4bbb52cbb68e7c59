"""Plain diffusers, for comparison. Uses none of our loader, transformer or engine."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from accelerate import init_empty_weights
from diffusers import (
    AutoencoderKLCogVideoX,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXPipeline,
    CogVideoXTransformer3DModel,
)
from transformers import T5Config, T5EncoderModel, T5Tokenizer

from splitreel.models.tensor_files import OpenTensors


def dtype_of(name: str, device: torch.device) -> torch.dtype:
    """The dtype that LoadOptions describes."""
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if name == "bfloat16" else torch.float32


def plain_pipeline(
    folder: Path, dtype: torch.dtype, device: torch.device, open_tensors: OpenTensors
) -> CogVideoXPipeline:
    """diffusers' pipeline with its own transformer, the VAE tiled and sliced, on the device."""
    with init_empty_weights(include_buffers=False):
        parts: dict[str, torch.nn.Module] = {
            "text_encoder": T5EncoderModel(T5Config.from_pretrained(folder / "text_encoder")),
            "transformer": CogVideoXTransformer3DModel.from_config(_config(folder, "transformer")),
            "vae": AutoencoderKLCogVideoX.from_config(_config(folder, "vae")),
        }
    for name, part in parts.items():
        for file in sorted((folder / name).glob("*.safetensors")):
            with open_tensors(file) as tensors:
                state = {key: tensors.get_tensor(key).to(device, dtype) for key in tensors.keys()}  # noqa: SIM118
            part.load_state_dict(state, strict=False, assign=True)
        if isinstance(part, T5EncoderModel):
            part.tie_weights()
        part.to(device).eval().requires_grad_(False)
    scheduler = _config(folder, "scheduler")
    is_dpm = scheduler["_class_name"] == "CogVideoXDPMScheduler"
    pipeline = CogVideoXPipeline(
        tokenizer=T5Tokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        scheduler=(CogVideoXDPMScheduler if is_dpm else CogVideoXDDIMScheduler).from_config(scheduler),
        **parts,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.enable_slicing()
    pipeline.vae.enable_tiling()
    return pipeline


def _config(folder: Path, part: str) -> dict[str, object]:
    names = {"scheduler": "scheduler_config.json"}
    config: dict[str, object] = json.loads((folder / part / names.get(part, "config.json")).read_text("utf-8"))
    return config
