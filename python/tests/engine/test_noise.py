"""Noise drawn ahead is the noise that the scheduler would have drawn."""

from __future__ import annotations

import pytest
import torch
from diffusers import CogVideoXDPMScheduler
from diffusers.schedulers import scheduling_dpm_cogvideox
from diffusers.utils.torch_utils import randn_tensor

from splitreel.models.cogvideox.noise import NoiseAhead

SHAPE = torch.Size((1, 3, 4, 2, 2))


def _trajectory(generator: torch.Generator) -> torch.Tensor:
    scheduler = CogVideoXDPMScheduler(prediction_type="v_prediction", timestep_spacing="trailing")
    scheduler.set_timesteps(4)
    latents, clean = torch.ones(SHAPE), None
    for number, timestep in enumerate(scheduler.timesteps):
        before = scheduler.timesteps[number - 1] if number > 0 else None
        latents, clean = scheduler.step(0.5 * latents, clean, timestep, before, latents, generator=generator)
    return latents


def test_the_same_seed_gives_the_same_trajectory() -> None:
    expected = _trajectory(torch.Generator("cpu").manual_seed(3))
    generator = torch.Generator("cpu").manual_seed(3)
    with NoiseAhead(SHAPE, torch.float32, generator).replacing_scheduler_noise():
        assert torch.equal(_trajectory(generator), expected)
    assert scheduling_dpm_cogvideox.randn_tensor is randn_tensor


def test_the_scheduler_has_its_own_noise_back_after_an_error() -> None:
    generator = torch.Generator("cpu").manual_seed(3)
    with (
        pytest.raises(RuntimeError, match="stop"),
        NoiseAhead(SHAPE, torch.float32, generator).replacing_scheduler_noise(),
    ):
        raise RuntimeError("stop")
    assert scheduling_dpm_cogvideox.randn_tensor is randn_tensor
