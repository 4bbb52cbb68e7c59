"""Steps of the two schedulers that CogVideoX uses, over all rows of latents or over some.

The numbers are diffusers' (0.42, `scheduling_ddim_cogvideox.py` and `scheduling_dpm_cogvideox.py`), whose
objects give the timesteps and the factors. The step itself is written out, for their own `step` draws its
noise in the shape of what it is given: a rank with half of the rows would draw other noise than a rank with
all of them. Here noise is drawn whole, once a step, by every rank that steps any row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from diffusers import CogVideoXDDIMScheduler, CogVideoXDPMScheduler
from torch import Tensor

from splitreel.engine.api import SchedulerChoice
from splitreel.errors import SplitreelError


class DrawNoise(Protocol):
    """Draws noise of the whole latents, [1, N, P], from the video's generator."""

    def __call__(self) -> Tensor: ...


def make_scheduler(choice: SchedulerChoice, config: dict[str, Any]) -> Any:
    """The folder's scheduler, or the chosen class with the folder's betas. Raises MODEL_UNSUPPORTED."""
    shipped = str(config.get("_class_name"))
    known = {"CogVideoXDDIMScheduler": CogVideoXDDIMScheduler, "CogVideoXDPMScheduler": CogVideoXDPMScheduler}
    if shipped not in known:
        raise SplitreelError("MODEL_UNSUPPORTED", {"what": f"The scheduler {shipped}"})
    if choice is SchedulerChoice.DDIM:
        return CogVideoXDDIMScheduler.from_config(config)
    if choice is SchedulerChoice.DPM:
        return CogVideoXDPMScheduler.from_config(config, timestep_spacing="trailing")
    return known[shipped].from_config(config)


@dataclass(slots=True)
class Sampler:
    """Latents of one video on their way. rows_1NP; `clean_1NP` is what the last step took the end to be."""

    scheduler: Any
    rows_1NP: Tensor
    draw_noise: DrawNoise
    guidance_scale: float
    use_dynamic_cfg: bool
    timesteps: list[int] = field(default_factory=list)
    clean_1NP: Tensor | None = None
    _noise_step: int = -1
    _noise: tuple[Tensor, ...] = ()
    _clean_before_1NP: Tensor | None = None
    _clean_step: int = -1

    def start(self, num_inference_steps: int) -> None:
        self.scheduler.set_timesteps(num_inference_steps)
        self.timesteps = [int(t) for t in self.scheduler.timesteps]

    def guide(self, step: int, prediction_BNP: Tensor) -> Tensor:
        """[unconditional, conditional] to one prediction, in float32. One alone is returned as it is."""
        prediction = prediction_BNP.float()
        if prediction.shape[0] == 1:
            return prediction
        scale = self.guidance_scale
        if self.use_dynamic_cfg:
            # The raw timestep over the number of steps, as the original has it: not monotonic, but kept so
            # that the picture is everyone else's.
            count = len(self.timesteps)
            scale = 1 + scale * ((1 - math.cos(math.pi * ((count - self.timesteps[step]) / count) ** 5.0)) / 2)
        unconditional, conditional = prediction.chunk(2)
        return unconditional + scale * (conditional - unconditional)

    def step(self, step: int, prediction_1nP: Tensor, rows: slice = slice(None)) -> Tensor:
        """Takes these rows one step on and returns them. Every rank that steps rows steps in order."""
        if step != self._clean_step:
            self._clean_before_1NP, self._clean_step = self.clean_1NP, step
            self.clean_1NP = torch.empty_like(self.rows_1NP, dtype=torch.float32)
        assert self.clean_1NP is not None
        sample = self.rows_1NP[:, rows]
        before = None if self._clean_before_1NP is None else self._clean_before_1NP[:, rows]
        if isinstance(self.scheduler, CogVideoXDPMScheduler):
            stepped, clean = self._dpm(step, prediction_1nP, sample, before, rows)
        else:
            stepped, clean = self._ddim(step, prediction_1nP, sample)
        self.clean_1NP[:, rows] = clean
        self.rows_1NP[:, rows] = stepped.to(self.rows_1NP.dtype)
        return self.rows_1NP[:, rows]

    def _alphas(self, step: int) -> tuple[Tensor, Tensor, bool]:
        """Cumulative alphas of this timestep and of the next, and whether the next is beyond the end."""
        s, t = self.scheduler, self.timesteps[step]
        following = t - s.config.num_train_timesteps // s.num_inference_steps
        after = s.alphas_cumprod[following] if following >= 0 else s.final_alpha_cumprod
        return s.alphas_cumprod[t], after, following < 0

    def _clean(self, prediction: Tensor, sample: Tensor, alpha: Tensor) -> Tensor:
        match self.scheduler.config.prediction_type:
            case "v_prediction":
                return (alpha**0.5) * sample - ((1 - alpha) ** 0.5) * prediction
            case "epsilon":
                return (sample - (1 - alpha) ** 0.5 * prediction) / alpha**0.5
            case _:
                return prediction

    def _ddim(self, step: int, prediction: Tensor, sample: Tensor) -> tuple[Tensor, Tensor]:
        alpha, after, _ = self._alphas(step)
        clean = self._clean(prediction, sample, alpha)
        a = ((1 - after) / (1 - alpha)) ** 0.5
        b = after**0.5 - alpha**0.5 * a
        return a * sample + b * clean, clean

    def _dpm(
        self, step: int, prediction: Tensor, sample: Tensor, before: Tensor | None, rows: slice
    ) -> tuple[Tensor, Tensor]:
        alpha, after, at_end = self._alphas(step)
        back = self.scheduler.alphas_cumprod[self.timesteps[step - 1]] if step > 0 else None
        clean = self._clean(prediction, sample, alpha)
        h, r, _, _ = self.scheduler.get_variables(alpha, after, back)
        factors = self.scheduler.get_mult(h, r, alpha, after, back)
        noise_factor = (1 - after) ** 0.5 * (1 - (-2 * h).exp()) ** 0.5
        second_order = before is not None and not at_end
        # The scheduler draws once for a first-order step and again for a second-order one; both draws move
        # the generator, so both are made.
        noise = self._noise_of(step, 2 if second_order else 1)[-1][:, rows]
        target = clean
        if second_order:
            target = factors[2] * clean - factors[3] * before
        return factors[0] * sample - factors[1] * target + noise_factor * noise, clean

    def _noise_of(self, step: int, draws: int) -> tuple[Tensor, ...]:
        if step != self._noise_step:
            self._noise_step, self._noise = step, tuple(self.draw_noise() for _ in range(draws))
        return self._noise
