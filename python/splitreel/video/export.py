"""Copies of a finished video in other formats, optionally with interpolated frames or enlarged.

FFmpeg's filters and encoders do the work. Colors keep BT.709 in every YUV format and are converted with it to RGB.
The target appears whole or not at all (output_file.py).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.error
import av.filter
from PIL.Image import Image, fromarray

from splitreel.contract import failures
from splitreel.contract.exports import ExportFormat, ExportRequest
from splitreel.rules.naming import numbered
from splitreel.video.output_file import unpublished
from splitreel.video.source_file import check_source, explained_errors
from splitreel.video.yuv import tag_bt709


@dataclass(frozen=True, slots=True)
class _Encoder:
    container: str
    codec: str
    pixels: str
    options: dict[str, str] = field(default_factory=dict)
    tag: str | None = None


_ENCODERS: Final = {
    # Like the app's own files: see mp4.py.
    ExportFormat.H264: _Encoder(
        "mp4", "libx264", "yuv420p", {"crf": "17", "preset": "medium", "x264-params": "mbtree=0"}
    ),
    # QuickTime only plays HEVC under this tag.
    ExportFormat.HEVC: _Encoder(
        "mp4", "libx265", "yuv420p", {"crf": "20", "preset": "medium", "x265-params": "log-level=error"}, "hvc1"
    ),
    ExportFormat.WEBM: _Encoder("webm", "libvpx-vp9", "yuv420p", {"crf": "24", "b:v": "0", "row-mt": "1"}),
    # ProRes 422 HQ.
    ExportFormat.PRORES: _Encoder("mov", "prores_ks", "yuv422p10le", {"profile": "3", "vendor": "apl0"}),
    ExportFormat.GIF: _Encoder("gif", "gif", "pal8"),
    # libwebp converts RGB itself; YUV would be taken for BT.601.
    ExportFormat.WEBP: _Encoder("webp", "libwebp_anim", "bgra", {"quality": "85"}),
}
# Input formats.
_FORMATS: Final = "mov,matroska,avi,gif,mpegts,ogg,flv"
# 0: forever.
_LOOP: Final = {"loop": "0"}
_TO_RGB: Final = "in_color_matrix=bt709:in_range=limited:out_range=full"
# Interpolation looks ahead. Copies of the last frame let it finish, and are cut off again.
_LOOKAHEAD: Final = 3

Progressed = Callable[[int, int], None]


def export_video(
    source: Path, target: Path, request: ExportRequest, progressed: Progressed, *, replace: bool = False
) -> Path:
    """Writes `target` and returns its path: another name if it is taken, unless `replace`.

    `progressed` gets (frames written, frames in total) and may raise to stop; then nothing is left.
    Raises VIDEO_NOT_FOUND, VIDEO_UNREADABLE, EXPORT_UNAVAILABLE, DISK_RAN_FULL or OUTPUT_NOT_WRITABLE.
    """
    if not target.name:
        raise failures.output_not_writable(folder=str(target))
    with explained_errors(source, target.parent):
        if request.format in _ENCODERS:
            return _export_stream(source, target, request, progressed, replace=replace)
        if request.format is ExportFormat.FRAME:
            return _export_frame(source, target, request, progressed, replace=replace)
        return _export_folder(source, target, request, progressed)


def _export_stream(
    source: Path, target: Path, request: ExportRequest, progressed: Progressed, *, replace: bool
) -> Path:
    encoder = _ENCODERS[request.format]
    if encoder.codec not in av.codecs_available:
        raise failures.export_unavailable(codec=encoder.codec)
    with _opened(source, request) as video, unpublished(target) as file:
        with av.open(
            file.path,
            "w",
            format=encoder.container,
            container_options=_LOOP if encoder.container in {"gif", "webp"} else None,
        ) as container:
            stream: Any = container.add_stream(encoder.codec, rate=video.rate)
            stream.width, stream.height = video.size(encoder.pixels)
            stream.pix_fmt = encoder.pixels
            stream.options = dict(encoder.options)
            # PyAV's default, threads per slice, makes H.264 files up to 23 % larger.
            stream.codec_context.thread_type = "AUTO"
            is_yuv = encoder.pixels.startswith("yuv")
            if is_yuv:
                tag_bt709(stream.codec_context)
            if encoder.tag is not None:
                stream.codec_context.codec_tag = encoder.tag
            if encoder.container in {"mp4", "mov"}:
                container.metadata.update(video.tags)
            for done, frame in enumerate(video.frames(encoder.pixels), start=1):
                if is_yuv:
                    tag_bt709(frame)
                for packet in stream.encode(frame):
                    container.mux(packet)
                progressed(done, video.total)
            for packet in stream.encode(None):
                container.mux(packet)
        file.sync()
        return file.replace() if replace else file.publish()


def _export_frame(source: Path, target: Path, request: ExportRequest, progressed: Progressed, *, replace: bool) -> Path:
    wanted = request.frame or 0
    with _opened(source, request) as video, unpublished(target) as file:
        found: av.VideoFrame | None = None
        for index, frame in enumerate(video.frames("rgb24")):
            found = frame
            if index == wanted:
                break
        assert found is not None, "frames() raises if there are none"
        _image(found).save(file.path, format="PNG")
        progressed(1, 1)
        file.sync()
        return file.replace() if replace else file.publish()


def _export_folder(source: Path, target: Path, request: ExportRequest, progressed: Progressed) -> Path:
    """Numbered PNG files in their own folder, which gets its name once it is complete."""
    partial = Path(tempfile.mkdtemp(prefix=".splitreel-", suffix=".part", dir=target.parent))
    try:
        with _opened(source, request) as video:
            for done, frame in enumerate(video.frames("rgb24"), start=1):
                _image(frame).save(partial / f"{done:05}.png", format="PNG")
                progressed(done, video.total)
        partial.chmod(0o755)
        for path in numbered(target):
            if not os.path.lexists(path):
                return partial.rename(path)
        raise AssertionError("numbers do not end")
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class _Video:
    """A video's frames through the filters of a request."""

    def __init__(self, container: av.container.InputContainer, request: ExportRequest) -> None:
        self._container = container
        self._stream = container.streams.video[0]
        self._request = request
        self.width, self.height = self._stream.width, self._stream.height
        source_rate = Fraction(self._stream.average_rate or 8)
        self._source_rate = source_rate
        self.rate = source_rate if request.fps is None else Fraction(request.fps)
        # The last frame is shown as long as before.
        self.total = max(1, round(self._frame_count() * self.rate / source_rate))
        self.tags = {name: text for name, text in container.metadata.items() if name in {"title", "comment"}}

    def size(self, pixels: str) -> tuple[int, int]:
        """Width and height of the copy. Formats that share color between pixels have even ones."""
        width, height = self.width * self._request.scale, self.height * self._request.scale
        return (width - width % 2, height - height % 2) if pixels.startswith("yuv") else (width, height)

    def _frame_count(self) -> int:
        """Matroska and WebM don't store it."""
        if self._stream.frames > 0:
            return self._stream.frames
        count = sum(packet.size > 0 for packet in self._container.demux(self._stream))
        self._container.seek(0)
        return count

    def frames(self, pixels: str) -> Iterator[av.VideoFrame]:
        """All frames, in `pixels`; `pal8` with the best 256 colors of the whole video."""
        graph = self._graph(pixels)
        count = 0
        for frame in self._filtered(graph):
            if count == self.total:
                return
            frame.pts, frame.time_base = count, 1 / self.rate
            yield frame
            count += 1
        # The index may promise frames that a truncated file no longer has.
        if count == 0:
            raise failures.video_unreadable(file=Path(self._container.name).name)

    def _filtered(self, graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
        count = 0
        last: av.VideoFrame | None = None
        for frame in self._container.decode(self._stream):
            last = frame
            yield from self._push(graph, frame, count)
            count += 1
        if last is not None and self.rate > self._source_rate:
            pixels = last.to_ndarray()
            for _ in range(_LOOKAHEAD):
                copy = av.VideoFrame.from_ndarray(pixels, format=last.format.name)
                yield from self._push(graph, copy, count)
                count += 1
        graph.vpush(None)
        yield from _pull(graph)

    def _push(self, graph: av.filter.Graph, frame: av.VideoFrame, index: int) -> Iterator[av.VideoFrame]:
        frame.pts, frame.time_base = index, 1 / self._source_rate
        tag_bt709(frame)
        graph.vpush(frame)
        yield from _pull(graph)

    def _graph(self, pixels: str) -> av.filter.Graph:
        graph = av.filter.Graph()
        head = graph.add_buffer(
            width=self.width,
            height=self.height,
            format=self._stream.codec_context.format,
            time_base=1 / self._source_rate,
        )
        nodes = [head, *(graph.add(name, options) for name, options in self._filters(pixels))]
        graph.link_nodes(*nodes)
        sink = graph.add("buffersink")
        if pixels == "pal8":
            split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=diff")
            use = graph.add("paletteuse", "dither=sierra2_4a")
            nodes[-1].link_to(split)
            split.link_to(palette, 0, 0)
            split.link_to(use, 1, 0)
            palette.link_to(use, 0, 1)
            use.link_to(sink)
        else:
            nodes[-1].link_to(sink)
        graph.configure()
        return graph

    def _filters(self, pixels: str) -> Iterator[tuple[str, str]]:
        if self.rate > self._source_rate:
            yield "minterpolate", f"fps={self.rate}:mi_mode=mci:mc_mode=aobmc:vsbmc=1"
        elif self.rate < self._source_rate:
            yield "fps", f"fps={self.rate}"
        scale = self._request.scale
        is_rgb = not pixels.startswith("yuv")
        if scale > 1 or is_rgb:
            size = f"{self.width * scale}:{self.height * scale}:flags=lanczos+accurate_rnd+full_chroma_int"
            yield "scale", f"{size}:{_TO_RGB}" if is_rgb else size
        if (cropped := self.size(pixels)) != (self.width * scale, self.height * scale):
            yield "crop", f"{cropped[0]}:{cropped[1]}:0:0:exact=1"
        yield "format", f"pix_fmts={'rgb24' if pixels == 'pal8' else pixels}"


def _image(frame: av.VideoFrame) -> Image:
    """Of a frame in rgb24."""
    return fromarray(frame.to_ndarray())


def _pull(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield frame


@contextmanager
def _opened(source: Path, request: ExportRequest) -> Iterator[_Video]:
    check_source(source)
    # `file:`, because FFmpeg would read the part of a name before a colon as a protocol. The formats exclude playlists,
    # which name other files and addresses.
    with av.open(f"file:{source}", options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"}) as container:
        streams = container.streams.video
        # Without any frame to look at, FFmpeg doesn't know the format of the pixels.
        if not streams or streams[0].codec_context.format is None:
            raise failures.video_unreadable(file=source.name)
        yield _Video(container, request)
