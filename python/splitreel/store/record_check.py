"""Compares the record of verified files with their current sizes and times, without reading them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from splitreel.contract import failures, reasons
from splitreel.contract.errors import AppError, SplitreelError
from splitreel.rules.config import refuse
from splitreel.store.files import status
from splitreel.store.hub.digests import RecordedFile, read_record

RecordStatus = Literal["none", "good", "stale", "damaged"]


@dataclass(frozen=True, slots=True)
class RecordState:
    """`none`: never verified. `stale`: a file's time changed since it was verified.

    `known`: how many files have the hash that Hugging Face publishes. `source`: the repository and commit from which
    the files can be downloaded again.
    """

    status: RecordStatus
    error: AppError | None
    file_count: int
    known: int
    source: tuple[str, str] | None


def check_record(folder: Path, file: Path) -> RecordState:
    """`file`: the record that the downloader keeps of the model in `folder`."""
    record = read_record(file)
    source = None if record.repo is None or record.commit is None else (record.repo, record.commit)
    known = sum(entry.is_known for entry in record.files.values())
    found: RecordStatus = "good" if record.files else "none"
    error = None
    for name, entry in record.files.items():
        try:
            if not _is_same(folder, name, entry):
                found = "stale"
        except SplitreelError as problem:
            found, error = "damaged", problem.error
            break
    return RecordState(found, error, len(record.files), known, source)


def _is_same(folder: Path, name: str, entry: RecordedFile) -> bool:
    """False if its time has changed. Raises MODEL_INCOMPLETE, MODEL_CORRUPT."""
    info = status(folder / name)
    if info is None:
        raise refuse("MODEL_INCOMPLETE", reasons.model_file_missing(file=name))
    # The downloader's mark for a file whose hash is wrong.
    if entry.mtime_ms < 0:
        raise failures.model_corrupt(file=name, reasons=[reasons.model_file_hash(file=name)])
    if info.st_size != entry.size:
        reason = reasons.model_file_size(file=name, found=info.st_size, expected=entry.size)
        raise failures.model_corrupt(file=name, reasons=[reason])
    return entry.is_unchanged(folder / name)
