"""What denoising starts from, made by a diffusers pipeline's own methods, for loops that are not the pipeline's.

Follows diffusers 0.42.1, pipelines/cogvideo/pipeline_cogvideox.py and pipeline_cogvideox_image2video.py, `__call__`
up to the denoising loop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from diffusers import CogVideoXImageToVideoPipeline
from PIL.Image import Image

from splitreel.models.cogvideox.transformer import Rotary
from splitreel.models.family import Pipeline


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """The numbers of one video, and the generator of its seed, which later draws go on from."""

    width: int
    height: int
    num_frames: int
    num_inference_steps: int
    guidance_scale: float
    use_dynamic_cfg: bool
    picture: Image | None
    generator: torch.Generator

    def guidance_at(self, timestep: float) -> float:
        """Dynamic guidance as the pipeline has it: by the raw timestep, so it is not monotonic."""
        if not self.use_dynamic_cfg:
            return self.guidance_scale
        steps = self.num_inference_steps
        return 1 + self.guidance_scale * ((1 - math.cos(math.pi * ((steps - timestep) / steps) ** 5.0)) / 2)


@dataclass(frozen=True, slots=True)
class DenoisingInputs:
    """Latents (1, F, C, H, W), those of the picture that is conditioned on (or None), and what each step is given."""

    latents: torch.Tensor
    picture_latents: torch.Tensor | None
    timesteps: torch.Tensor
    rotary: Rotary | None
    ofs: torch.Tensor | None


def prepare_inputs(
    pipeline: Pipeline, asked: SamplingParams, dtype: torch.dtype, device: torch.device
) -> DenoisingInputs:
    """The same draws in the same order as the pipeline's, so the same seed gives the same video."""
    config = pipeline.transformer.config
    pipeline.scheduler.set_timesteps(asked.num_inference_steps, device=device)
    frames = asked.num_frames
    latent_frames = (frames - 1) // pipeline.vae_scale_factor_temporal + 1
    if config.patch_size_t is not None and latent_frames % config.patch_size_t != 0:
        missing = config.patch_size_t - latent_frames % config.patch_size_t
        frames += missing * pipeline.vae_scale_factor_temporal
    size = (frames, asked.height, asked.width)
    picture_latents = None
    if isinstance(pipeline, CogVideoXImageToVideoPipeline):
        pixels = pipeline.video_processor.preprocess(asked.picture, height=asked.height, width=asked.width)
        latents, picture_latents = pipeline.prepare_latents(
            pixels.to(device, dtype=dtype), 1, config.in_channels // 2, *size, dtype, device, asked.generator
        )
    else:
        latents = pipeline.prepare_latents(1, config.in_channels, *size, dtype, device, asked.generator)
    rotary = None
    if config.use_rotary_positional_embeddings:
        rotary = pipeline._prepare_rotary_positional_embeddings(asked.height, asked.width, latents.size(1), device)
    ofs = None
    if config.ofs_embed_dim is not None:
        ofs = latents.new_full((1,), fill_value=2.0)
    return DenoisingInputs(latents, picture_latents, pipeline.scheduler.timesteps, rotary, ofs)
