"""Weights during training, as safetensors files that are small enough to be kept in a repository."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from safetensors.torch import load_file, save_file
from torch import Tensor

PART_BYTES: Final = 14_000_000


def save_parts(tensors: dict[str, Tensor], folder: Path, name: str) -> None:
    """Writes files of at most PART_BYTES, or one tensor if that is larger. Replaces an earlier checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(f"{name}-*.safetensors"):
        stale.unlink()
    part: dict[str, Tensor] = {}
    size, number = 0, 0
    for key, tensor in tensors.items():
        if part and size + tensor.nbytes > PART_BYTES:
            save_file(part, folder / f"{name}-{number}.safetensors")
            part, size, number = {}, 0, number + 1
        part[key] = tensor.detach().cpu().contiguous().clone()
        size += tensor.nbytes
    save_file(part, folder / f"{name}-{number}.safetensors")


def load_parts(folder: Path, name: str) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob(f"{name}-*.safetensors")):
        found |= load_file(path)
    return found
