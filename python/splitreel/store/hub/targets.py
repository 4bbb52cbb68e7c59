"""Where a download may write: inside the model's folder, but not through links out of it.

A folder can come from anybody and its new contents come from a server, so a link in it must not let a repair replace
arbitrary files of the user.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from splitreel.contract import reasons
from splitreel.rules.config import refuse

# The folder for partial files, next to their targets.
PARTS: Final = ".parts"


def writable_target(folder: Path, name: str) -> Path:
    """The file to replace.

    Follows links only from a snapshot in a Hugging Face cache to a blob of the same repository: there, the damaged
    file is the blob. Raises MODEL_UNSAFE for every other link below `folder`.
    """
    root = folder.resolve()
    target = root / name
    real = target.resolve()
    if real == target:
        return target
    blobs = root.parent.parent / "blobs"
    is_snapshot = root.parent.name == "snapshots" and root.parent.parent.name.startswith("models--")
    if is_snapshot and real.parent == blobs and not blobs.is_symlink() and not real.is_dir():
        return real
    raise refuse("MODEL_UNSAFE", reasons.model_link_outside(file=name))


def make_parts_folder(folder: Path) -> None:
    """Raises MODEL_UNSAFE if it is a link."""
    parts = folder / PARTS
    if parts.is_symlink():
        raise refuse("MODEL_UNSAFE", reasons.model_link_outside(file=PARTS))
    parts.mkdir(parents=True, exist_ok=True)
