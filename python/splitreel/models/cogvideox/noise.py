"""The noise that CogVideoXDPMScheduler adds in each step, drawn while the device computes.

The generator is the CPU's, so that a seed gives the same video on every device. At the size of a 49-frame video a draw
takes longer than everything else outside the transformer, so a thread draws ahead: the same numbers in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import torch
from diffusers.schedulers import scheduling_dpm_cogvideox
from diffusers.utils.torch_utils import randn_tensor

# The scheduler draws twice in each step except the first and the last.
_AHEAD = 2


class NoiseAhead:
    """Successive draws of one shape and type. Nothing else may draw from the generator while this lives."""

    def __init__(self, shape: torch.Size, dtype: torch.dtype, generator: torch.Generator) -> None:
        assert generator.device.type == "cpu"
        self._shape = shape
        self._dtype = dtype
        self._generator = generator
        self._thread = ThreadPoolExecutor(1, "noise")
        self._drawn: list[Future[torch.Tensor]] = [self._thread.submit(self._draw) for _ in range(_AHEAD)]

    def _draw(self) -> torch.Tensor:
        noise: torch.Tensor = randn_tensor(
            self._shape, generator=self._generator, device=torch.device("cpu"), dtype=self._dtype
        )
        return noise

    def take(
        self, shape: torch.Size, *, generator: torch.Generator, device: torch.device, dtype: torch.dtype
    ) -> torch.Tensor:
        """Like diffusers' `randn_tensor` with this generator."""
        assert (shape, dtype, generator) == (self._shape, self._dtype, self._generator)
        noise = self._drawn.pop(0).result().to(device)
        self._drawn.append(self._thread.submit(self._draw))
        return noise

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def replacing_scheduler_noise(self) -> Iterator[None]:
        """A context in which CogVideoXDPMScheduler takes its noise from here."""
        scheduling_dpm_cogvideox.randn_tensor = self.take
        try:
            yield
        finally:
            scheduling_dpm_cogvideox.randn_tensor = randn_tensor
            self.close()
