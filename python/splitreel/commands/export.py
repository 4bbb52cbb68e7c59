"""`splitreel export VIDEO TARGET`: a copy in another format. With `--events`, as the app uses it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from splitreel.commands.parser import Parser
from splitreel.contract import failures, reasons
from splitreel.contract.errors import Cancelled, SplitreelError
from splitreel.contract.exports import (
    Event,
    ExportFailed,
    ExportFinished,
    ExportFormat,
    ExportProgressed,
    ExportRequest,
)
from splitreel.contract.limits import EVENT_FD
from splitreel.contract.lines import export_event_line
from splitreel.video.export import export_video

_BY_EXTENSION: Final = {
    ".mp4": ExportFormat.H264,
    ".webm": ExportFormat.WEBM,
    ".mov": ExportFormat.PRORES,
    ".gif": ExportFormat.GIF,
    ".webp": ExportFormat.WEBP,
    ".png": ExportFormat.FRAME,
    "": ExportFormat.FRAMES,
}


def export(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    target: Path = given.target
    kind = given.format or _BY_EXTENSION.get(target.suffix.lower())
    if kind is None:
        raise failures.flag_invalid(reasons=[reasons.export_format_unknown(file=target.name, flag="--format")])
    request = ExportRequest(ExportFormat(kind), given.fps, given.scale, given.frame)
    stopped = _stopped_by_signals()
    if given.events:
        return _export_with_events(given.video, target, request, stopped, replace=given.overwrite)

    def check(_done: int, _total: int) -> None:
        if stopped.is_set():
            raise Cancelled

    print(export_video(given.video, target.absolute(), request, check, replace=given.overwrite))
    return 0


def _export_with_events(
    video: Path, target: Path, request: ExportRequest, stopped: threading.Event, *, replace: bool
) -> int:
    """Progress as lines of JSON on descriptor 3. Closing stdin cancels."""

    def wait_for_the_end_of_stdin() -> None:
        sys.stdin.buffer.read()
        stopped.set()

    threading.Thread(target=wait_for_the_end_of_stdin, daemon=True).start()
    with os.fdopen(EVENT_FD, "wb") as out:

        def send(event: Event) -> None:
            out.write(export_event_line(event))
            out.flush()

        def progressed(done: int, total: int) -> None:
            if stopped.is_set():
                raise Cancelled
            send(ExportProgressed(done, total))

        try:
            send(ExportFinished(str(export_video(video, target, request, progressed, replace=replace))))
        except SplitreelError as error:
            send(ExportFailed(error.error))
        except Cancelled:
            send(ExportFailed(failures.cancelled().error))
    return 0


def _stopped_by_signals() -> threading.Event:
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    return stopped


def _parser() -> argparse.ArgumentParser:
    parser = Parser("splitreel export", "Makes a copy in another format.")
    add = parser.add_argument
    add("video", type=Path, help="a video that Splitreel made, or another one that FFmpeg reads")
    add("target", type=Path, help="the file to write; a folder for PNG frames")
    add("--format", choices=[kind.value for kind in ExportFormat], help="by the ending of the target unless given")
    add("--fps", type=int, choices=range(1, 121), metavar="N", help="interpolate to this many frames per second")
    add("--scale", type=int, choices=range(1, 5), metavar="N", default=1, help="enlarge both sides, up to 4 times")
    add("--frame", type=int, metavar="N", help="the frame to write as a PNG file, counted from 0")
    add("--overwrite", action="store_true", help="replace the target")
    add("--events", action="store_true", help=argparse.SUPPRESS)
    return parser
