"""Steps whose blocks are not computed: what the blocks added to the tokens in an earlier step is added again.

Liu et al., TeaCache (arXiv 2411.19108), with the coefficients that its authors publish for each CogVideoX model
(TeaCache4CogVideoX1.5/teacache_sample_video.py). Which steps are computed follows from the time embeddings alone, so
it is known before the first step and is the same for every prompt, seed and plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch

# The authors' lower threshold. At twice of it the published difference from the whole computation is visible.
THRESHOLD = 0.1

_2B = (-3.10658903e01, 2.54732368e01, -5.92380459e00, 1.75769064e00, -3.61568434e-03)
_5B = (-1.53880483e03, 8.43202495e02, -1.34363087e02, 7.97131516e00, -5.23162339e-02)
_1_5 = (2.50210439e02, -1.65061612e02, 3.57804877e01, -7.81551492e-01, 3.58559703e-02)
_1_5_I2V = (1.22842302e02, -1.04088754e02, 2.62981677e01, -3.06009921e-01, 3.71213220e-02)


def coefficients(config: Any) -> tuple[float, ...]:
    """Of the polynomial that turns the change of a time embedding into that of the prediction, highest power first."""
    if config.patch_size_t is not None:
        # Image to video has the image's latents beside the noisy ones.
        return _1_5_I2V if config.in_channels > config.out_channels else _1_5
    return _5B if config.use_rotary_positional_embeddings else _2B


def computed_steps(embeddings: torch.Tensor, polynomial: Sequence[float], threshold: float = THRESHOLD) -> list[bool]:
    """Whether each step is computed, from the time embedding of each, (steps, E). The first and last always are."""
    rows = embeddings.double().cpu()
    computed, distance = [True], 0.0
    for before, now in pairwise(rows[:-1]):
        change = float((now - before).abs().mean() / before.abs().mean())
        estimate = 0.0
        for coefficient in polynomial:
            estimate = estimate * change + coefficient
        distance += estimate
        computed.append(distance >= threshold)
        if computed[-1]:
            distance = 0.0
    return [*computed, True] if len(rows) > 1 else computed


@dataclass(slots=True)
class StepCache:
    """One video's: which steps are computed, and what the blocks added to this rank's image tokens in the last of them."""

    computed: Sequence[bool]
    added: torch.Tensor | None = field(default=None)

    @property
    def reused(self) -> int:
        return len(self.computed) - sum(self.computed)
