"""Previews of a video in progress."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_QUALITY = 85


def write_preview(path: Path, image_u8_HWC: np.ndarray) -> None:
    """A JPEG that appears by rename, so that a reader never sees half of it."""
    from PIL import Image

    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        Image.fromarray(image_u8_HWC).save(part, "JPEG", quality=_QUALITY)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
