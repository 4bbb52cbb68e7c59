"""A folder is checked in a separate process, which may crash without affecting anything else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.store import model_reader, reader_process
from splitreel.store.model_folder import check_model_folder
from splitreel.store.model_reader import ModelReader
from splitreel.store.reader_process import ReaderProcess
from tests.processes.worker import make_model_folder


@pytest.fixture
def reader() -> Iterator[ModelReader]:
    made = ModelReader()
    yield made
    made.close()


def test_the_reading_process_returns_the_result_of_the_check(reader: ModelReader, tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    assert reader.read(folder) == check_model_folder(folder)


def test_the_reading_process_returns_the_error_of_the_check(reader: ModelReader, tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    (folder / "vae" / "config.json").write_text("[")
    with pytest.raises(SplitreelError) as expected:
        check_model_folder(folder)
    with pytest.raises(SplitreelError) as caught:
        reader.read(folder)
    assert caught.value.error == expected.value.error


def test_nothing_is_parsed_in_this_process(
    reader: ModelReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_folder: Path) -> None:
        raise AssertionError("parsed here")

    monkeypatch.setattr(model_reader, "check_model_folder", fail)
    assert reader.read(make_model_folder(tmp_path / "m")).shape.heads == 12


def test_a_check_that_raises_is_an_internal_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_folder: Path) -> None:
        raise RecursionError

    monkeypatch.setattr(model_reader, "check_model_folder", fail)
    answer = model_reader.answer_check({"folder": str(tmp_path)})
    assert isinstance(answer, dict)
    assert (answer["error"]["code"], answer["error"]["details"]) == ("INTERNAL", "RecursionError()")


def test_a_check_over_its_time_is_an_error_of_that_model(tmp_path: Path) -> None:
    before = _readers()
    reader = ModelReader(answer_seconds=0.0)
    with pytest.raises(SplitreelError) as caught:
        reader.read(make_model_folder(tmp_path / "m"))
    assert (caught.value.code, caught.value.error.reasons[0].code) == ("MODEL_CORRUPT", "model_check_fails")
    assert _readers() == before


def test_the_process_has_limits_and_is_replaced_when_it_is_killed(reader: ModelReader, tmp_path: Path) -> None:
    folder, before = make_model_folder(tmp_path / "m"), _readers()
    reader.read(folder)
    (process,) = [child for child in _readers() if child not in before]
    assert process.rlimit(psutil.RLIMIT_AS) == (2 * 1024**3, 2 * 1024**3)
    process.kill()
    psutil.wait_procs([process], timeout=60)
    assert reader.read(folder).shape.heads == 12


def test_a_process_that_ends_during_a_later_question_is_replaced(
    reader: ModelReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, before = make_model_folder(tmp_path / "m"), _readers()
    reader.read(folder)
    (process,) = [child for child in _readers() if child not in before]
    process.kill()
    psutil.wait_procs([process], timeout=10)
    # It seems to run until the question is sent.
    held = reader._reader._process
    assert held is not None
    monkeypatch.setattr(held, "poll", lambda: None)
    assert reader.read(folder).shape.heads == 12


def test_a_question_that_ends_a_new_process_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ReaderProcess(answer_seconds=60.0)
    started: list[object] = []
    start = subprocess.Popen

    def ends(_command: object, **options: Any) -> subprocess.Popen[bytes]:
        started.append(None)
        return start([sys.executable, "-I", "-c", "input()"], **options)

    monkeypatch.setattr(reader_process.subprocess, "Popen", ends)
    assert reader.ask("check", {}) is None
    assert len(started) == 1


def _readers() -> list[psutil.Process]:
    """Reading processes of this one: other tests may keep theirs."""
    return [child for child in psutil.Process().children() if _last_argument(child) == "read-models"]


def _last_argument(process: psutil.Process) -> str:
    """Empty where the process has ended."""
    try:
        return (process.cmdline() or [""])[-1]
    except psutil.NoSuchProcess:
        return ""
