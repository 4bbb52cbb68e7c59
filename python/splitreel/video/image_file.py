"""Reads the image that a video starts from. The checks before a job and the engine both use it. No torch.

The file can come from anywhere, so formats and sizes are limited: Pillow picks a decoder by content, and some of its
decoders start other programs (EPS runs Ghostscript).
"""

from __future__ import annotations

import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from splitreel.contract import failures, reasons
from splitreel.contract.errors import Reason, SplitreelError
from splitreel.contract.types import ImageFit, SamplingParams

if TYPE_CHECKING:
    from PIL import Image

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_MEGA: Final = 10**6


def check_image(file: Path) -> None:
    """Decodes the whole file once. Raises IMAGE_UNREADABLE with the reason."""
    with open_image(file) as image:
        # Decodes a JPEG at an eighth of its size. That still reads to the end, so it finds a truncated file cheaply.
        image.draft("RGB", (image.width // 8, image.height // 8))
        image.load()


@contextmanager
def open_image(file: Path) -> Iterator[Image.Image]:
    """Raises IMAGE_UNREADABLE, also for errors inside the context."""
    from PIL import Image, UnidentifiedImageError

    if {"http:", "https:"} & set(file.parts):
        raise _unreadable(file, reasons.image_is_address(file=file))
    try:
        # Opening a pipe would block.
        if not stat.S_ISREG(file.stat().st_mode):
            raise _unreadable(file, reasons.image_not_file(file=file))
        with warnings.catch_warnings():
            # Pillow warns about large images, and about damaged metadata that isn't used.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=_FORMATS) as image:
                yield image
    except UnidentifiedImageError as error:
        raise _unreadable(file, reasons.image_format(file=file)) from error
    except Image.DecompressionBombError as error:
        raise _unreadable(file, reasons.image_too_large(file=file, megapixels=_most_pixels() // _MEGA)) from error
    except OSError as error:
        if error.strerror is None:  # Pillow's own, on what the file holds
            raise _unreadable(file, reasons.image_damaged(file=file), str(error)) from error
        raise failures.image_unreadable(file=file, details=error.strerror) from error
    except (SyntaxError, ValueError, TypeError, EOFError, IndexError, MemoryError) as error:
        raise _unreadable(file, reasons.image_damaged(file=file), str(error) or type(error).__name__) from error


def read_image(file: Path) -> Image.Image:
    """The image as people see it, as 8-bit RGB: turned upright by its EXIF orientation, transparency over white.

    Raises IMAGE_UNREADABLE.
    """
    from PIL import ImageOps

    with open_image(file) as image:
        return to_rgb(ImageOps.exif_transpose(image))


def fit_image(image: Image.Image, params: SamplingParams) -> Image.Image:
    """The image at the size of the video, as the window shows it with CSS's object-fit and object-position.

    `stretch` is left to the model's own preprocessing, and so is an image that has the video's shape.
    """
    from PIL import Image, ImageOps

    size = (params.width, params.height)
    if params.image_fit is ImageFit.STRETCH or image.width * params.height == image.height * params.width:
        return image
    # The same filter as in diffusers' VaeImageProcessor, which scales in the other cases.
    filter_ = Image.Resampling.LANCZOS
    if params.image_fit is ImageFit.FIT:
        return ImageOps.pad(image, size, filter_, color="black")
    position = params.image_position
    return ImageOps.fit(image, size, filter_, centering=(position, position))


def to_rgb(image: Image.Image) -> Image.Image:
    """Any of Pillow's modes to 8-bit RGB. Scales 16-bit gray and floats, which Pillow's own conversion clips.

    "I;16" and "I" are taken as 16-bit. "F" is taken as 0..1, or as 0..255 if any value is above 1.
    """
    from PIL import Image

    if image.mode.startswith("I"):
        return _from_gray(image, 65535)
    if image.mode == "F":
        return _from_gray(image, None)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, (255, 255, 255, 255)), rgba).convert("RGB")
    return image.convert("RGB")


def _from_gray(image: Image.Image, white: int | None) -> Image.Image:
    """`white`: the value that becomes 255; None chooses 1 or 255 by the largest value."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image).astype(np.float64)
    if white is None:
        white = 255 if values.max() > 1 else 1
    values *= 255 / white
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8)).convert("RGB")


def _most_pixels() -> int:
    """The size at which Pillow refuses an image as a decompression bomb: twice the one at which it warns."""
    from PIL import Image

    return 2 * (Image.MAX_IMAGE_PIXELS or 0)


def _unreadable(file: Path, reason: Reason, details: str | None = None) -> SplitreelError:
    return failures.image_unreadable(file=file, reasons=[reason], details=details)
