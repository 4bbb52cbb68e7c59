"""The names and shapes that the store expects are those of the modules that diffusers and transformers build."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import init_empty_weights
from safetensors.torch import load_file, save_file

from splitreel.contract.errors import SplitreelError
from splitreel.models.cogvideox.random_model import KINDS, make_model
from splitreel.models.families import family_of
from splitreel.models.loading import ReadOptions, read_weights, shard_components
from splitreel.models.tensor_files import TensorFile, open_safetensors
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup
from splitreel.rules.config import Config
from splitreel.store import model_folder
from splitreel.store.cogvideox import COGVIDEOX_LAYOUT
from splitreel.store.model_folder import check_model_folder, module_name

WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for kind in KINDS:
        make_model(kind, root / kind)
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_every_tensor_of_every_kind_is_expected_with_its_shape(models: Path, kind: str) -> None:
    folder = models / kind
    with init_empty_weights(include_buffers=False):
        parts = family_of(folder).empty_components(folder)
    assert set(parts) == set(COGVIDEOX_LAYOUT.tensors)
    for part, module in parts.items():
        config = Config.of(part, json.loads((folder / part / "config.json").read_text()))
        built = {module_name(name): tuple(tensor.shape) for name, tensor in module.state_dict().items()}
        assert COGVIDEOX_LAYOUT.tensors[part](config) == built
    check_model_folder(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_model("demo-random", tmp_path / "m")
    return tmp_path / "m"


def read(folder: Path, opened: list[Path], component: str = "transformer") -> dict[str, torch.Tensor]:
    """A component as the engine loads it; `opened` receives each file of weights that was opened."""

    def recording(file: Path) -> AbstractContextManager[TensorFile]:
        opened.append(file)
        return open_safetensors(file)

    components = shard_components(family_of(folder), folder, Shard(), TensorParallelGroup(Traffic()), quantized=False)
    cpu = torch.device("cpu")
    read_weights(
        components,
        list(components.modules),
        folder,
        ReadOptions(torch.float32, cpu, lambda _read, _total: None, cpu, recording),
    )
    return components.modules[component].state_dict()


def test_a_file_beside_the_weights_is_never_opened(folder: Path) -> None:
    before = read(folder, [])
    other = {name: tensor + 1 for name, tensor in load_file(folder / WEIGHTS).items()}
    save_file(other, folder / "transformer" / "diffusion_pytorch_model_old.safetensors")
    (folder / "transformer" / "._diffusion_pytorch_model.safetensors").write_bytes(b"junk")
    opened: list[Path] = []
    after = read(folder, opened)
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert sorted(file.name for file in opened) == [
        "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.safetensors",
        "model.safetensors",
    ]


@pytest.mark.parametrize("damage", ["shape", "missing", "prefix"])
def test_other_weights_than_the_modules_are_refused_before_any_is_read(folder: Path, damage: str) -> None:
    weights = load_file(folder / WEIGHTS)
    if damage == "shape":
        weights["proj_out.bias"] = torch.zeros(3)
    elif damage == "missing":
        del weights["proj_out.bias"]
    else:
        weights = {f"module.{name}": tensor for name, tensor in weights.items()}
    save_file(weights, folder / WEIGHTS)
    opened: list[Path] = []
    with pytest.raises(SplitreelError) as caught:
        read(folder, opened)
    assert caught.value.code == ("MODEL_INCOMPLETE" if damage == "missing" else "MODEL_UNSUPPORTED")
    assert not opened


def test_configs_with_a_byte_order_mark_load(folder: Path) -> None:
    for file in [*folder.glob("*.json"), *folder.glob("*/*config.json")]:
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    check_model_folder(folder)
    assert read(folder, [])


def test_a_config_that_a_constructor_rejects_is_an_error_of_the_model(folder: Path) -> None:
    file = folder / "vae" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "act_fn": "no such function"}))
    check_model_folder(folder)
    with pytest.raises(SplitreelError) as caught:
        read(folder, [])
    assert caught.value.code == "MODEL_UNSUPPORTED"
    assert "no such function" in (caught.value.error.details or "")


def test_embeddings_stored_by_the_encoders_name_alone_are_read(folder: Path) -> None:
    file = folder / "text_encoder" / "model.safetensors"
    weights = load_file(file)
    embedding = weights.pop("shared.weight")
    save_file(weights | {"encoder.embed_tokens.weight": embedding}, file)
    assert torch.equal(read(folder, [], "text_encoder")["shared.weight"], embedding)


def test_a_folder_lists_the_files_of_its_own_family(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = replace(
        COGVIDEOX_LAYOUT,
        pipelines=frozenset({"SecondPipeline"}),
        classes={**COGVIDEOX_LAYOUT.classes, "text_encoder_2": frozenset({"T5EncoderModel"})},
        tensors={**COGVIDEOX_LAYOUT.tensors, "text_encoder_2": COGVIDEOX_LAYOUT.tensors["text_encoder"]},
    )
    monkeypatch.setattr(model_folder, "_LAYOUTS", (COGVIDEOX_LAYOUT, second))
    before = model_folder.files_of(folder)
    assert not any(file.startswith("text_encoder_2/") for file in before)
    index = json.loads((folder / "model_index.json").read_text())
    index |= {"_class_name": "SecondPipeline", "text_encoder_2": index["text_encoder"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "text_encoder").rename(folder / "text_encoder_2")
    assert "text_encoder_2/config.json" in model_folder.files_of(folder)
    (folder / "model_index.json").write_text("{")
    assert "transformer/config.json" in model_folder.files_of(folder), "a broken index can be repaired"
