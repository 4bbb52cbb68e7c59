"""Records when each step of a job ended on the device."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import torch

from splitreel.bench.silent import SilentHooks
from splitreel.contract.types import Stage


class StepClock(SilentHooks):
    """Records the time after each step, once the device has finished it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.latents_BFCHW: npt.NDArray[np.float32] | None = None
        self.moments: dict[Stage, list[float]] = {stage: [] for stage in Stage}

    def mark(self, stage: Stage) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self.moments[stage].append(time.perf_counter())

    def stage_started(self, video: int, stage: Stage, total: int) -> None:
        self.mark(stage)

    def stage_progressed(self, video: int, stage: Stage, completed: int) -> None:
        if stage is Stage.DENOISING:
            self.mark(stage)

    def stage_finished(self, video: int, stage: Stage) -> None:
        self.mark(stage)

    def latents(self, video: int, latents_BFCHW: torch.Tensor) -> None:
        self.latents_BFCHW = latents_BFCHW.numpy()

    def seconds(self, stage: Stage) -> float:
        return self.moments[stage][-1] - self.moments[stage][0]

    @property
    def step_s(self) -> float:
        """The median step, without the first. Recorded times: start, each step, finish."""
        steps = np.diff(self.moments[Stage.DENOISING][:-1])
        return float(np.median(steps[1:] if len(steps) > 1 else steps))
