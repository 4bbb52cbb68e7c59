"""`splitreel export VIDEO TARGET`: a copy in another format. With `--events`, as the app uses it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from splitreel.commands.file_job import run_file_job
from splitreel.commands.parser import Parser
from splitreel.contract import failures, reasons
from splitreel.contract.exports import ExportFormat, ExportRequest

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
    if given.frame is not None and given.frame < 0:
        raise failures.flag_invalid(reasons=[reasons.flag_too_small(flag="--frame", min=0, value=given.frame)])
    kind = given.format or _BY_EXTENSION.get(target.suffix.lower())
    if kind is None:
        raise failures.flag_invalid(reasons=[reasons.export_format_unknown(file=target.name, flag="--format")])
    request = ExportRequest(ExportFormat(kind), given.fps, given.scale, given.frame)
    from splitreel.video.export import export_video  # late, because `--help` must work without PyAV

    return run_file_job(
        lambda progressed: export_video(given.video, target.absolute(), request, progressed, replace=given.overwrite),
        events=given.events,
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser("splitreel export", "Copy a video into another format.")
    add = parser.add_argument
    add("video", type=Path, help="a video made with Splitreel, or any other that FFmpeg can read")
    add("target", type=Path, help="the file to write; a folder for PNG frames")
    add("--format", choices=[kind.value for kind in ExportFormat], help="default: from the extension of the target")
    add("--fps", type=int, choices=range(1, 121), metavar="N", help="interpolate to this many frames per second")
    add("--scale", type=int, choices=range(1, 5), metavar="N", default=1, help="enlarge both sides, up to 4 times")
    add("--frame", type=int, metavar="N", help="the frame to write as a PNG file, counting from 0")
    add("--overwrite", action="store_true", help="replace an existing target")
    add("--events", action="store_true", help=argparse.SUPPRESS)
    return parser
