"""How large the files of a video may become."""

from __future__ import annotations

from splitreel.rules.model_shape import ModelShape

# Visually lossless H.264 rarely needs more. While it is written there are two copies.
_BYTES_PER_PIXEL = 0.75
_SPARE_BYTES = 8_000_000
_FLOAT32_BYTES = 4


def video_bytes(width: int, height: int, frames: int) -> int:
    """Disk space for making one video, in bytes: a generous estimate."""
    return int(2 * _BYTES_PER_PIXEL * width * height * frames) + _SPARE_BYTES


def latents_bytes(shape: ModelShape, width: int, height: int, frames: int) -> int:
    """A video's final latents in float32, with the frames that pad the last temporal patch."""
    latent_frames = (frames - 1) // shape.temporal_compression + 1
    padded = -(-latent_frames // shape.patch_size_temporal) * shape.patch_size_temporal
    area = (width // shape.spatial_compression) * (height // shape.spatial_compression)
    return _FLOAT32_BYTES * padded * shape.latent_channels * area
