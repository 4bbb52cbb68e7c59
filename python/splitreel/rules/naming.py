"""Names of video files: readable, and never one that is taken."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

# Well under the 255 bytes that file systems allow, whatever the script.
_STEM_BYTES = 80


def video_name(prompt: str, seed: int) -> str:
    """`a-small-dog-on-a-beach_seed42`."""
    text = unicodedata.normalize("NFC", prompt).lower()
    words = re.sub(r"[^\w]+", "-", text).strip("-_")
    short = words.encode()[:_STEM_BYTES].decode("utf-8", "ignore")
    if len(short) < len(words):
        short = short.rpartition("-")[0] or short
    return f"{short or 'video'}_seed{seed}"


def free_path(folder: Path, stem: str, taken: set[Path], separator: str = "_") -> Path:
    """`stem.mp4`, or the first of `stem_1.mp4`, `stem_2.mp4`, ... that is not there and not in `taken`."""
    path = folder / f"{stem}.mp4"
    count = 0
    while path in taken or path.exists():
        count += 1
        path = folder / f"{stem}{separator}{count}.mp4"
    taken.add(path)
    return path
