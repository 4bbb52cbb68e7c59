"""Writes the final latents of a job as one safetensors file without torch: the format is a header and raw bytes."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from splitreel.contract.errors import AppError
from splitreel.worker.rank.messages import LatentsSaved

_COPY_BYTES = 1 << 20


def write_latents(target: Path, parts: Sequence[LatentsSaved]) -> None:
    """`parts` are raw float32 files of shape B F C H W. They become one tensor, `latents`, joined along B."""
    shape = [sum(part.shape[0] for part in parts), *parts[0].shape[1:]]
    length = sum(Path(part.path).stat().st_size for part in parts)
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, length]}
    header = json.dumps({"latents": entry}, separators=(",", ":")).encode()
    # Readers map the file, so the data starts at a multiple of eight.
    header += b" " * (-len(header) % 8)
    target.parent.mkdir(parents=True, exist_ok=True)
    part_path = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part_path.open("wb") as output:
            output.write(struct.pack("<Q", len(header)) + header)
            for part in parts:
                with Path(part.path).open("rb") as source:
                    shutil.copyfileobj(source, output, _COPY_BYTES)
            output.flush()
            os.fsync(output.fileno())
        part_path.replace(target)
    finally:
        part_path.unlink(missing_ok=True)


def save_latents(target: Path | None, parts: Mapping[int, LatentsSaved]) -> AppError | None:
    """Joins the latents of all videos, where they were asked for."""
    if target is None or not parts:
        return None
    try:
        write_latents(target, [parts[video] for video in sorted(parts)])
    except OSError as error:
        return AppError("OUTPUT_NOT_WRITABLE", {"folder": str(target.parent)}, (), str(error))
    return None
