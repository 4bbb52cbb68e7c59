"""What a model folder is refused for, each naming the file."""

from __future__ import annotations

import errno
import json
import math
import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.store.model_folder import check_model_folder
from splitreel.store.weights import stored_tensors, weight_files
from tests.processes.worker import make_model_folder, write_weights

WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


def edit(folder: Path, file: str, **values: object) -> None:
    path = folder / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def remove(folder: Path, file: str, field: str) -> None:
    path = folder / file
    path.write_text(json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name != field}))


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


def tensors_of(folder: Path, part: str) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in stored_tensors(folder, part).items()}


def rewrite(folder: Path, change: Callable[[dict[str, tuple[int, ...]]], object], dtype: str = "F32") -> None:
    """The transformer's weights, holding what `change` made of their names and shapes."""
    found = tensors_of(folder, "transformer")
    change(found)
    write_weights(folder / WEIGHTS, found, dtype)


def add_scales(folder: Path) -> None:
    rewrite(folder, lambda found: found.update({"proj_out.scale_weight": (1,)}), "F8_E4M3")


def pad_config(folder: Path) -> None:
    file = folder / "vae" / "config.json"
    file.write_text(file.read_text() + " " * 5_000_000)


def add_many_files(folder: Path) -> None:
    for number in range(20_001):
        (folder / "transformer" / str(number)).touch()


def add_prefix(found: dict[str, tuple[int, ...]]) -> None:
    for name in list(found):
        found["module." + name] = found.pop(name)


LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 11000000000\n"


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
    "another class of a known library": (lambda f: edit(f, "model_index.json", vae=["diffusers", "AutoencoderKL"]), "MODEL_UNSUPPORTED", ""),
    "a shard that is missing": (lambda f: with_index(f, {"x": "a.safetensors"}), "MODEL_INCOMPLETE", "transformer/a.safetensors"),
    "an index that points out": (lambda f: with_index(f, {"x": "../a.safetensors"}), "MODEL_UNSAFE", WEIGHTS + ".index.json"),
    "a tensor that the index names and the file lacks": (lambda f: with_index(f, {"y": Path(WEIGHTS).name}), "MODEL_CORRUPT", WEIGHTS),
    "a tensor that the config needs": (lambda f: rewrite(f, lambda t: t.pop("proj_out.bias")), "MODEL_INCOMPLETE", WEIGHTS),
    "a prefix before each name": (lambda f: rewrite(f, add_prefix), "MODEL_UNSUPPORTED", WEIGHTS),
    "another shape": (lambda f: rewrite(f, lambda t: t.update({"proj_out.bias": (3,)})), "MODEL_UNSUPPORTED", WEIGHTS),
    "whole numbers": (lambda f: rewrite(f, lambda t: None, "I8"), "MODEL_UNSUPPORTED", WEIGHTS),
    "scaled fp8": (add_scales, "MODEL_UNSUPPORTED", WEIGHTS),
    "weights as a Git LFS pointer": (weights(LFS_POINTER), "MODEL_CORRUPT", WEIGHTS),
    "a tokenizer as a Git LFS pointer": (lambda f: (f / "tokenizer/spiece.model").write_bytes(LFS_POINTER), "MODEL_CORRUPT", "tokenizer/spiece.model"),
    "a config as a Git LFS pointer": (lambda f: (f / "vae/config.json").write_bytes(LFS_POINTER), "MODEL_CORRUPT", "vae/config.json"),
    "channels of VideoX-Fun": (lambda f: edit(f, "transformer/config.json", in_channels=33), "MODEL_UNSUPPORTED", "transformer/config.json"),
    "an image model's pipeline": (lambda f: edit(f, "model_index.json", _class_name="CogVideoXImageToVideoPipeline"), "MODEL_UNSUPPORTED", "transformer/config.json"),
    "another output": (lambda f: edit(f, "transformer/config.json", out_channels=8), "MODEL_UNSUPPORTED", "transformer/config.json"),
    "another text encoder": (lambda f: edit(f, "text_encoder/config.json", d_model=64), "MODEL_UNSUPPORTED", "transformer/config.json"),
    "another scheduler": (lambda f: edit(f, "scheduler/scheduler_config.json", _class_name="EulerDiscreteScheduler"), "MODEL_UNSUPPORTED", "scheduler/scheduler_config.json"),
    "a fork's transformer": (lambda f: edit(f, "transformer/config.json", _class_name="MyTransformer3DModel"), "MODEL_UNSUPPORTED", "transformer/config.json"),
    "quantized": (lambda f: edit(f, "transformer/config.json", quantization_config={"quant_method": "bitsandbytes"}), "MODEL_UNSUPPORTED", "transformer/config.json"),
    "not a number": (lambda f: edit(f, "vae/config.json", latent_channels=math.nan), "MODEL_CORRUPT", "vae/config.json"),
    "beyond a double": (lambda f: (f / "vae/config.json").write_text('{"latent_channels": 1e999}'), "MODEL_CORRUPT", "vae/config.json"),
    "thousands of digits": (lambda f: (f / "vae/config.json").write_text('{"x": ' + "9" * 4_000 + "}"), "MODEL_CORRUPT", "vae/config.json"),
    "fifty digits in a field that nobody reads": (lambda f: edit(f, "vae/config.json", x=10**50), "MODEL_CORRUPT", "vae/config.json"),
    "a config of five megabytes": (pad_config, "MODEL_CORRUPT", "vae/config.json"),
    "more files than any model has": (add_many_files, "MODEL_CORRUPT", "transformer"),
    "a list as a class": (lambda f: edit(f, "model_index.json", vae=["diffusers", ["X"]]), "MODEL_CORRUPT", "model_index.json"),
    "200,000 layers": (lambda f: edit(f, "transformer/config.json", num_layers=200_000), "MODEL_CORRUPT", "transformer/config.json"),
    "2,000,000,000 training steps": (lambda f: edit(f, "scheduler/scheduler_config.json", num_train_timesteps=2_000_000_000), "MODEL_CORRUPT", "scheduler/scheduler_config.json"),
    "a table of positions of 6,000 x 6,000": (lambda f: edit(f, "transformer/config.json", sample_width=6_000, sample_height=6_000), "MODEL_CORRUPT", "transformer/config.json"),
    "a layer that is not in the weights": (lambda f: edit(f, "transformer/config.json", num_layers=9), "MODEL_INCOMPLETE", WEIGHTS),
    "weights under another name": (lambda f: (f / WEIGHTS).rename(f / "transformer/model.safetensors"), "MODEL_INCOMPLETE", WEIGHTS),
    "a fifo as weights": (lambda f: ((f / WEIGHTS).unlink(), os.mkfifo(f / WEIGHTS)), "MODEL_INCOMPLETE", WEIGHTS),
}  # fmt: skip


