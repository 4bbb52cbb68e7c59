"""A video that is read to make another one: which files are opened, and whose fault an error is."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av.error

from splitreel.contract import failures
from splitreel.video.output_file import DISK_FULL, disk_error


def check_source(source: Path) -> None:
    """Raises VIDEO_NOT_FOUND, or VIDEO_UNREADABLE for anything but a file: opening a pipe would block."""
    try:
        is_file = stat.S_ISREG(source.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise failures.video_not_found() from error
    if not is_file:
        raise failures.video_unreadable(file=source.name)


@contextmanager
def explained_errors(source: Path, folder: Path) -> Iterator[None]:
    """While `source` is read and a file in `folder` is written.

    FFmpeg raises for both. A full disk must not be blamed on the video: the app tries again later only if the video is
    fine.
    """
    try:
        yield
    except av.error.FFmpegError as error:
        if error.errno in DISK_FULL:
            raise disk_error(OSError(error.errno, str(error)), folder) from error
        raise failures.video_unreadable(file=source.name, details=str(error)) from error
    except OSError as error:
        raise disk_error(error, folder) from error
