"""The port to weight files, so that a benchmark can generate a full-size model instead of reading one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import torch
from safetensors import safe_open


class TensorSlice(Protocol):
    """A tensor that is read only where it is indexed: `file.get_slice(name)[start:stop]`."""

    def __getitem__(self, index: Any) -> torch.Tensor: ...


class TensorFile(Protocol):
    """One file of named tensors, with the interface of the safetensors library."""

    def keys(self) -> list[str]: ...
    def get_tensor(self, name: str) -> torch.Tensor: ...
    def get_slice(self, name: str) -> TensorSlice: ...


OpenTensors: TypeAlias = Callable[[Path], AbstractContextManager[TensorFile]]


def open_safetensors(file: Path) -> AbstractContextManager[TensorFile]:
    opened: AbstractContextManager[TensorFile] = safe_open(file, framework="pt")
    return opened
