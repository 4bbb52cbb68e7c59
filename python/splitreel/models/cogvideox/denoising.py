"""The denoising loop of a whole video: each rank runs the whole scheduler, only the transformer is split.

Follows diffusers 0.42.1, pipelines/cogvideo/pipeline_cogvideox.py and pipeline_cogvideox_image2video.py, `__call__`:
the same numbers. Timesteps stay on the CPU and noise is drawn ahead, so that the device never waits for the CPU.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from diffusers import CogVideoXDPMScheduler

from splitreel.contract.types import SamplingParams
from splitreel.models.cogvideox.inputs import DenoisingInputs, guidance_at
from splitreel.models.cogvideox.noise import NoiseAhead
from splitreel.models.cogvideox.patch_scheduler import Scheduler
from splitreel.models.cogvideox.step_cache import StepCache
from splitreel.models.cogvideox.transformer import Rotary, SplitTransformer
from splitreel.parallel.pipefusion import StepResult
from splitreel.parallel.tokens import LocalTokens, TokenSplit


@dataclass(frozen=True, slots=True)
class WholeVideo:
    """One video's denoising. `text` (B, T, D): with guidance the negative prompt's embeddings, then the prompt's."""

    split: SplitTransformer
    scheduler: Scheduler
    params: SamplingParams
    inputs: DenoisingInputs
    text: torch.Tensor
    cache: StepCache | None = None


def denoise(video: WholeVideo, on_step: Callable[[StepResult], None]) -> torch.Tensor:
    """Latents (1, F, C, H, W) after the last step. `on_step` may raise to stop."""
    latents = video.inputs.latents
    noise = NoiseAhead(latents.shape, latents.dtype, video.inputs.generator)
    clean: torch.Tensor | None = None
    with noise.replacing_scheduler_noise():
        for number in range(video.params.num_inference_steps):
            began = time.perf_counter()
            prediction = _predict(video, number, latents)
            latents, clean = _step(video, number, prediction, latents, clean)
            if latents.device.type == "cuda":
                # Reports a step when the device has finished it, not when it has been launched.
                torch.cuda.synchronize(latents.device)
            on_step(StepResult(number, time.perf_counter() - began, latents))
    return latents


def _predict(video: WholeVideo, number: int, latents: torch.Tensor) -> torch.Tensor:
    """The guided prediction of one step, (1, F, C, H, W) in float32."""
    inputs, batch = video.inputs, len(video.text)
    given = torch.cat([latents] * batch)
    if inputs.image_latents is not None:
        given = torch.cat([given, torch.cat([inputs.image_latents] * batch)], dim=2)
    timestep = inputs.device_timesteps[number].expand(batch)
    run_blocks = None if video.cache is None else partial(_run_or_reuse, video.split, video.cache, number)
    prediction = video.split.predict(given, video.text, timestep, inputs.ofs, inputs.rotary, run_blocks).float()
    if batch == 1:
        return prediction
    without, with_prompt = prediction.chunk(2)
    return without + guidance_at(video.params, float(inputs.timesteps[number])) * (with_prompt - without)


def _run_or_reuse(
    split: SplitTransformer,
    cache: StepCache,
    number: int,
    local: LocalTokens,
    condition: torch.Tensor,
    rotary: Rotary | None,
    token_split: TokenSplit,
) -> LocalTokens:
    """The blocks of one step, or what they are predicted to add to the image tokens."""
    if cache.computed[number]:
        result = split.run_blocks(local, condition, rotary, token_split)
        cache.keep(number, result.image - local.image)
        return result
    return LocalTokens(local.image + cache.predict(number), local.text)


def _step(
    video: WholeVideo, number: int, prediction: torch.Tensor, latents: torch.Tensor, clean: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The scheduler's step. Returns the next latents, and the estimate of the clean ones that the next step needs."""
    scheduler, timesteps = video.scheduler, video.inputs.timesteps
    if isinstance(scheduler, CogVideoXDPMScheduler):
        before = timesteps[number - 1] if number > 0 else None
        stepped, clean = scheduler.step(
            prediction, clean, timesteps[number], before, latents, generator=video.inputs.generator, return_dict=False
        )
    else:
        stepped = scheduler.step(prediction, timesteps[number], latents, return_dict=False)[0]
    return stepped.to(video.text.dtype), clean
