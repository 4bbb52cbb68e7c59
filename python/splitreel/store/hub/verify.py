"""Compares every file of a model with its hash: the published one if it is known, otherwise the one first seen.

The Hugging Face cache contains the hashes: each file links to a blob named after its hash. A folder made with
`hf download --local-dir` keeps them in .cache/huggingface. Files are compared with those too, but a hash that came with
a folder doesn't count as known from Hugging Face.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from splitreel.contract.downloads import Verified, Verify
from splitreel.store.hub.digests import Record, RecordedFile, hash_file, read_record, recorded, write_record
from splitreel.store.hub.selection import Digest, digest_of
from splitreel.store.locations import cache_folder
from splitreel.store.model_folder import files_of

_SNAPSHOT: Final = re.compile(r"models--([\w.-]+?)--([\w.-]+)")


def verify(command: Verify, report: Callable[[int, int], None], check: Callable[[], None]) -> Verified:
    """Hashes the files and writes the record.

    `report` gets (bytes hashed, bytes in total). `check` may raise to stop; files hashed so far stay in the record.
    """
    folder, record_file = Path(command.folder), Path(command.record_file)
    before = read_record(record_file)
    repo, commit = _source(folder, before)
    names = sorted({*files_of(folder), *before.files})
    kept: dict[str, RecordedFile] = {}
    to_hash: list[tuple[str, Digest | None, bool]] = []
    damaged: list[str] = []
    for name in names:
        path, old = folder / name, before.files.get(name)
        expected, is_from_hub = _expected_digest(folder, name, old)
        if not path.is_file():
            damaged.append(name)
        elif old is not None and not command.everything and old.is_unchanged(path) and expected in {None, old.digest}:
            kept[name] = old
        else:
            to_hash.append((name, expected, is_from_hub))
    total = sum((folder / name).stat().st_size for name, _, _ in to_hash)
    done = 0

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        report(done, total)
        check()

    for name, expected, is_from_hub in to_hash:
        path, old = folder / name, before.files.get(name)
        right = expected or (old.digest if old is not None else None)
        digest = Digest((right or Digest("sha256", "")).kind, "")
        digest = Digest(digest.kind, hash_file(path, digest.kind, on_bytes))
        if right is not None and digest != right:
            damaged.append(name)
            # Keeps the right digest, but with a size and time that match no file.
            kept[name] = RecordedFile(old.size if old else -1, right, -1, is_from_hub)
            continue
        kept[name] = recorded(path, digest, is_known=is_from_hub)
        write_record(record_file, Record(repo, commit, {**before.files, **kept}))
    write_record(record_file, Record(repo, commit, {**before.files, **kept}))
    known = sum(entry.is_known and entry.mtime_ms >= 0 for entry in kept.values())
    return Verified(command.model_id, len(names), known, tuple(damaged), repo, commit)


def _source(folder: Path, before: Record) -> tuple[str | None, str | None]:
    """The repository and commit from which damaged files can be fetched again.

    They come from the record of our own download or from this user's Hugging Face cache. A folder elsewhere that has
    such a name or contains a record doesn't count.
    """
    match = _SNAPSHOT.fullmatch(folder.parent.parent.name)
    if match is not None and folder.parent.name == "snapshots" and _is_in_cache(folder):
        return f"{match[1]}/{match[2]}", folder.name
    return before.repo, before.commit


def _is_in_cache(folder: Path) -> bool:
    return folder.resolve().parent.parent.parent == cache_folder().resolve()


def _expected_digest(folder: Path, name: str, old: RecordedFile | None) -> tuple[Digest | None, bool]:
    """The expected hash of a file, and whether it came from Hugging Face itself rather than with the folder."""
    if old is not None and old.is_known:
        return old.digest, True
    path = folder / name
    if path.is_symlink() and folder.parent.name == "snapshots" and (blob := path.readlink()).parent.name == "blobs":
        return digest_of(blob.name), _is_in_cache(folder)
    try:
        lines = (folder / ".cache" / "huggingface" / "download" / f"{name}.metadata").read_text("utf-8").splitlines()
        return digest_of(lines[1].strip()), False
    except (OSError, ValueError, IndexError):
        return None, False
