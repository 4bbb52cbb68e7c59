"""A tokenizer that takes all memory or time ends its own process, and the next question is answered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.contract.messages import RESOURCES
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
