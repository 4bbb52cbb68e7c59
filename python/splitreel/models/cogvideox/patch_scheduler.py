"""Scheduler steps on patches of a video, equal to a step on the whole video.

Both of CogVideoX's schedulers are elementwise, but CogVideoXDPMScheduler draws noise in the shape of its input. Here
noise is drawn once per step in the shape of the whole video, from the same generator, and each patch gets its own part
of it. All patches of a step together then equal the step that the pipeline takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from diffusers import CogVideoXDDIMScheduler, CogVideoXDPMScheduler
from diffusers.schedulers import scheduling_dpm_cogvideox
from diffusers.utils.torch_utils import randn_tensor

from splitreel.models.cogvideox.noise import NoiseAhead
from splitreel.parallel.spans import Span

ToRows = Callable[[torch.Tensor], torch.Tensor]
Scheduler: TypeAlias = CogVideoXDDIMScheduler | CogVideoXDPMScheduler


class PatchScheduler:
    """One video's rows (1, S, values), advanced span by span and step by step."""

    def __init__(
        self, scheduler: Scheduler, latents: torch.Tensor, to_rows: ToRows, generator: torch.Generator
    ) -> None:
        self._scheduler = scheduler
        self._like = latents
        self._to_rows = to_rows
        self._generator = generator
        self.rows = to_rows(latents)
        self._clean = torch.zeros_like(self.rows, dtype=torch.float32)
        self._step = -1
        self._noise: list[torch.Tensor] = []
        is_random = isinstance(scheduler, CogVideoXDPMScheduler)
        self._ahead = NoiseAhead(latents.shape, latents.dtype, generator) if is_random else None

    def close(self) -> None:
        """Ends the thread that draws ahead."""
        if self._ahead is not None:
            self._ahead.close()

    def step(self, number: int, span: Span, prediction: torch.Tensor) -> torch.Tensor:
        """Rows of a span after step `number`, from their prediction (1, span, values). Call a step's spans in order."""
        if number != self._step:
            self._step, self._noise = number, []
        steps = self._scheduler.timesteps
        time, sample = steps[number], self.rows[:, span.slice]
        if isinstance(self._scheduler, CogVideoXDPMScheduler):
            before = None if number == 0 else self._clean[:, span.slice]
            time_before = None if number == 0 else steps[number - 1]
            with self._noise_of(span):
                stepped, clean = self._scheduler.step(
                    prediction, before, time, time_before, sample, generator=self._generator, return_dict=False
                )
            self._clean[:, span.slice] = clean
        else:
            stepped = self._scheduler.step(prediction, time, sample, return_dict=False)[0]
        self.rows[:, span.slice] = stepped.to(self.rows.dtype)
        return self.rows[:, span.slice]

    @contextmanager
    def _noise_of(self, span: Span) -> Iterator[None]:
        """Makes the scheduler draw this span's part of the whole video's noise."""
        drawn = 0

        def draw(
            _shape: object, *, generator: torch.Generator, device: torch.device, dtype: torch.dtype
        ) -> torch.Tensor:
            nonlocal drawn
            if drawn == len(self._noise):
                assert self._ahead is not None
                whole = self._ahead.take(self._like.shape, generator=generator, device=device, dtype=dtype)
                self._noise.append(self._to_rows(whole))
            drawn += 1
            return self._noise[drawn - 1][:, span.slice]

        scheduling_dpm_cogvideox.randn_tensor = draw
        try:
            yield
        finally:
            scheduling_dpm_cogvideox.randn_tensor = randn_tensor
