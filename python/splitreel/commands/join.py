"""`splitreel join FIRST SECOND TARGET`: a video and its continuation as one. With `--events`, as the app uses it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from splitreel.commands.file_job import run_file_job
from splitreel.commands.parser import Parser


def join(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    from splitreel.video.join import join_videos  # late, because `--help` must work without PyAV

    # FFmpeg would read the part of a relative path before a colon as a protocol.
    first, second, target = (path.absolute() for path in (given.first, given.second, given.target))
    return run_file_job(lambda progressed: join_videos(first, second, target, progressed), events=given.events)


def _parser() -> argparse.ArgumentParser:
    parser = Parser("splitreel join", "Join a video and its continuation into one MP4.")
    parser.add_argument("first", type=Path, help="a video made with Splitreel")
    parser.add_argument(
        "second", type=Path, help="a video of the same size and frame rate that starts with the last frame of the first"
    )
    parser.add_argument("target", type=Path, help="the MP4 file to write")
    parser.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    return parser
