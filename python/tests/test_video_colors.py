"""Equal frames give equal files, and colors survive the round trip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from splitreel.video.mp4 import ENCODER_THREADS, Mp4Writer, VideoFormat
from splitreel.video.yuv import rgb_to_yuv420
from tests.test_video import METADATA

# Of this size x264 with macroblock trees made five different files on a CPU with AVX-512.
WIDTH, HEIGHT = 160, 96


def smooth_frames() -> list[npt.NDArray[np.uint8]]:
    """Color gradients that move, like the frames of a video: their values lie on every side of a rounding."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return [
        np.stack([127 + 127 * np.sin((x * (1 + c) + y * (3 - c)) / 23 + n / 2 + c) for c in range(3)], axis=2).astype(
            np.uint8
        )
        for n in range(9)
    ]


def aligned_to(frame: npt.NDArray[np.uint8], offset: int) -> npt.NDArray[np.uint8]:
    """A copy that starts `offset` bytes after a 64-byte boundary."""
    buffer = np.empty(frame.size + 128, dtype=np.uint8)
    start = -buffer.ctypes.data % 64 + offset
    copy = buffer[start : start + frame.size].reshape(frame.shape)
    copy[...] = frame
    assert copy.ctypes.data % 64 == offset
    return copy


def layouts(frame: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    """Twenty copies of the same pixels: at many alignments, with padded rows, and channel by channel."""
    yield from (
        aligned_to(frame, offset) for offset in (0, 1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63)
    )
    padded = np.zeros((HEIGHT, WIDTH + 5, 3), dtype=np.uint8)
    padded[:, :WIDTH] = frame
    yield padded[:, :WIDTH]
    yield np.ascontiguousarray(frame.transpose(2, 0, 1)).transpose(1, 2, 0)


def encode(path: Path, frames: list[npt.NDArray[np.uint8]]) -> bytes:
    writer = Mp4Writer(path, VideoFormat(frames[0].shape[1], frames[0].shape[0], 8))
    for frame in frames:
        writer.add(frame)
    writer.finish(lambda: METADATA)
    writer.publish()
    writer.discard()
    return path.read_bytes()


def test_the_file_does_not_depend_on_how_frames_lie_in_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    files, churn = set(), []
    for number, copies in enumerate(zip(*(layouts(frame) for frame in smooth_frames()), strict=True)):
        # Also moves the encoder's own allocations.
        churn.append(np.empty(random.integers(1, 1_000_000), dtype=np.uint8))
        files.add(encode(tmp_path / f"{number}.mp4", list(copies)))
    assert len(files) == 1
    assert len(list(tmp_path.iterdir())) == 20


def test_frames_are_encoded_in_parallel_without_slices(tmp_path: Path) -> None:
    # x264 writes its options into the stream.
    file = encode(tmp_path / "video.mp4", smooth_frames())
    assert f" threads={ENCODER_THREADS} ".encode() in file
    assert b" sliced_threads=0 " in file


CHART = {
    "white": (255, 255, 255), "gray": (128, 128, 128), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 255, 0),
    "blue": (0, 0, 255), "yellow": (255, 255, 0), "cyan": (0, 255, 255), "magenta": (255, 0, 255),
    "skin": (224, 172, 140), "sky": (110, 160, 220), "leaf": (60, 110, 40),
}  # fmt: skip


def chart() -> npt.NDArray[np.uint8]:
    """32 x 32 patches in three rows of four."""
    patches = np.array(list(CHART.values()), dtype=np.uint8).reshape(3, 4, 3)
    return patches.repeat(32, axis=0).repeat(32, axis=1)


def test_a_color_chart_survives_the_round_trip(tmp_path: Path) -> None:
    encode(tmp_path / "chart.mp4", [chart()] * 5)
    with av.open(str(tmp_path / "chart.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    for number, (name, color) in enumerate(CHART.items()):
        row, column = divmod(number, 4)
        middle = shown[2][row * 32 + 12 : row * 32 + 20, column * 32 + 12 : column * 32 + 20].astype(int)
        assert np.abs(middle - color).max() <= 4, name


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        # Rec. ITU-R BT.709-6 in 8 bits, as every table of color bars gives them.
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
        ((255, 255, 0), (219, 16, 138)),
    ],
)
def test_values_are_those_of_bt709(rgb: tuple[int, ...], yuv: tuple[int, ...]) -> None:
    frame = np.broadcast_to(np.array(rgb, dtype=np.uint8), (4, 6, 3))
    planes = rgb_to_yuv420(frame).reshape(-1)
    assert {*planes[:24]} == {yuv[0]}
    assert {*planes[24:30]} == {yuv[1]}
    assert {*planes[30:]} == {yuv[2]}


def test_every_gray_has_no_color() -> None:
    grays = np.arange(256, dtype=np.uint8).repeat(4).reshape(256, 4)
    planes = rgb_to_yuv420(np.stack([grays] * 3, axis=2)).reshape(-1)
    assert {*planes[256 * 4 :]} == {128}
