"""Decoded frames to 8-bit RGB."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch


def to_uint8(decoded_BCFHW: torch.Tensor) -> npt.NDArray[np.uint8]:
    """(1, 3, F, H, W) in [-1, 1] to uint8 (F, H, W, 3), as in diffusers' VideoProcessor: x / 2 + 0.5, clamped, rounded."""
    unit = (decoded_BCFHW[0].float() / 2 + 0.5).clamp(0, 1)
    frames: npt.NDArray[np.uint8] = (unit * 255).round().to(torch.uint8).permute(1, 2, 3, 0).cpu().numpy()
    return frames
