"""What denoising starts from, prepared by a diffusers pipeline's own methods, for loops other than the pipeline's.

Follows diffusers 0.42.1, pipelines/cogvideo/pipeline_cogvideox.py and pipeline_cogvideox_image2video.py, `__call__` up
to the denoising loop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import torch
from diffusers import CogVideoXImageToVideoPipeline, CogVideoXPipeline
from PIL.Image import Image

from splitreel.contract.types import SamplingParams
from splitreel.models.cogvideox.transformer import Rotary

Pipeline: TypeAlias = CogVideoXPipeline | CogVideoXImageToVideoPipeline


@dataclass(frozen=True, slots=True)
class DenoisingInputs:
    """Latents (1, F, C, H, W), those of the conditioning image (or None), and the other inputs of every step.

    `generator` continues after the initial noise: stochastic schedulers draw from it.
    """

    latents: torch.Tensor
    image_latents: torch.Tensor | None
    timesteps: torch.Tensor  # on the CPU, where the scheduler reads them
    device_timesteps: torch.Tensor
    rotary: Rotary | None
    ofs: torch.Tensor | None
    generator: torch.Generator


def prepare_inputs(
    pipeline: Pipeline, params: SamplingParams, seed: int, image: Image | None, dtype: torch.dtype, device: torch.device
) -> DenoisingInputs:
    """Draws the same numbers in the same order as the pipeline, so a seed gives the same video."""
    generator = torch.Generator("cpu").manual_seed(seed)
    config = pipeline.transformer.config
    pipeline.scheduler.set_timesteps(params.num_inference_steps, device="cpu")
    frames = params.num_frames
    latent_frames = (frames - 1) // pipeline.vae_scale_factor_temporal + 1
    if config.patch_size_t is not None and latent_frames % config.patch_size_t != 0:
        missing = config.patch_size_t - latent_frames % config.patch_size_t
        frames += missing * pipeline.vae_scale_factor_temporal
    size = (frames, params.height, params.width)
    image_latents = None
    if isinstance(pipeline, CogVideoXImageToVideoPipeline):
        pixels = pipeline.video_processor.preprocess(image, height=params.height, width=params.width)
        latents, image_latents = pipeline.prepare_latents(
            pixels.to(device, dtype=dtype), 1, config.in_channels // 2, *size, dtype, device, generator
        )
    else:
        latents = pipeline.prepare_latents(1, config.in_channels, *size, dtype, device, generator)
    rotary = None
    if config.use_rotary_positional_embeddings:
        rotary = pipeline._prepare_rotary_positional_embeddings(params.height, params.width, latents.size(1), device)
    ofs = None
    if config.ofs_embed_dim is not None:
        ofs = latents.new_full((1,), fill_value=2.0)
    timesteps = pipeline.scheduler.timesteps
    return DenoisingInputs(latents, image_latents, timesteps, timesteps.to(device), rotary, ofs, generator)


def guidance_at(params: SamplingParams, timestep: float) -> float:
    """Dynamic guidance as in the pipeline. It depends on the raw timestep, so it is not monotonic over the steps."""
    if not params.use_dynamic_cfg:
        return params.guidance_scale
    steps = params.num_inference_steps
    return 1 + params.guidance_scale * ((1 - math.cos(math.pi * ((steps - timestep) / steps) ** 5.0)) / 2)
