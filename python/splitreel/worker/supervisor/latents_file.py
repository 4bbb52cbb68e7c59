"""Writes the final latents of a job as one safetensors file without torch: the format is a header and raw bytes."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from splitreel.contract import failures, reasons
from splitreel.contract.errors import AppError, SplitreelError
from splitreel.video.output_file import OutputFile, disk_error
from splitreel.worker.rank.messages import LatentsSaved

_FLAG: Final = "--save_latents"


def check_latents_path(target: Path | None) -> Path | None:
    """Refuses before the start a path that can't be written at the end. An existing file is never replaced.

    Returns the absolute path; None where no latents are asked for.
    """
    if target is None:
        return None
    try:
        if len(os.fsencode(target.name)) > os.pathconf("/", "PC_NAME_MAX"):
            raise failures.flag_invalid(reasons=[reasons.latents_name_too_long(flag=_FLAG)])
        if target.is_dir():
            raise failures.flag_invalid(reasons=[reasons.latents_is_folder(flag=_FLAG, path=target)])
        if os.path.lexists(target):
            raise failures.output_exists(file=target)
    except OSError as error:
        reason = reasons.latents_not_writable(flag=_FLAG, path=target)
        raise failures.flag_invalid(reasons=[reason], details=error.strerror) from error
    return target.absolute()


def save_latents(target: Path | None, parts: Mapping[int, LatentsSaved]) -> Path | AppError | None:
    """Joins the raw files of all videos if `target` is given. Returns the path of the file."""
    if target is None or not parts:
        return None
    ordered = [parts[video] for video in sorted(parts)]
    try:
        return write_latents(
            target, [part.shape for part in ordered], (Path(part.path).read_bytes() for part in ordered)
        )
    except SplitreelError as error:
        return error.error


def write_latents(target: Path, shapes: Sequence[tuple[int, ...]], data: Iterable[bytes]) -> Path:
    """Raw float32 of `shapes` B F C H W becomes one tensor, `latents`, joined along B. Returns the file's path.

    Raises DISK_FULL or OUTPUT_NOT_WRITABLE.
    """
    shape = [sum(part[0] for part in shapes), *shapes[0][1:]]
    length = 4
    for size in shape:
        length *= size
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, length]}
    header = json.dumps({"latents": entry}, separators=(",", ":")).encode()
    # Readers map the file, so the data starts at a multiple of eight.
    header += b" " * (-len(header) % 8)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = OutputFile(target)
        try:
            with Path(file.path).open("r+b") as output:
                output.write(struct.pack("<Q", len(header)) + header)
                output.writelines(data)
            file.sync()
            return file.publish()
        finally:
            file.discard()
    except OSError as error:
        raise disk_error(error, target.parent) from error
