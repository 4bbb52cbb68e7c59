"""Decoded pictures to bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch


def to_uint8(decoded_BCFHW: torch.Tensor) -> npt.NDArray[np.uint8]:
    """[-1, 1] to 0..255 as diffusers' VideoProcessor and PIL do: (x / 2 + 0.5), clamped, rounded. (F, H, W, 3)."""
    unit = (decoded_BCFHW[0].float() / 2 + 0.5).clamp(0, 1)
    frames: npt.NDArray[np.uint8] = (unit * 255).round().to(torch.uint8).permute(1, 2, 3, 0).cpu().numpy()
    return frames
