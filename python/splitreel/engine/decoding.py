"""Latents to frames: diffusers' tiled decode, counted tile by tile, and the small pictures shown on the way."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLCogVideoX

Frames = npt.NDArray[np.uint8]

# A preview's longer side in latents: enough to see what forms, a small part of a step's time.
_PREVIEW_LATENTS = 24


def tile_count(vae: AutoencoderKLCogVideoX, latent_frames: int, height: int, width: int) -> int:
    """How often `decode` calls the decoder for latents of this size: tiles in space times spans of time."""
    spans: int = max(latent_frames // vae.num_latent_frames_batch_size, 1)
    if not (vae.use_tiling and (width > vae.tile_latent_min_width or height > vae.tile_latent_min_height)):
        return spans
    down = int(vae.tile_latent_min_height * (1 - vae.tile_overlap_factor_height))
    across = int(vae.tile_latent_min_width * (1 - vae.tile_overlap_factor_width))
    return int(spans * ceil(height / down) * ceil(width / across))


def decode_frames(
    vae: AutoencoderKLCogVideoX, latents_BFCHW: torch.Tensor, tile_done: Callable[[int], None]
) -> tuple[Callable[[], Frames], int]:
    """A function that decodes the one video to uint8 (F, H, W, 3), and how many tiles that takes.

    `tile_done` hears the number of tiles decoded so far and may raise to stop.
    """
    latents_BCFHW = latents_BFCHW.permute(0, 2, 1, 3, 4)
    tiles = tile_count(vae, *latents_BCFHW.shape[2:])

    def decode() -> Frames:
        done = 0

        def count(*_: object) -> None:
            nonlocal done
            done += 1
            tile_done(done)

        handle = vae.decoder.register_forward_hook(count)
        try:
            return to_uint8(vae.decode(latents_BCFHW / vae.config.scaling_factor).sample)
        finally:
            handle.remove()

    return decode, tiles


def preview_image(vae: AutoencoderKLCogVideoX, latents_BFCHW: torch.Tensor) -> Frames:
    """The middle of the video as it forms: one latent frame, made small, decoded. uint8 (H, W, 3)."""
    middle_BCHW = latents_BFCHW[:, latents_BFCHW.shape[1] // 2]
    scale = min(1.0, _PREVIEW_LATENTS / max(middle_BCHW.shape[-2:]))
    if scale < 1:
        middle_BCHW = F.interpolate(middle_BCHW.float(), scale_factor=scale, mode="area").to(middle_BCHW.dtype)
    decoded = vae.decode(middle_BCHW.unsqueeze(2) / vae.config.scaling_factor).sample
    picture: Frames = to_uint8(decoded)[0]
    return picture


def to_uint8(decoded_BCFHW: torch.Tensor) -> Frames:
    """[-1, 1] to 0..255 as diffusers' VideoProcessor and PIL do: (x / 2 + 0.5), clamped, rounded. (F, H, W, 3)."""
    unit = (decoded_BCFHW[0].float() / 2 + 0.5).clamp(0, 1)
    frames: Frames = (unit * 255).round().to(torch.uint8).permute(1, 2, 3, 0).cpu().numpy()
    return frames
