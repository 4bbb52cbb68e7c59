"""Joins a video and its continuation, whose first frame is the last one of the video, into one MP4.

The first file's frames are copied without re-encoding, so a chain of continuations doesn't lose quality at every step.
Those of the second are encoded again, because the duplicate first frame is left out and all others depend on it. If the
parameters of the two streams differ, both are encoded again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeAlias

import av
import av.error
from av.video.frame import PictureType

from splitreel.contract import failures, reasons
from splitreel.contract.errors import Reason
from splitreel.video.mp4 import VideoFormat, add_h264_stream, metadata_text, title_of
from splitreel.video.output_file import OutputFile, unpublished
from splitreel.video.source_file import check_source, explained_errors
from splitreel.video.yuv import tag_bt709

# As many as the app reads back (src/shared/library.ts).
MAX_PARTS: Final = 64

Progressed: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Part:
    path: Path
    width: int
    height: int
    rate: Fraction
    frames: int
    extradata: bytes  # parameter sets: frames can only be decoded with their own
    metadata: dict[str, Any]  # as stored in its file, possibly by an older version

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The videos that it consists of."""
        own = {"fileName": self.path.name, "frames": self.frames, "request": self.metadata["request"]}
        return self.metadata.get("parts") or [own]


def join_videos(first: Path, second: Path, target: Path, progressed: Progressed) -> Path:
    """Writes `target` or, if that is taken, the next free name, and returns its path.

    `progressed` gets (frames encoded, frames to encode) and may raise to stop; then nothing is left. Raises
    VIDEO_NOT_FOUND, VIDEOS_NOT_JOINABLE, VIDEO_UNREADABLE, METADATA_UNREADABLE, DISK_RAN_FULL or OUTPUT_NOT_WRITABLE.
    """
    before, after = _read(first), _read(second)
    if wrong := _differences(before, after):
        raise failures.videos_not_joinable(file=second, reasons=wrong)
    added = {"fileName": second.name, "frames": after.frames - 1, "request": after.metadata["request"]}
    metadata = {**after.metadata, "parts": [*before.entries, added]}
    tags = {"title": title_of(after.metadata["request"]["prompt"]), "comment": metadata_text(metadata)}
    with explained_errors(first, target.parent), unpublished(target) as joined:
        with unpublished(target) as tail:
            _encode([(after, 1)], tail.path, progressed)
            if _extradata(tail.path) == before.extradata:
                _copy([(str(first), 0), (tail.path, before.frames)], joined.path, before.rate, tags)
                return _published(joined)
        with unpublished(target) as whole:
            _encode([(before, 0), (after, 1)], whole.path, progressed)
            _copy([(whole.path, 0)], joined.path, before.rate, tags)
            return _published(joined)


def _published(file: OutputFile) -> Path:
    file.sync()
    return file.publish()


def _read(path: Path) -> _Part:
    check_source(path)
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise failures.video_unreadable(file=path)
            stream = container.streams.video[0]
            metadata = json.loads(container.metadata.get("comment", "null"))
            if not isinstance(metadata, dict) or not isinstance(metadata.get("request"), dict):
                raise failures.metadata_unreadable(file=path)
            rate = Fraction(stream.average_rate or 0)
            extradata = bytes(stream.codec_context.extradata or b"")
            return _Part(path, stream.width, stream.height, rate, stream.frames, extradata, metadata)
    except av.error.FFmpegError as error:
        raise failures.video_unreadable(file=path, details=str(error)) from error
    except ValueError as error:
        raise failures.metadata_unreadable(file=path, details=str(error)) from error


def _differences(before: _Part, after: _Part) -> list[Reason]:
    found: list[Reason] = []
    if (before.width, before.height) != (after.width, after.height):
        found.append(
            reasons.join_sizes_differ(
                width=before.width, height=before.height, other_width=after.width, other_height=after.height
            )
        )
    if before.rate != after.rate:
        found.append(reasons.join_rates_differ(rate=float(before.rate), other_rate=float(after.rate)))
    if after.frames < 2:
        found.append(reasons.join_too_short())
    if len(before.entries) >= MAX_PARTS:
        found.append(reasons.join_too_many_parts(max=MAX_PARTS))
    return found


def _encode(sources: list[tuple[_Part, int]], path: str, progressed: Progressed) -> None:
    """Encodes the frames of each source from the given one on, with the same settings as all our videos."""
    part = sources[0][0]
    total = sum(source.frames - start for source, start in sources)
    with av.open(path, "w", format="mp4") as container:
        stream = add_h264_stream(container, VideoFormat(part.width, part.height, part.rate))
        for index, frame in enumerate(_frames(sources)):
            frame.pts, frame.time_base = index, 1 / part.rate
            # Otherwise the encoder would be forced to the frame type that the frame had in its source.
            frame.pict_type = PictureType.NONE
            tag_bt709(frame)
            container.mux(stream.encode(frame))
            progressed(index + 1, total)
        container.mux(stream.encode(None))


def _frames(sources: list[tuple[_Part, int]]) -> Iterator[av.VideoFrame]:
    for source, start in sources:
        with av.open(str(source.path)) as container:
            for index, frame in enumerate(container.decode(video=0)):
                if index >= start:
                    yield frame if frame.format.name == "yuv420p" else frame.reformat(format="yuv420p")


def _extradata(path: str) -> bytes:
    with av.open(path, format="mp4") as container:
        return bytes(container.streams.video[0].codec_context.extradata or b"")


def _copy(sources: list[tuple[str, int]], path: str, rate: Fraction, tags: dict[str, str]) -> None:
    """Copies the packets of each source so that they start at the given frame of the target. The index comes first."""
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as writer:
        writer.metadata.update(tags)
        copy = None
        for source, first_frame in sources:
            with av.open(source, format="mp4") as reader:
                stream = reader.streams.video[0]
                copy = copy or writer.add_stream_from_template(stream)
                for packet in reader.demux(stream):
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    offset = round(first_frame / rate / packet.time_base)
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = copy
                    writer.mux(packet)
