"""Hashes of files, and the record of what was verified when."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from splitreel.hub.selection import Digest

_BLOCK_BYTES: Final = 4 * 1_048_576


def hash_file(path: Path, kind: str, on_bytes: Callable[[int], None] = lambda _count: None) -> str:
    """`kind` as in Digest. `on_bytes` hears of each block and may raise to stop."""
    hasher = hashlib.sha256() if kind == "sha256" else hashlib.sha1(usedforsecurity=False)
    with path.open("rb", buffering=0) as stream:
        if kind == "gitSha1":
            hasher.update(b"blob %d\0" % os.fstat(stream.fileno()).st_size)
        block = bytearray(_BLOCK_BYTES)
        view = memoryview(block)
        while count := stream.readinto(block):
            hasher.update(view[:count])
            on_bytes(count)
    return hasher.hexdigest()


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """`is_known`: the digest is the hub's, not merely what the file had when it was first seen."""

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
    """What was verified of one model: each file by its path in the folder."""

    repo: str | None
    commit: str | None
    files: Mapping[str, RecordedFile]


EMPTY_RECORD: Final = Record(None, None, {})


def recorded(path: Path, digest: Digest, *, is_known: bool) -> RecordedFile:
    found = path.stat()
    return RecordedFile(found.st_size, digest, found.st_mtime_ns // 1_000_000, is_known)


def read_record(file: Path) -> Record:
    """An empty one where there is none or it cannot be read: then everything is hashed again."""
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
    """All or nothing."""
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
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
