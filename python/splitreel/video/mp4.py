"""MP4 files: H.264 in BT.709, written frame by frame, with the settings in the `comment` tag."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error

from splitreel.contract import failures, wire
from splitreel.contract.metadata import VideoMetadata
from splitreel.video.output_file import OutputFile, disk_error
from splitreel.video.yuv import rgb_to_yuv420, tag_bt709

if TYPE_CHECKING:
    import numpy as np
    from av.container import OutputContainer
    from av.video.stream import VideoStream

# CRF 17 is visually lossless for H.264; the file of a 6 s video is a few megabytes. Macroblock trees are off: x264's
# AVX-512 code for them is not deterministic (build 165: equal frames gave five different files; with AVX2 or C, one).
_ENCODER_OPTIONS = {"crf": "17", "preset": "medium", "x264-params": "mbtree=0"}
# One frame of noise takes a thread longer than a GPU takes to decode it.
ENCODER_THREADS = 4
_TITLE_LENGTH = 80
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class VideoFormat:
    width: int  # both even
    height: int
    frames_per_second: int | Fraction


def add_h264_stream(container: OutputContainer, video: VideoFormat) -> VideoStream:
    stream = container.add_stream("libx264", rate=Fraction(video.frames_per_second))
    stream.width, stream.height = video.width, video.height
    stream.pix_fmt = "yuv420p"
    stream.options = dict(_ENCODER_OPTIONS)
    # A fixed number, because x264's output depends on it. Threads per slice, PyAV's default, make files up to 23 % larger.
    stream.codec_context.thread_count = ENCODER_THREADS
    stream.codec_context.thread_type = "FRAME"
    tag_bt709(stream.codec_context)
    return stream


class Mp4Writer:
    """Encodes frames into an unnamed file as they arrive. `finish` adds the settings, `publish` names the file."""

    def __init__(self, target: Path, video: VideoFormat, written: Callable[[int], None] = lambda _count: None) -> None:
        """`written`: called with the number of frames in the file after each of them. May raise to stop.

        The encoder looks dozens of frames ahead, so most of them are written after the last one was added.
        """
        self._target = target
        self._written = written
        self._count = 0
        self._file: OutputFile | None = None
        with _disk_errors(target):
            self._stream_file = OutputFile(target)
            self._container = av.open(self._stream_file.path, "w", format="mp4")
            self._stream = add_h264_stream(self._container, video)

    def add(self, frame_u8_HWC: np.ndarray) -> None:
        with _disk_errors(self._target):
            frame = av.VideoFrame.from_ndarray(rgb_to_yuv420(frame_u8_HWC), format="yuv420p")
            tag_bt709(frame)
            self._encode(frame)

    def _encode(self, frame: av.VideoFrame | None) -> None:
        for packet in self._stream.codec_context.encode_lazy(frame):
            packet.stream = self._stream
            self._container.mux(packet)
            self._count += 1
            self._written(self._count)

    def finish(self, metadata: Callable[[], VideoMetadata]) -> None:
        """Flushes the encoder, then copies the stream into a file with its index in front and the settings in it."""
        with _disk_errors(self._target):
            self._encode(None)
            self._container.close()
            self._file = OutputFile(self._target)
            settings = metadata()
            tags = {"title": title_of(settings.request.prompt), "comment": metadata_text(wire.to_wire(settings))}
            _copy_with_tags(self._stream_file.path, self._file.path, tags)
            self._stream_file.discard()
            self._file.sync()

    def publish(self) -> Path:
        assert self._file is not None, "finish first"
        try:
            return self._file.publish()
        except OSError as error:
            raise disk_error(error, self._target.parent) from error

    def discard(self) -> None:
        """Leaves nothing behind. Safe at any time, also after `publish`."""
        # Closing writes the index, which fails on a full disk.
        with suppress(OSError, ValueError):
            self._container.close()
        self._stream_file.discard()
        if self._file is not None:
            self._file.discard()


def title_of(prompt: str) -> str:
    return prompt.strip()[:_TITLE_LENGTH]


def metadata_text(metadata: object) -> str:
    """JSON text. `metadata`: JSON data."""
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    # Python reads bytes of file names that aren't UTF-8 as lone surrogates, which can't be encoded, only escaped.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def read_metadata(path: Path) -> VideoMetadata:
    """The settings in a video file. Raises METADATA_UNREADABLE."""
    try:
        with av.open(str(path)) as container:
            return wire.from_wire(VideoMetadata, json.loads(container.metadata["comment"]))
    except (OSError, KeyError, ValueError) as error:
        raise failures.metadata_unreadable(file=str(path), details=str(error)) from error


def _copy_with_tags(source: str, target: str, tags: dict[str, str]) -> None:
    options = {"movflags": "+faststart"}
    with av.open(source, format="mp4") as reader, av.open(target, "w", format="mp4", options=options) as writer:
        writer.metadata.update(tags)
        stream = reader.streams.video[0]
        copy = writer.add_stream_from_template(stream)
        for packet in reader.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                writer.mux(packet)


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(error, target.parent) from error
