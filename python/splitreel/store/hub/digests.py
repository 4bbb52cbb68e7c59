"""Hashes of files, and the record of what was verified."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from splitreel.store.hub.selection import Digest

BLOCK_BYTES: Final = 4 * 1_048_576


def hash_stream(blocks: Iterable[memoryview], kind: str, size: int) -> str:
    """`kind` as in Digest. `size`: total bytes of the blocks, which git's hash starts with."""
    hasher = hashlib.sha256() if kind == "sha256" else hashlib.sha1(usedforsecurity=False)
    if kind == "gitSha1":
        hasher.update(b"blob %d\0" % size)
    for block in blocks:
        hasher.update(block)
    return hasher.hexdigest()


def hash_file(path: Path, kind: str, on_bytes: Callable[[int], None] = lambda _count: None) -> str:
    """`kind` as in Digest. `on_bytes` is called for each block and may raise to stop."""

    def blocks(stream: FileIO) -> Iterator[memoryview]:
        block = memoryview(bytearray(BLOCK_BYTES))
        while count := stream.readinto(block):
            yield block[:count]
            on_bytes(count)

    with path.open("rb", buffering=0) as stream:
        return hash_stream(blocks(stream), kind, os.fstat(stream.fileno()).st_size)


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """`is_known`: Hugging Face publishes this digest; otherwise it is only the file's digest when first seen."""

    size: int
    digest: Digest
    mtime_ms: int
    is_known: bool

    def is_unchanged(self, path: Path) -> bool:
        """By size and time, without reading it."""
        try:
            found = path.stat()
        except OSError:
            return False
        return found.st_size == self.size and found.st_mtime_ns // 1_000_000 == self.mtime_ms


@dataclass(frozen=True, slots=True)
class Record:
    """The verified files of one model, by their path in the folder."""

    repo: str | None
    commit: str | None
    files: Mapping[str, RecordedFile]


EMPTY_RECORD: Final = Record(None, None, {})


def recorded(path: Path, digest: Digest, *, is_known: bool) -> RecordedFile:
    found = path.stat()
    return RecordedFile(found.st_size, digest, found.st_mtime_ns // 1_000_000, is_known)


def read_record(file: Path) -> Record:
    """An empty record if there is none or it can't be read: everything is then hashed again."""
    try:
        raw = json.loads(file.read_text("utf-8"))
        files = {
            str(name): RecordedFile(
                int(entry["size"]),
                Digest(str(entry["kind"]), str(entry["digest"])),
                int(entry["mtimeMs"]),
                bool(entry["isKnown"]),
            )
            for name, entry in raw["files"].items()
        }
        return Record(raw["repo"], raw["commit"], files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return EMPTY_RECORD


def write_record(file: Path, record: Record) -> None:
    """Replaces the whole file, or leaves it unchanged."""
    entries = {
        name: {
            "size": entry.size,
            "kind": entry.digest.kind,
            "digest": entry.digest.value,
            "mtimeMs": entry.mtime_ms,
            "isKnown": entry.is_known,
        }
        for name, entry in sorted(record.files.items())
    }
    text = json.dumps({"version": 1, "repo": record.repo, "commit": record.commit, "files": entries}, indent=2)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Always the same name, so that the next record replaces what a killed process left.
    temporary = file.with_name(f".{file.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        # `x`: an existing link is not written through.
        with temporary.open("x", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
