"""Every file of a model against its hash: the hub's where it is known, otherwise what it was when first seen.

A model in the Hugging Face cache names its own hashes: each file is a link to a blob that has its hash as name. A
folder made with `hf download --local-dir` keeps them in .cache/huggingface.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from splitreel.store.hub.digests import Record, RecordedFile, hash_file, read_record, recorded, write_record
from splitreel.store.hub.protocol import DamagedFile, Verified, Verify
from splitreel.store.hub.selection import Digest, digest_of, is_wanted

_SNAPSHOT: Final = re.compile(r"models--([\w.-]+?)--([\w.-]+)")
_PARTS: Final = ("", "transformer", "vae", "text_encoder", "tokenizer", "scheduler")


def verify(wish: Verify, hear: Callable[[int, int], None], check: Callable[[], None]) -> Verified:
    """Hashes and writes the record. `hear`: bytes done, bytes in all. `check` raises to stop: what is done is kept."""
    folder, record_file = Path(wish.folder), Path(wish.record_file)
    before = read_record(record_file)
    repo, commit = _source(folder, before)
    names = sorted({*_names(folder), *before.files})
    kept: dict[str, RecordedFile] = {}
    to_hash: list[tuple[str, Digest | None]] = []
    damaged: list[DamagedFile] = []
    for name in names:
        path, old = folder / name, before.files.get(name)
        expected = _known_digest(folder, name, old)
        if not path.is_file():
            damaged.append(DamagedFile(name, "it is not there"))
        elif old is not None and not wish.everything and old.is_unchanged(path) and expected in {None, old.digest}:
            kept[name] = old
        else:
            to_hash.append((name, expected))
    total = sum((folder / name).stat().st_size for name, _ in to_hash)
    done = 0

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        hear(done, total)
        check()

    for name, expected in to_hash:
        path, old = folder / name, before.files.get(name)
        right = expected or (old.digest if old is not None else None)
        digest = Digest((right or Digest("sha256", "")).kind, "")
        digest = Digest(digest.kind, hash_file(path, digest.kind, on_bytes))
        if right is not None and digest != right:
            damaged.append(DamagedFile(name, _difference(path, old, is_known=expected is not None)))
            # Still what the file should be, but never again believed by size and time.
            kept[name] = RecordedFile(old.size if old else -1, right, -1, expected is not None)
            continue
        kept[name] = recorded(path, digest, is_known=expected is not None)
        write_record(record_file, Record(repo, commit, {**before.files, **kept}))
    write_record(record_file, Record(repo, commit, {**before.files, **kept}))
    known = sum(entry.is_known and entry.mtime_ms >= 0 for entry in kept.values())
    return Verified(wish.model_id, len(names), known, tuple(damaged), repo, commit)


def _difference(path: Path, old: RecordedFile | None, *, is_known: bool) -> str:
    size = path.stat().st_size
    if old is not None and 0 <= old.size != size:
        return f"it has {size} bytes of {old.size}"
    return (
        "its hash is not the one that the hub names" if is_known else "its bytes have changed since it was first seen"
    )


def _names(folder: Path) -> Iterator[str]:
    for part in _PARTS:
        if (folder / part).is_dir():
            for path in (folder / part).iterdir():
                name = f"{part}/{path.name}" if part else path.name
                # A link that leads nowhere is a file that is missing.
                if is_wanted(name) and (path.is_file() or path.is_symlink()):
                    yield name


def _source(folder: Path, before: Record) -> tuple[str | None, str | None]:
    match = _SNAPSHOT.fullmatch(folder.parent.parent.name)
    if match is not None and folder.parent.name == "snapshots":
        return f"{match[1]}/{match[2]}", folder.name
    return before.repo, before.commit


def _known_digest(folder: Path, name: str, old: RecordedFile | None) -> Digest | None:
    if old is not None and old.is_known:
        return old.digest
    path = folder / name
    if path.is_symlink() and folder.parent.name == "snapshots" and (blob := path.readlink()).parent.name == "blobs":
        return digest_of(blob.name)
    try:
        lines = (folder / ".cache" / "huggingface" / "download" / f"{name}.metadata").read_text("utf-8").splitlines()
        return digest_of(lines[1].strip())
    except (OSError, ValueError, IndexError):
        return None