SCHEDULER = "scheduler/scheduler_config.json"
# Values for which diffusers' constructors raise their own errors or compute NaN.
ODD_FIELDS = [
    *((SCHEDULER, name, value) for name in ("beta_schedule", "prediction_type", "timestep_spacing") for value in ("x", 1, [])),
    *((SCHEDULER, name, value) for name in ("beta_start", "beta_end", "snr_shift_scale") for value in (0, -1, "x", True, [])),
    *((SCHEDULER, name, value) for name in ("set_alpha_to_one", "rescale_betas_zero_snr") for value in (1, "true")),
    (SCHEDULER, "steps_offset", -1),
    (SCHEDULER, "trained_betas", [0.1]),
    *(("vae/config.json", "scaling_factor", value) for value in (0, -1, "x", True, [], 1e308)),
    ("vae/config.json", "invert_scale_latents", "no"),
    ("vae/config.json", "temporal_compression_ratio", 1_000_000),
    ("transformer/config.json", "temporal_compression_ratio", 1_000_000),
]  # fmt: skip


@pytest.mark.parametrize(("file", "field", "value"), ODD_FIELDS)
def test_a_field_that_no_constructor_takes_is_named(tmp_path: Path, file: str, field: str, value: object) -> None:
    folder = make_model_folder(tmp_path / "m")
    edit(folder, file, **{field: value})
    with pytest.raises(SplitreelError, match=f"{field} in {file}"):
        check_model_folder(folder)


def test_a_folder_in_place_of_the_weights_is_not_suggested_as_a_rename(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).mkdir()
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    assert "rename" not in str(caught.value)


@pytest.mark.parametrize("name", CASES)
def test_refused(tmp_path: Path, name: str) -> None:
    damage, code, file = CASES[name]
    folder = make_model_folder(tmp_path / "m")
    assert check_model_folder(folder).weight_bytes > 0
    damage(folder)
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    assert caught.value.code == code
    assert caught.value.params.get("file", "") == file
    assert "{" not in str(caught.value)


