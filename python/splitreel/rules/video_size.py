"""How large a video file may become."""

from __future__ import annotations

# Visually lossless H.264 seldom needs more; while it is made there are two copies.
_BYTES_PER_PIXEL = 0.75
_SPARE_BYTES = 8_000_000


def video_bytes(width: int, height: int, frames: int) -> int:
    """Room that making one video needs on the disk, generously."""
    return int(2 * _BYTES_PER_PIXEL * width * height * frames) + _SPARE_BYTES
