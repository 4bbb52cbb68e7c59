"""CogVideoX, 2B, 5B and 1.5, from text or from a picture: the adapter. Limits and sizes: `model_shape.py`."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import (
    AutoencoderKLCogVideoX,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXImageToVideoPipeline,
    CogVideoXPipeline,
    CogVideoXTransformer3DModel,
)
from torch import nn
from transformers import T5Config, T5EncoderModel

from splitreel.models.cogvideox.sharding import shard_text_encoder, shard_transformer
from splitreel.models.cogvideox.transformer import SplitTransformer
from splitreel.models.family import Config, Family, Frames, Scheduler
from splitreel.models.frames import to_uint8

# A preview's longer side in latents: enough to see what forms, a small part of a step's time.
_PREVIEW_LATENTS = 24


def _empty_parts(folder: Path) -> dict[str, nn.Module]:
    def config(part: str) -> Config:
        fields: Config = json.loads((folder / part / "config.json").read_text("utf-8"))
        return fields

    return {
        "text_encoder": T5EncoderModel(T5Config.from_pretrained(folder / "text_encoder")),
        "transformer": CogVideoXTransformer3DModel.from_config(config("transformer")),
        "vae": AutoencoderKLCogVideoX.from_config(config("vae")),
    }


def _ddim(config: Config) -> Scheduler:
    return CogVideoXDDIMScheduler.from_config(config)


def _dpm(config: Config) -> Scheduler:
    return CogVideoXDPMScheduler.from_config(config)


def _trailing_dpm(config: Config) -> Scheduler:
    return CogVideoXDPMScheduler.from_config(config, timestep_spacing="trailing")


def preview(vae: AutoencoderKLCogVideoX, latents_BFCHW: torch.Tensor) -> Frames:
    """The middle of the video as it forms: one latent frame, made small, decoded. uint8 (H, W, 3)."""
    middle_BCHW = latents_BFCHW[:, latents_BFCHW.shape[1] // 2]
    scale = min(1.0, _PREVIEW_LATENTS / max(middle_BCHW.shape[-2:]))
    if scale < 1:
        middle_BCHW = F.interpolate(middle_BCHW.float(), scale_factor=scale, mode="area").to(middle_BCHW.dtype)
    decoded = vae.decode(middle_BCHW.unsqueeze(2) / vae.config.scaling_factor).sample
    picture: Frames = to_uint8(decoded)[0]
    return picture


COGVIDEOX = Family(
    pipelines={
        "CogVideoXPipeline": CogVideoXPipeline,
        "CogVideoXImageToVideoPipeline": CogVideoXImageToVideoPipeline,
    },
    schedulers={
        "CogVideoXDDIMScheduler": _ddim,
        "CogVideoXDPMScheduler": _dpm,
        "ddim": _ddim,
        "dpm": _trailing_dpm,
    },
    empty_parts=_empty_parts,
    shard={"text_encoder": shard_text_encoder, "transformer": shard_transformer},
    split=SplitTransformer,
    preview=preview,
)