def test_whole_folder_with_an_index(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    with_index(folder, dict.fromkeys(tensors_of(folder, "transformer"), Path(WEIGHTS).name))
    assert check_model_folder(folder).shape.heads == 12


BESIDE: dict[str, Callable[[Path], object]] = {
    "an older single file": lambda f: (f / "transformer/diffusion_pytorch_model_old.safetensors").write_bytes(b"x"),
    "a half-precision copy": lambda f: (f / "text_encoder/model.fp16.safetensors").write_bytes(b"x"),
    "what macOS leaves on exFAT": lambda f: (f / "transformer/._diffusion_pytorch_model.safetensors").write_bytes(b"x"),
    "a folder of that name": lambda f: (f / "transformer/backup.safetensors").mkdir(),
    "a fifo": lambda f: os.mkfifo(f / "transformer/pipe.safetensors"),
    "a JSON file that nothing reads": lambda f: (f / "transformer/notes.json").write_text("// not JSON"),
    "a pickle next to safetensors": lambda f: (f / "transformer/optimizer.bin").write_bytes(b"x"),
    "DeepSpeed's script": lambda f: (f / "zero_to_fp32.py").write_text("x"),
    "a byte order mark": lambda f: (f / "vae/config.json").write_bytes(b"\xef\xbb\xbf" + (f / "vae/config.json").read_bytes()),
    "a config of diffusers 0.30.0": lambda f: remove(f, "transformer/config.json", "use_rotary_positional_embeddings"),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_files_that_are_not_part_of_the_model_change_nothing(tmp_path: Path, name: str) -> None:
    folder = make_model_folder(tmp_path / "m")
    before = weight_files(folder, "transformer"), weight_files(folder, "text_encoder")
    bytes_before = check_model_folder(folder).weight_bytes
    BESIDE[name](folder)
    assert check_model_folder(folder).weight_bytes == bytes_before
    assert (weight_files(folder, "transformer"), weight_files(folder, "text_encoder")) == before


def test_an_index_is_preferred_to_a_stale_single_file(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    tensors = tensors_of(folder, "transformer")
    names = list(tensors)
    shards = {"a.safetensors": names[: len(names) // 2], "b.safetensors": names[len(names) // 2 :]}
    for shard, held in shards.items():
        write_weights(folder / "transformer" / shard, {name: tensors[name] for name in held})
    with_index(folder, {name: shard for shard, held in shards.items() for name in held})
    (folder / WEIGHTS).write_bytes(b"stale")
    assert weight_files(folder, "transformer") == ("transformer/a.safetensors", "transformer/b.safetensors")
    check_model_folder(folder)
    write_weights(folder / "transformer" / "b.safetensors", tensors)
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    assert caught.value.error.reasons[0].code == "model_tensor_twice"


def test_either_name_of_tied_embeddings_is_accepted(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    tensors = tensors_of(folder, "text_encoder")
    tensors["encoder.embed_tokens.weight"] = tensors.pop("shared.weight")
    write_weights(folder / "text_encoder/model.safetensors", tensors)
    check_model_folder(folder)


@pytest.mark.parametrize("name", ["text_encoder", "text_encoder/config.json", "model_index.json"])
def test_an_unreadable_file_is_named_with_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = make_model_folder(tmp_path / "m")
    real_stat, real_open, real_scan = Path.stat, Path.open, os.scandir

    def guard(path: Path | str) -> None:
        # Tests may run as root, which permissions do not stop.
        if Path(path) == folder / name or folder / name in Path(path).parents:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "stat", lambda path, **more: (guard(path), real_stat(path, **more))[1])
    monkeypatch.setattr(Path, "open", lambda path, *words, **more: (guard(path), real_open(path, *words, **more))[1])
    monkeypatch.setattr(os, "scandir", lambda path: (guard(path), real_scan(path))[1])
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    assert caught.value.code == "MODEL_CORRUPT"
    assert str(caught.value).endswith("can't be read.")
    assert caught.value.error.details == "Permission denied"


def test_a_folder_whose_name_is_not_text_is_refused_before_loading(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / os.fsdecode(b"caf\xe9"))
    with pytest.raises(SplitreelError) as caught:
        check_model_folder(folder)
    assert "caf\\xe9 contains bytes" in str(caught.value)


def test_the_fingerprint_follows_configs_and_sizes(tmp_path: Path) -> None:
    first = check_model_folder(make_model_folder(tmp_path / "a")).fingerprint
    assert check_model_folder(make_model_folder(tmp_path / "b")).fingerprint == first
    assert check_model_folder(make_model_folder(tmp_path / "c", heads=30)).fingerprint != first


class Canary:
    """Unpickled it leaves a file behind."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.target),))


def test_no_canary_is_executed(tmp_path: Path) -> None:
    """A pickle next to weights or instead of them, and code named by auto_map, are refused and never run."""
    sung = tmp_path / "sung"
    for target in ("transformer", "text_encoder", "vae"):
        folder = make_model_folder(tmp_path / target)
        for weights in (folder / target).glob("*.safetensors"):
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
    # Shows that the canary works: loaded as an old torch.load would, it creates its file.
    pickle.loads(pickle.dumps(Canary(sung)))
    assert sung.exists()


@pytest.mark.parametrize("claim", [2**60, 99_000_000])
def test_a_headers_claims_allocate_no_memory(tmp_path: Path, claim: int) -> None:
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
