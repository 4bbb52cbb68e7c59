"""What was verified of a model, compared with its files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from splitreel.contract.messages import RESOURCES
from splitreel.store.hub.digests import Record, RecordedFile, recorded, write_record
from splitreel.store.hub.selection import Digest
from splitreel.store.record_check import check_record

DIGEST = Digest("sha256", "0" * 64)
NAME = "vae/config.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    file = tmp_path / "model" / NAME
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    return tmp_path / "model"


def record(folder: Path, entry: RecordedFile | None = None) -> Path:
    file = folder.parent / "record.json"
    kept = entry or recorded(folder / NAME, DIGEST, is_known=True)
    write_record(file, Record("a/b", "c" * 40, {NAME: kept}))
    return file


def test_unchanged_files_are_good(folder: Path) -> None:
    found = check_record(folder, record(folder))
    assert (found.status, found.error, found.file_count, found.known) == ("good", None, 1, 1)
    assert found.source == ("a/b", "c" * 40)


@pytest.mark.parametrize("content", [None, "", "[]", '{"files": 1}'])
def test_a_record_that_is_missing_or_damaged_verifies_nothing(folder: Path, content: str | None) -> None:
    file = folder.parent / "record.json"
    if content is not None:
        file.write_text(content)
    assert check_record(folder, file).status == "none"


def test_a_file_whose_time_changed_is_stale(folder: Path) -> None:
    file = record(folder)
    os.utime(folder / NAME, (1, 1))
    assert check_record(folder, file).status == "stale"


def append_bytes(folder: Path) -> Path:
    file = record(folder)
    (folder / NAME).write_text("{}  ")
    return file


def remove(folder: Path) -> Path:
    file = record(folder)
    (folder / NAME).unlink()
    return file


def mark(folder: Path) -> Path:
    return record(folder, RecordedFile(2, DIGEST, -1, is_known=True))


@pytest.mark.parametrize(
    ("damage", "code"), [(append_bytes, "MODEL_CORRUPT"), (remove, "MODEL_INCOMPLETE"), (mark, "MODEL_CORRUPT")]
)
def test_damage_is_named_with_its_file(folder: Path, damage: Callable[[Path], Path], code: str) -> None:
    found = check_record(folder, damage(folder))
    assert found.status == "damaged"
    assert found.error is not None
    assert found.error.code == code
    assert found.error.params["file"] == NAME


def test_inspect_reports_the_record_with_only_the_standard_library(folder: Path) -> None:
    package = str(RESOURCES.parent / "python")
    command = [sys.executable, "-I", "-S", package, "inspect", str(folder), str(record(folder))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["record"] == {
        "status": "good",
        "error": None,
        "fileCount": 1,
        "known": 1,
        "source": ["a/b", "c" * 40],
    }


RECORDED = Path(__file__).parents[3] / "test" / "upgrade" / "recorded"
# Git keeps no times; test/upgrade/data-folder.ts records and restores this one.
FILE_TIME_NS = 1_800_000_000_000 * 1_000_000


@pytest.mark.parametrize("version", sorted(path.name for path in RECORDED.iterdir()))
def test_a_model_that_an_earlier_version_verified_stays_verified(version: str, tmp_path: Path) -> None:
    model = tmp_path / "my-model"
    shutil.copytree(RECORDED / version / "data" / "models" / "my-model", model)
    for file in model.iterdir():
        os.utime(file, ns=(FILE_TIME_NS, FILE_TIME_NS))
    (record_of_model,) = (RECORDED / version / "data" / "verified").iterdir()
    found = check_record(model, record_of_model)
    assert (found.status, found.file_count, found.known) == ("good", 1, 1)
