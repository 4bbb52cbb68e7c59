"""Embeddings of prompts on the disk, so that a known prompt needs no text encoder after a restart.

A file's name is a hash and its contents are numbers: the prompt itself isn't stored.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from splitreel.models.family import TextEmbeddings

# About 140 pairs of the real models.
_MAX_BYTES = 256 * 1024 * 1024
_SUFFIX = ".embeddings"
_DIGEST_BYTES = hashlib.sha256().digest_size


class PromptFiles:
    """A folder of limited size. The least recently used files make room for new ones.

    A disk that fails only costs time: the prompt is encoded again.
    """

    def __init__(self, folder: Path, max_bytes: int = _MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def read(self, identity: object) -> TextEmbeddings | None:
        """On the CPU. A damaged file is removed."""
        path = self._path(identity)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        found = _decoded(content)
        if found is None:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return found

    def write(self, identity: object, text: TextEmbeddings) -> None:
        """Tensors on the CPU. The file appears whole or not at all."""
        tensors = {"positive": text.positive} | ({} if text.negative is None else {"negative": text.negative})
        payload = save({name: tensor.contiguous() for name, tensor in tensors.items()})
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(hashlib.sha256(payload).digest() + payload)
                Path(name).replace(self._path(identity))
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            self._evict()

    def _path(self, identity: object) -> Path:
        versions = [metadata.version(name) for name in ("torch", "transformers")]
        text = json.dumps([versions, identity], ensure_ascii=True, default=str)
        return self._folder / (hashlib.sha256(text.encode("ascii")).hexdigest() + _SUFFIX)

    def _evict(self) -> None:
        used = []
        for path in self._folder.iterdir():
            # Another engine may remove files meanwhile.
            with suppress(OSError):
                stat = path.stat()
                used.append((stat.st_mtime_ns, stat.st_size, path))
        total = sum(size for _, size, _ in used)
        for _, size, path in sorted(used):
            if total <= self._max_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size


def _decoded(content: bytes) -> TextEmbeddings | None:
    digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    try:
        tensors = load(payload)
        return TextEmbeddings(tensors["positive"], tensors.get("negative"))
    except (KeyError, SafetensorError):
        return None


def device_name(device: torch.device) -> str:
    """Devices of different names round differently."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
