"""What a model folder is refused for, each naming the file."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from splitreel.errors import SplitreelError
from splitreel.model_folder import check_model_folder, find_model
from tests.processes.worker import make_model_folder

WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


def edit(folder: Path, file: str, **values: object) -> None:
    path = folder / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def header(length: int, text: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", length) + text + data


def tensor(**values: object) -> bytes:
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **values}
    return json.dumps({"x": entry}).encode()


def with_pickle(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / "transformer" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps({"x": 1}))


def with_index(folder: Path, weight_map: dict[str, str]) -> None:
    (folder / (WEIGHTS + ".index.json")).write_text(json.dumps({"weight_map": weight_map}))


def weights(content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / WEIGHTS).write_bytes(content)


CASES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no index": (lambda f: (f / "model_index.json").unlink(), "MODEL_MISSING", ""),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "MODEL_INCOMPLETE", WEIGHTS),
    "no config": (lambda f: (f / "vae/config.json").unlink(), "MODEL_INCOMPLETE", "vae/config.json"),
    "no tokenizer": (lambda f: (f / "tokenizer/tokenizer.json").unlink(), "MODEL_INCOMPLETE", "tokenizer/spiece.model"),
    "broken config": (lambda f: (f / "vae/config.json").write_text("{"), "MODEL_CORRUPT", "vae/config.json"),
    "deep config": (lambda f: (f / "vae/config.json").write_text("[" * 99_999), "MODEL_CORRUPT", "vae/config.json"),
    "short file": (weights(header(len(tensor()), tensor(), b"\0\0")), "MODEL_INCOMPLETE", WEIGHTS),
    "long file": (weights(header(len(tensor()), tensor(), b"\0" * 5)), "MODEL_CORRUPT", WEIGHTS),
    "empty file": (weights(b""), "MODEL_CORRUPT", WEIGHTS),
    "a header of exabytes": (weights(header(2**62, b"{}")), "MODEL_CORRUPT", WEIGHTS),
    "a header that is no JSON": (weights(header(2, b"{x")), "MODEL_CORRUPT", WEIGHTS),
    "offsets backwards": (weights(header(len(tensor(data_offsets=[4, 0])), tensor(data_offsets=[4, 0]))), "MODEL_CORRUPT", WEIGHTS),
    "a shape of another length": (weights(header(len(tensor(shape=[9])), tensor(shape=[9]), b"\0" * 4)), "MODEL_CORRUPT", WEIGHTS),
    "a pickle": (with_pickle, "MODEL_UNSAFE", "transformer/diffusion_pytorch_model.bin"),
    "code": (lambda f: (f / "transformer/model.py").write_text("x"), "MODEL_UNSAFE", "transformer/model.py"),
    "auto_map": (lambda f: edit(f, "text_encoder/config.json", auto_map={}), "MODEL_UNSAFE", "text_encoder/config.json"),
    "another class": (lambda f: edit(f, "model_index.json", vae=["os", "system"]), "MODEL_UNSUPPORTED", ""),
    "a shard that is missing": (lambda f: with_index(f, {"x": "a.safetensors"}), "MODEL_INCOMPLETE", "transformer/a.safetensors"),
    "an index that points out": (lambda f: with_index(f, {"x": "../a.safetensors"}), "MODEL_UNSAFE", WEIGHTS + ".index.json"),
    "a tensor that is missing": (lambda f: with_index(f, {"y": Path(WEIGHTS).name}), "MODEL_CORRUPT", WEIGHTS),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_refused(tmp_path: Path, name: str) -> None:
    spoil, code, file = CASES[name]
    folder = make_model_folder(tmp_path / "m")
    assert check_model_folder(folder).weight_bytes > 0
    spoil(folder)
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    assert caught.value.code == code
    assert caught.value.params.get("file", "") == file


def test_whole_folder_with_an_index(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    with_index(folder, {"x": Path(WEIGHTS).name})
    assert check_model_folder(folder).shape.heads == 12


def test_the_fingerprint_follows_configs_and_sizes(tmp_path: Path) -> None:
    first = check_model_folder(make_model_folder(tmp_path / "a")).fingerprint
    assert check_model_folder(make_model_folder(tmp_path / "b")).fingerprint == first
    assert check_model_folder(make_model_folder(tmp_path / "c", heads=30)).fingerprint != first


def test_a_catalogue_name_is_looked_up_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path))
    folder = make_model_folder(tmp_path / "models" / "cogvideox-2b")
    assert find_model("cogvideox-2b") == folder
    assert find_model("nothing-of-that-name") == Path("nothing-of-that-name").absolute()
