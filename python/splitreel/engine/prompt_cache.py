"""Embeddings of prompts, kept between jobs: another seed or another number of steps needs no text encoder."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch

from splitreel.engine.api import Prompt
from splitreel.engine.prompt_files import PromptFiles
from splitreel.models.family import TextEmbeddings

# Thirty-five pairs of the real models: 226 tokens of 4,096 numbers in bf16 are 1.85 MB.
_MAX_BYTES = 128 * 1024 * 1024

# Name, size and time of each file that the embeddings depend on.
Signature: TypeAlias = tuple[tuple[str, int, int], ...]


def text_encoder_signature(folder: Path) -> Signature:
    """Identifies a model's text encoder and tokenizer. Changes with the time or size of any of their files."""
    files = sorted(file for name in ("text_encoder", "tokenizer") for file in (folder / name).rglob("*"))
    found = [(str(file.relative_to(folder)), file.stat()) for file in files if file.is_file()]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


@dataclass(frozen=True, slots=True)
class PromptKey:
    """Everything that embeddings depend on."""

    folder: Path
    signature: Signature
    device: str  # its name
    dtype: torch.dtype
    prompt: Prompt

    @property
    def identity(self) -> list[object]:
        """The same in every process."""
        prompt = self.prompt
        return [str(self.folder), self.signature, self.device, str(self.dtype), prompt.positive, prompt.negative]


class PromptCache:
    """In host memory, and with `files` on the disk too. The least recently used entries make room for new ones."""

    def __init__(self, files: PromptFiles | None = None, max_bytes: int = _MAX_BYTES) -> None:
        self._files = files
        self._max_bytes = max_bytes
        self._entries: OrderedDict[PromptKey, TextEmbeddings] = OrderedDict()

    def __contains__(self, key: PromptKey) -> bool:
        return self._find(key) is not None

    def get(self, key: PromptKey, device: torch.device) -> TextEmbeddings | None:
        found = self._find(key)
        return None if found is None else _on(found, device)

    def _find(self, key: PromptKey) -> TextEmbeddings | None:
        found = self._entries.get(key)
        if found is None and self._files is not None and (found := self._files.read(key.identity)) is not None:
            self._keep(key, found)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: PromptKey, text: TextEmbeddings, *, to_disk: bool) -> None:
        """`to_disk`: of the ranks that share a disk, one writes."""
        kept = _on(text, torch.device("cpu"))
        if to_disk and self._files is not None:
            self._files.write(key.identity, kept)
        self._keep(key, kept)

    def _keep(self, key: PromptKey, text: TextEmbeddings) -> None:
        self._entries[key] = text
        self._entries.move_to_end(key)
        # The newest stays, whatever its size.
        while len(self._entries) > 1 and sum(map(_bytes, self._entries.values())) > self._max_bytes:
            self._entries.popitem(last=False)


def _on(text: TextEmbeddings, device: torch.device) -> TextEmbeddings:
    """Copies, so that changing them in place doesn't change the cached ones."""
    negative = None if text.negative is None else text.negative.to(device, copy=True)
    return TextEmbeddings(text.positive.to(device, copy=True), negative)


def _bytes(text: TextEmbeddings) -> int:
    return text.positive.nbytes + (0 if text.negative is None else text.negative.nbytes)
