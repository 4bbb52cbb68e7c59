"""Which folder a name on the command line means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.contract.messages import RESOURCES
from splitreel.store.find_model import cached_snapshot, find_model
from splitreel.store.locations import cache_folder
from tests.processes.worker import make_model_folder


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    return tmp_path / "data"


def cached(cache: Path, repository: str = "zai-org--CogVideoX-2b", commit: str = "abc") -> Path:
    return make_model_folder(cache / f"models--{repository}" / "snapshots" / commit)


def test_a_catalog_name_is_looked_up_in_the_data_folder(data: Path) -> None:
    folder = make_model_folder(data / "models" / "cogvideox-2b")
    assert find_model("cogvideox-2b") == folder
    assert find_model("nothing-of-that-name") == Path("nothing-of-that-name").absolute()


def test_the_chosen_models_folder_comes_before_the_cache_of_hugging_face(data: Path, tmp_path: Path) -> None:
    snapshot = cached(tmp_path / "hf" / "hub")
    assert find_model("cogvideox-2b") == snapshot
    chosen = make_model_folder(tmp_path / "chosen" / "cogvideox-2b")
    data.mkdir()
    (data / "settings.json").write_text(json.dumps({"modelsFolder": str(tmp_path / "chosen")}))
    assert find_model("cogvideox-2b") == chosen


GOLDEN = json.loads((RESOURCES / "golden" / "hub-cache.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: json.dumps(case["variables"]))
def test_the_cache_is_where_huggingface_hub_keeps_it(monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]) -> None:
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in case["variables"].items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(case["folder"])


@pytest.mark.parametrize("case", GOLDEN["snapshots"], ids=lambda case: case["name"])
def test_the_snapshot_of_a_repository(tmp_path: Path, case: dict[str, Any]) -> None:
    repository = tmp_path / "hf" / "hub" / "models--me--mine"
    for name in (*case["models"], *case["empty"]):
        (repository / "snapshots" / name).mkdir(parents=True)
    for name in case["models"]:
        (repository / "snapshots" / name / "model_index.json").write_text("{}")
    (repository / "refs").mkdir()
    if case["main"] is not None:
        (repository / "refs" / "main").write_text(case["main"])
    expected = None if case["found"] is None else repository / "snapshots" / case["found"]
    assert cached_snapshot("me/mine") == expected


def test_a_repository_is_resolved_in_the_cache_and_a_path_of_that_form_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = (cached(tmp_path / "hf" / "hub", "me--mine", commit) for commit in ("a", "b"))
    assert find_model("me/mine") == older
    refs = tmp_path / "hf" / "hub" / "models--me--mine" / "refs"
    refs.mkdir()
    (refs / "main").write_text("b\n")
    assert find_model("me/mine") == newer
    monkeypatch.chdir(tmp_path)
    here = make_model_folder(tmp_path / "me" / "mine")
    assert find_model("me/mine") == here


@pytest.mark.parametrize("name", ["cogvideox-2b", "zai-org/CogVideoX-2b"])
def test_a_model_that_was_not_downloaded_is_reported(name: str) -> None:
    with pytest.raises(SplitreelError) as caught:
        find_model(name)
    assert str(caught.value) == f"{name} hasn't been downloaded yet."


@pytest.mark.parametrize("name", ["x" * 300, "a/" + "b" * 300, "a\0b", "/proc/self/root/" * 300])
def test_a_name_that_no_file_can_have_is_a_missing_model(name: str) -> None:
    assert find_model(name) == Path(name).absolute()
