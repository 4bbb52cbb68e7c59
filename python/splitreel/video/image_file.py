"""The image that a video starts from: read in one way by the checks before a job and by the engine. No torch."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from splitreel.contract.errors import SplitreelError

if TYPE_CHECKING:
    from PIL.Image import Image

# Pillow reads many more, some of them with parsers that see little testing.
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
# Several times what a camera takes; decoded it is 0.5 GB.
_MAX_PIXELS: Final = 160_000_000


def read_image(path: Path) -> Image:
    """The image as people see it, as 8-bit RGB: turned upright by its EXIF orientation, transparency over white.

    Raises IMAGE_UNREADABLE.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns of large images; the limit here is ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as opened:
                if opened.width * opened.height > _MAX_PIXELS:
                    raise _unreadable(path, f"it has more than {_MAX_PIXELS // 1_000_000} million pixels")
                return to_rgb(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError as error:
        raise _unreadable(path, "it is not a PNG, JPEG or WebP image") from error
    except Image.DecompressionBombError as error:
        raise _unreadable(path, f"it has more than {_MAX_PIXELS // 1_000_000} million pixels") from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise _unreadable(path, "there is no such file") from error
    except PermissionError as error:
        raise _unreadable(path, "this user may not read it") from error
    # Pillow's decoders raise any of these for a damaged file.
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, IndexError, OverflowError, MemoryError) as error:
        raise _unreadable(path, "it is damaged", details=f"{type(error).__name__}: {error}") from error


def to_rgb(image: Image) -> Image:
    """Any of Pillow's modes to 8-bit RGB. 16-bit grey and floats are scaled, where Pillow's own conversion clips them.

    "I;16" and "I" are taken as 16-bit. "F" is taken as 0..1, or as 0..255 if any value is above 1.
    """
    from PIL import Image

    if image.mode.startswith("I"):
        return _from_grey(image, 65535)
    if image.mode == "F":
        return _from_grey(image, None)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, (255, 255, 255, 255)), rgba).convert("RGB")
    return image.convert("RGB")


def _from_grey(image: Image, white: int | None) -> Image:
    """`white`: the value that becomes 255; None chooses 1 or 255 by the largest value."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image).astype(np.float64)
    if white is None:
        white = 255 if values.max() > 1 else 1
    values *= 255 / white
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8)).convert("RGB")


def _unreadable(path: Path, problem: str, details: str | None = None) -> SplitreelError:
    return SplitreelError("IMAGE_UNREADABLE", {"file": str(path), "problem": problem}, details=details)
