"""A tokenizer that takes all memory or time ends its own process, and the next question is answered."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.contract.messages import RESOURCES
from splitreel.store import reader_process
from splitreel.store.model_reader import ModelReader
from splitreel.store.token_counter import TokenCounter

DEMO = RESOURCES / "demo"


@pytest.fixture
def counter() -> Iterator[TokenCounter]:
    models = ModelReader()
    made = TokenCounter(models)
    yield made
    made.close()
    models.close()


def model_with(folder: Path, tokenizer: dict[str, object]) -> Path:
    shutil.copytree(DEMO, folder)
    file = folder / "tokenizer" / "tokenizer.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **tokenizer}))
    return folder


def bomb() -> dict[str, object]:
    """Six replacements, each of one letter by 200,000."""
    steps = [{"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 50_000} for _ in range(6)]
    return {"normalizer": {"type": "Sequence", "normalizers": steps}}


def slow() -> dict[str, object]:
    """Replaces each letter 400 times, which takes seconds for a long text, and little memory."""
    steps = [{"type": "Replace", "pattern": {"String": old}, "content": new} for old, new in ("ab", "ba")]
    return {"normalizer": {"type": "Sequence", "normalizers": steps * 200}}


def test_tokens_of_the_demo_model(counter: TokenCounter) -> None:
    tokens, most = counter.count(DEMO, "a red ball")
    assert (3 <= tokens <= 12, most) == (True, 48)
    assert counter.count(DEMO, "a red ball and a red ball")[0] > tokens


def test_a_bomb_is_refused_by_name_and_not_tried_again(counter: TokenCounter, tmp_path: Path) -> None:
    folder = model_with(tmp_path / "m", bomb())
    for _ in range(2):
        with pytest.raises(SplitreelError) as caught:
            counter.count(folder, "a banana")
        assert (caught.value.code, caught.value.params["file"]) == ("MODEL_CORRUPT", "tokenizer/tokenizer.json")
    assert counter.count(DEMO, "a red ball")[1] == 48


def test_a_tokenizer_that_cannot_be_read_is_refused_and_others_go_on(counter: TokenCounter, tmp_path: Path) -> None:
    folder = model_with(tmp_path / "m", {"model": {"type": "Nothing"}})
    with pytest.raises(SplitreelError) as caught:
        counter.count(folder, "a")
    assert caught.value.code == "MODEL_CORRUPT"
    assert counter.count(DEMO, "a red ball")[1] == 48


def test_a_tokenizer_is_refused_for_its_own_time_and_not_for_the_machines(
    counter: TokenCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.count(DEMO, "a red ball")
    process = counter._reader._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(reader_process, "_PATIENCE", 0.02)
        with pytest.raises(SplitreelError) as caught:
            counter.count(DEMO, "a red ball")
    assert caught.value.code == "MODEL_CORRUPT"
    assert counter.count(DEMO, "a red ball")[1] == 48


def test_a_tokenizer_that_computes_for_too_long_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_with(tmp_path / "m", slow())
    models = ModelReader()
    counter = TokenCounter(models, answer_seconds=0.2)
    monkeypatch.setattr(reader_process, "_PATIENCE", 600.0)
    started: list[object] = []
    start = subprocess.Popen

    def count_start(*command: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(command)
        return start(*command, **options)

    monkeypatch.setattr(reader_process.subprocess, "Popen", count_start)
    # Its import and a first answer take a tenth of that.
    counter.count(DEMO, "a red ball")
    models.read(folder)
    before = len(started)
    for _ in range(2):
        with pytest.raises(SplitreelError) as caught:
            counter.count(folder, "a" * 100_000)
        assert caught.value.code == "MODEL_CORRUPT"
    # Neither for the same text nor for the next one.
    assert len(started) == before
    models.close()
