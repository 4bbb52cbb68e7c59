"""Final latents of a job in one safetensors file, put together without torch: its format is a header and bytes."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Sequence
from pathlib import Path

from splitreel.worker.rank.messages import LatentsSaved

_COPY_BYTES = 1 << 20


def write_latents(target: Path, parts: Sequence[LatentsSaved]) -> None:
    """`parts` are raw float32 files of B F C H W each; the result has the key `latents`, B of all together."""
    shape = [sum(part.shape[0] for part in parts), *parts[0].shape[1:]]
    length = sum(Path(part.path).stat().st_size for part in parts)
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, length]}
    header = json.dumps({"latents": entry}, separators=(",", ":")).encode()
    # Readers map the data, so it starts at a multiple of eight.
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
