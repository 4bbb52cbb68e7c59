"""Weights on disk, read one slice at a time straight to where they are used.

Safetensors only. A tensor that stays on the CPU in the type it is stored in is not copied at all: it is a
private mapping of the file, so any number of ranks on one machine share one copy in the page cache, and
letting go of a weight costs nothing to undo.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from splitreel.errors import SplitreelError
from splitreel.parallel.tensor import Cut

_PAGE_BYTES = 4096


class Checkpoint:
    """The weights of one component folder: one safetensors file, or several with an index.

    `on_bytes(count)` is called after each slice has really been read.
    """

    def __init__(self, folder: Path, stem: str, on_bytes: Callable[[int], None] | None = None) -> None:
        self.folder = folder
        self._on_bytes = on_bytes
        self._files: dict[str, Path] = {}  # tensor's name -> file
        self._open: dict[Path, safe_open] = {}
        for file, names in _shards(folder, stem).items():
            handle = _open(file)
            held = set(handle.keys())
            missing = [name for name in names if name not in held]
            if missing:
                raise _incomplete(file, f"the weight {missing[0]} is not in it")
            self._open[file] = handle
            self._files.update(dict.fromkeys(names or held, file))

    def __contains__(self, name: str) -> bool:
        return name in self._files

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._files)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._slice(name).get_shape())

    def stored_bytes(self, name: str, cut: Cut | None = None) -> int:
        """Bytes of a weight, or of one slice of it, as it is stored."""
        piece = self._slice(name)
        count = 1
        for dim, length in enumerate(piece.get_shape()):
            count *= cut.span.length if cut is not None and cut.dim == dim else length
        return count * _WIDTHS.get(str(piece.get_dtype()), 4)

    def read(self, name: str, cut: Cut | None, dtype: torch.dtype, device: torch.device) -> Tensor:
        """One weight, or one slice of it, as contiguous tensor on the device."""
        piece = self._slice(name)
        try:
            if cut is None:
                view = piece[:] if piece.get_shape() else self._open[self._files[name]].get_tensor(name)
            else:
                view = piece[(slice(None),) * cut.dim + (cut.span.slice,)]
        except SafetensorError as problem:
            raise _corrupt(self._files[name], str(problem)) from problem
        stored = view.numel() * view.element_size()
        tensor: Tensor = view.to(device=device, dtype=dtype).contiguous()
        if tensor.data_ptr() == view.data_ptr():
            _touch(tensor)
        if self._on_bytes is not None:
            self._on_bytes(stored)
        return tensor

    def _slice(self, name: str):  # type: ignore[no-untyped-def]  # safetensors' slice has no type of its own
        if name not in self._files:
            raise _incomplete(self.folder, f"the weight {name} is missing")
        return self._open[self._files[name]].get_slice(name)


_WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "BOOL": 1}


def _touch(mapped: Tensor) -> None:
    """Brings a mapped tensor in from disk now, so that progress is true and the first step is not slow."""
    raw = mapped.view(-1).view(torch.uint8)
    raw[::_PAGE_BYTES].sum()


def _shards(folder: Path, stem: str) -> dict[Path, list[str]]:
    """Files of a component and the weights that the index says are in each (none said: all that are)."""
    single = folder / f"{stem}.safetensors"
    index = folder / f"{stem}.safetensors.index.json"
    if single.is_file():
        return {single: []}
    if not index.is_file():
        if not folder.is_dir():
            raise _incomplete(folder, "the folder is missing")
        others = [path.name for path in folder.iterdir() if path.suffix in {".bin", ".pt", ".pth", ".ckpt"}]
        if others:
            raise SplitreelError(
                "MODEL_UNSAFE", {"file": others[0], "problem": "weights can be read from safetensors files only"}
            )
        raise _incomplete(single, "the file is missing")
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        entries = [(str(name), str(file)) for name, file in weight_map.items()]
    except (OSError, ValueError, KeyError, AttributeError) as problem:
        raise _corrupt(index, "it is not a safetensors index") from problem
    files: dict[Path, list[str]] = {}
    for name, file in entries:
        if Path(file).name != file:
            raise SplitreelError("MODEL_UNSAFE", {"file": index.name, "problem": "it names a file outside its folder"})
        files.setdefault(folder / file, []).append(name)
    return files


def _open(file: Path) -> safe_open:
    if not file.is_file():
        raise _incomplete(file, "the file is missing")
    try:
        return safe_open(file, framework="pt", device="cpu")
    except (SafetensorError, OSError) as problem:
        raise _corrupt(file, str(problem)) from problem


def _incomplete(path: Path, problem: str) -> SplitreelError:
    return SplitreelError("MODEL_INCOMPLETE", {"file": f"{path.parent.name}/{path.name}", "problem": problem})


def _corrupt(path: Path, problem: str) -> SplitreelError:
    return SplitreelError("MODEL_CORRUPT", {"file": f"{path.parent.name}/{path.name}", "problem": problem})
