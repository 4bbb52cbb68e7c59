"""What a model folder is refused for, each naming the file."""

from __future__ import annotations

import json
import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.store.model_folder import check_model_folder, find_model
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


def test_the_chosen_models_folder_and_the_cache_of_hugging_face_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    cached = make_model_folder(tmp_path / "hf" / "hub" / "models--zai-org--CogVideoX-2b" / "snapshots" / "abc")
    assert find_model("cogvideox-2b") == cached
    chosen = make_model_folder(tmp_path / "chosen" / "cogvideox-2b")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.json").write_text(json.dumps({"modelsFolder": str(tmp_path / "chosen")}))
    assert find_model("cogvideox-2b") == chosen


class Canary:
    """Unpickled it leaves a file behind."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.place),))


def test_canaries_stay_silent(tmp_path: Path) -> None:
    """A pickle beside and in place of weights, code named by auto_map: refused, and nothing of it is run."""
    sung = tmp_path / "sung"
    for place in ("transformer", "text_encoder", "vae"):
        folder = make_model_folder(tmp_path / place)
        for weights in (folder / place).glob("*.safetensors"):
            weights.with_suffix(".bin").write_bytes(pickle.dumps(Canary(sung)))
            weights.unlink()
        with pytest.raises(SplitreelError) as caught:
            check_model_folder(folder)
        assert caught.value.code in {"MODEL_UNSAFE", "MODEL_INCOMPLETE"}
    code = make_model_folder(tmp_path / "code")
    edit(code, "text_encoder/config.json", auto_map={"AutoModel": "evil.Evil"})
    (code / "text_encoder" / "evil.py").write_text(f"import os\nos.mkdir({str(sung)!r})\n")
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(code)
    assert caught.value.code == "MODEL_UNSAFE"
    assert not sung.exists()
    # The canary can sing: loaded as torch.load of old would, it leaves its file.
    pickle.loads(pickle.dumps(Canary(sung)))
    assert sung.exists()


@pytest.mark.parametrize("claim", [2**60, 99_000_000])
def test_no_memory_is_taken_for_what_a_header_claims(tmp_path: Path, claim: int) -> None:
    folder = make_model_folder(tmp_path / "m")
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", claim) + b"{}")
    huge = json.dumps({"x": {"dtype": "F32", "shape": [2**58], "data_offsets": [0, 2**60]}}).encode()
    (folder / "vae/diffusion_pytorch_model.safetensors").write_bytes(header(len(huge), huge))
    tracemalloc.start()
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    _, peak = tracemalloc.get_traced_memory()
    assert caught.value.code == "MODEL_CORRUPT"
    assert peak < 4_000_000
    (folder / WEIGHTS).write_bytes(header(len(huge), huge))
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "MODEL_INCOMPLETE"
    assert peak < 4_000_000
