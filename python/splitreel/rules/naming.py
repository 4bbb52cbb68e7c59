"""Names of video files: readable, and never one that is taken. Opens no file.

src/main/jobs/output-path.ts follows the same rules; both run resources/golden/video-names.json.
"""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

# Well under the 255 bytes that file systems allow, whatever the script.
_STEM_BYTES = 80


def video_name(prompt: str, seed: int) -> str:
    """`a-small-dog-on-a-beach_seed42`."""
    text = unicodedata.normalize("NFC", prompt).lower()
    words = "-".join(re.findall(r"[^\W_]+", text))
    short = words.encode()[:_STEM_BYTES].decode("utf-8", "ignore")
    if len(short) < len(words) and not words[len(short) :].startswith("-"):
        # Cut at a word boundary unless that leaves less than half.
        whole_words = short.rpartition("-")[0]
        short = whole_words if len(whole_words) > len(short) / 2 else short
    return f"{short.rstrip('-') or 'video'}_seed{seed}"


def free_path(folder: Path, stem: str, taken: set[Path], separator: str = "_") -> Path:
    """The first of `stem.mp4`, `stem_1.mp4`, `stem_2.mp4`, ... that neither exists nor is in `taken`."""
    candidates = numbered(folder / f"{stem}.mp4", separator)
    # A dangling link occupies its name too.
    path = next(path for path in candidates if path not in taken and not os.path.lexists(path))
    taken.add(path)
    return path


def numbered(path: Path, separator: str = "_") -> Iterator[Path]:
    """The path itself, then the same with 1, 2, ... at the end of its name."""
    yield path
    for count in itertools.count(1):
        yield path.with_name(f"{path.stem}{separator}{count}{path.suffix}")
