"""Images are read as people see them, and anything else ends with an error that names the file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import ImageFit, SamplingParams
from splitreel.video.image_file import check_image, fit_image, read_image, to_rgb


def corners() -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    image = Image.new("RGB", (64, 32), "white")
    image.paste((255, 0, 0), (0, 0, 32, 16))
    image.paste((0, 255, 0), (32, 0, 64, 16))
    image.paste((0, 0, 255), (0, 16, 32, 32))
    return image


# What a camera stores for each EXIF orientation (TIFF 6.0, tag 274): the inverse of what a viewer does.
STORED: dict[int, Callable[[Image.Image], Image.Image]] = {
    1: lambda image: image,
    2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("extension", ["jpg", "png", "webp"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_is_upright(orientation: int, extension: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    file = tmp_path / f"turned.{extension}"
    STORED[orientation](corners()).save(file, exif=exif, quality=95)
    image = read_image(file)
    assert (image.mode, image.size) == ("RGB", (64, 32))
    difference = np.abs(np.asarray(image).astype(int) - np.asarray(corners()))
    assert difference.mean() < 8, "JPEG and WebP lose a little"


def params(image_fit: ImageFit, position: float = 0.5, size: tuple[int, int] = (32, 32)) -> SamplingParams:
    return SamplingParams(*size, 9, image_fit=image_fit, image_position=position)


@pytest.mark.parametrize(
    ("position", "left_half", "right_half"),
    [(0, (255, 0, 0), (255, 0, 0)), (0.5, (255, 0, 0), (0, 255, 0)), (1, (0, 255, 0), (0, 255, 0))],
)
def test_a_crop_keeps_the_part_at_its_position(
    position: float, left_half: tuple[int, ...], right_half: tuple[int, ...]
) -> None:
    image = fit_image(corners(), params(ImageFit.CROP, position))
    assert image.size == (32, 32)
    assert [image.getpixel((x, 4)) for x in (4, 27)] == [left_half, right_half]


def test_a_tall_frame_cuts_the_sides_and_a_flat_one_the_top() -> None:
    flat = fit_image(corners(), params(ImageFit.CROP, 1, (64, 16)))
    assert (flat.size, flat.getpixel((4, 8)), flat.getpixel((60, 8))) == ((64, 16), (0, 0, 255), (255, 255, 255))


def test_fit_shows_all_between_black_bars() -> None:
    image = fit_image(corners(), params(ImageFit.FIT))
    assert image.size == (32, 32)
    assert [image.getpixel((4, y)) for y in (3, 28)] == [(0, 0, 0), (0, 0, 0)]
    assert [image.getpixel((x, 11)) for x in (4, 27)] == [(255, 0, 0), (0, 255, 0)]


@pytest.mark.parametrize(
    "asked", [params(ImageFit.STRETCH), params(ImageFit.CROP, 0, (96, 48)), params(ImageFit.FIT, 0, (96, 48))]
)
def test_stretching_and_equal_shapes_are_left_to_the_model(asked: SamplingParams) -> None:
    image = corners()
    assert fit_image(image, asked) is image


def test_16_bit_gray_is_scaled(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    Image.fromarray(values).save(tmp_path / "gray16.png")
    image = np.asarray(read_image(tmp_path / "gray16.png"))
    assert np.abs(image[:, :, 0].astype(int).reshape(-1) - np.arange(256)).max() <= 1
    assert (image[:, :, 0] == image[:, :, 2]).all()


@pytest.mark.parametrize(
    ("mode", "values", "expected"),
    [
        ("I", [[0, 32768, 65535]], [0, 128, 255]),
        ("F", [[0.0, 0.5, 1.0]], [0, 128, 255]),
        ("F", [[0.0, 100.0, 255.0]], [0, 100, 255]),
    ],
)
def test_other_ranges_are_scaled(mode: str, values: list[list[float]], expected: list[int]) -> None:
    image = Image.fromarray(np.array(values, dtype=np.int32 if mode == "I" else np.float32))
    assert image.mode == mode
    assert np.asarray(to_rgb(image))[0, :, 1].tolist() == expected


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_transparency_is_blended_with_white(mode: str, tmp_path: Path) -> None:
    """The color under full transparency is hidden everywhere, so it must stay hidden."""
    file = tmp_path / "transparent.png"
    if mode == "P":
        image = Image.new("P", (2, 1), 0)
        image.putpalette([200, 0, 0, 0, 0, 200])
        image.putpixel((1, 0), 1)
        image.save(file, transparency=0)
    elif mode == "RGB":
        image = Image.new("RGB", (2, 1), (200, 0, 0))
        image.putpixel((1, 0), (0, 0, 200))
        image.save(file, transparency=(200, 0, 0))
    else:
        image = Image.new(mode, (2, 1), (200, 0, 0, 0) if mode == "RGBA" else (50, 0))
        image.putpixel((1, 0), (0, 0, 200, 255) if mode == "RGBA" else (90, 255))
        image.save(file)
    hidden, shown = read_image(file).getpixel((0, 0)), read_image(file).getpixel((1, 0))
    assert hidden == (255, 255, 255)
    assert shown == ((90, 90, 90) if mode == "LA" else (0, 0, 200))


def test_half_transparency_is_mixed_with_white(tmp_path: Path) -> None:
    Image.new("RGBA", (1, 1), (0, 0, 0, 128)).save(tmp_path / "half.png")
    assert read_image(tmp_path / "half.png").getpixel((0, 0)) == (127, 127, 127)


def _damaged(tmp_path: Path) -> Path:
    corners().resize((640, 320)).save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2])
    return tmp_path / "cut.jpg"


def _text(tmp_path: Path) -> Path:
    (tmp_path / "text.png").write_text("not an image")
    return tmp_path / "text.png"


def _other_format(tmp_path: Path) -> Path:
    corners().save(tmp_path / "old.tga")
    return (tmp_path / "old.tga").rename(tmp_path / "old.png")


def _huge(tmp_path: Path) -> Path:
    """A header that claims 60,000 x 60,000 pixels: refused before memory is taken for them."""
    corners().convert("1").save(tmp_path / "huge.png")
    content = bytearray((tmp_path / "huge.png").read_bytes())
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    (tmp_path / "huge.png").write_bytes(content)
    return tmp_path / "huge.png"


@pytest.mark.parametrize("read", [read_image, check_image])
@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (_damaged, "truncated"),
        (_text, "isn't a PNG, JPEG or WebP file"),
        (_other_format, "isn't a PNG, JPEG or WebP file"),
        (_huge, "megapixels"),
        (lambda folder: folder / "missing.png", "No such file"),
        (lambda folder: folder, "isn't a file"),
    ],
)
def test_files_that_are_not_images_are_refused(
    make: Callable[[Path], Path], problem: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    file = make(tmp_path)
    with pytest.raises(SplitreelError) as caught:
        read(file)
    assert caught.value.code == "IMAGE_UNREADABLE"
    assert caught.value.params["file"] == str(file)
    assert problem in f"{caught.value}\n{caught.value.error.details}"


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(SplitreelError, match="isn't a file"):
        check_image(tmp_path / "pipe.png")


def test_a_disguised_eps_does_not_start_ghostscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary, gs = tmp_path / "canary", tmp_path / "gs"
    gs.write_text(f"#!/bin/sh\ntouch {canary}\n")
    gs.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    corners().save(tmp_path / "x.png", "EPS")
    with pytest.raises(SplitreelError, match="isn't a PNG, JPEG or WebP file"):
        check_image(tmp_path / "x.png")
    assert not canary.exists()


def test_a_url_is_not_a_file() -> None:
    with pytest.raises(SplitreelError, match="save the image and choose the saved file"):
        check_image(Path("https://example.com/x.png"))


def test_damaged_metadata_is_not_mentioned(tmp_path: Path) -> None:
    """Pillow warns of it on stderr, with the path of its own code."""
    file = tmp_path / "exif.jpg"
    Image.new("RGB", (16, 16)).save(file, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_image(file)
        assert read_image(file).size == (16, 16)
