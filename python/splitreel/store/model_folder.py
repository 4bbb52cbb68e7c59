"""Is a folder a model that can be loaded safely? Answered from names, sizes and headers, before memory is taken.

Only safetensors are let in: anything that unpickles runs code. No torch.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from splitreel.contract.errors import SplitreelError
from splitreel.contract.messages import RESOURCES
from splitreel.rules.model_shape import CONFIG_FILES, Json, ModelShape, shape_from_configs

# The safetensors library's own limit (safetensors 0.6, MAX_HEADER_SIZE).
_MAX_HEADER_BYTES: Final = 100_000_000
_MAX_CONFIG_BYTES: Final = 4_000_000
_DTYPE_BYTES: Final = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_WEIGHTS: Final = {
    "transformer": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})
# What each part of model_index.json may be: a class is a name of code to run.
_CLASSES: Final = {
    "transformer": {"CogVideoXTransformer3DModel"},
    "vae": {"AutoencoderKLCogVideoX"},
    "text_encoder": {"T5EncoderModel"},
    "tokenizer": {"T5Tokenizer", "T5TokenizerFast"},
    "scheduler": {"CogVideoXDDIMScheduler", "CogVideoXDPMScheduler"},
}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder that was found whole."""

    path: Path
    shape: ModelShape
    weight_bytes: int
    fingerprint: str  # sha256 over names and sizes of the weights and the bytes of the configs


def data_folder() -> Path:
    """Where the app keeps its things; the same rule as the window's."""
    if given := os.environ.get("SPLITREEL_DATA"):
        return Path(given)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "splitreel"


def kernel_trials_file() -> Path:
    """Where it is kept how attention kernels compared with SDPA on this machine; see kernel_trials.py."""
    return data_folder() / "cache" / "kernels.json"


def made_demo_folder() -> Path:
    """Where the random demo model is put when it has been made."""
    return data_folder() / "models" / "demo-random"


def models_folders() -> tuple[Path, ...]:
    """Where the window keeps models: the folder that the person chose, the one before while they move, its own."""
    try:
        settings = json.loads((data_folder() / "settings.json").read_text("utf-8"))
        chosen = [settings.get("modelsFolder"), settings.get("modelsFolderBefore")]
    except (OSError, ValueError, AttributeError):
        chosen = []
    return (*(Path(folder) for folder in chosen if isinstance(folder, str)), data_folder() / "models")


def _cache_folder() -> Path:
    """huggingface_hub's cache, by the rules of its constants.py, without importing it."""
    if given := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("HF_HOME") or cache / "huggingface") / "hub"


def _catalogue_repositories(name: str) -> tuple[str, ...]:
    """Under which names a model of the catalogue is on the hub; the person's own catalogue comes first."""
    for file in (data_folder() / "catalogue.json", RESOURCES / "catalogue.json"):
        try:
            models = json.loads(file.read_text("utf-8"))["models"]
            found = next((entry for entry in models if entry["id"] == name), None)
            if found is not None:
                return tuple(map(str, found["repositories"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ()


def _cached(name: str) -> Path | None:
    """The newest snapshot in the Hugging Face cache of a model that the catalogue names."""
    for repository in _catalogue_repositories(name):
        folder = _cache_folder() / f"models--{repository.replace('/', '--')}"
        try:
            main = (folder / "refs" / "main").read_text("ascii").strip()
        except (OSError, ValueError):
            main = ""
        snapshots = sorted((folder / "snapshots").glob("*/model_index.json"), key=lambda file: file.parent.name != main)
        if snapshots:
            return snapshots[0].parent
    return None


def find_model(name: str) -> Path | None:
    """The folder of `demo`, a catalogue name, or a path; None for a demo that has yet to be made."""
    if name == "demo":
        shipped = RESOURCES / "demo"
        candidates = [folder for folder in (shipped, made_demo_folder()) if (folder / "model_index.json").is_file()]
        return candidates[0] if candidates else None
    if os.sep not in name and not Path(name).exists():
        for base in models_folders():
            if (base / name / "model_index.json").is_file():
                return base / name
        if (cached := _cached(name)) is not None:
            return cached
    return Path(name).absolute()


@cache
def _checked(path: Path, _stamp: tuple[tuple[str, int, int], ...]) -> ModelFolder:
    return _check(path)


def check_model_folder(path: Path) -> ModelFolder:
    """The folder's shape, size and fingerprint.

    Raises MODEL_MISSING, MODEL_INCOMPLETE, MODEL_CORRUPT, MODEL_UNSUPPORTED or MODEL_UNSAFE, each naming a file.
    """
    if not (path / "model_index.json").is_file():
        raise SplitreelError("MODEL_MISSING", {"path": str(path)})
    # A second job with the same files need not read their headers again.
    stamp = tuple(
        (str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(_files(path))
    )
    return _checked(path.resolve(), stamp)


def _files(path: Path) -> Iterator[Path]:
    for part in ("", *_CLASSES):
        folder = path / part
        if folder.is_dir():
            yield from (file for file in folder.iterdir() if file.is_file())


def _check(path: Path) -> ModelFolder:
    configs = {part: _read_json(path, file) for part, file in CONFIG_FILES.items()}
    shape = shape_from_configs(configs)
    index = configs["modelIndex"]
    assert isinstance(index, dict)
    _check_classes(index)
    _refuse_code(path)
    digest = hashlib.sha256()
    weight_bytes = 0
    for part, stem in _WEIGHTS.items():
        _read_json(path, f"{part}/config.json")
        for file in _weight_files(path, part, stem):
            size = (path / file).stat().st_size
            weight_bytes += size
            digest.update(f"{file} {size}\n".encode())
    if not any((path / "tokenizer" / name).is_file() for name in ("spiece.model", "tokenizer.json")):
        raise _incomplete("tokenizer/spiece.model", "it is not there")
    for file in sorted(CONFIG_FILES.values()):
        digest.update((path / file).read_bytes())
    return ModelFolder(path, shape, weight_bytes, digest.hexdigest())


def _incomplete(file: str, problem: str) -> SplitreelError:
    return SplitreelError("MODEL_INCOMPLETE", {"file": file, "problem": problem})


def _corrupt(file: str, problem: str) -> SplitreelError:
    return SplitreelError("MODEL_CORRUPT", {"file": file, "problem": problem})


def _read_json(path: Path, file: str) -> Json:
    target = path / file
    if not target.is_file():
        raise _incomplete(file, "it is not there")
    if target.stat().st_size > _MAX_CONFIG_BYTES:
        raise _corrupt(file, "it is too large for what it should be")
    try:
        parsed: Json = json.loads(target.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _corrupt(file, str(error).split("\n")[0]) from error
    if isinstance(parsed, dict) and "auto_map" in parsed:
        raise SplitreelError("MODEL_UNSAFE", {"file": file, "problem": "it names code of its own to run (auto_map)"})
    return parsed


def _check_classes(index: dict[str, object]) -> None:
    for part, allowed in _CLASSES.items():
        entry = index.get(part)
        if not isinstance(entry, list) or len(entry) != 2:
            raise _corrupt("model_index.json", f"{part}: expected a library and a class")
        library, name = entry
        if library not in {"diffusers", "transformers"} or name not in allowed:
            raise SplitreelError("MODEL_UNSUPPORTED", {"what": f"{library}.{name}"[:120]})


def _refuse_code(path: Path) -> None:
    for file in _files(path):
        name = str(file.relative_to(path))
        if file.suffix == ".py":
            raise SplitreelError("MODEL_UNSAFE", {"file": name, "problem": "it is program code"})
        if file.suffix in _PICKLES and not any(file.parent.glob("*.safetensors")):
            raise SplitreelError("MODEL_UNSAFE", {"file": name, "problem": "it is a pickle, which can run code"})
        if file.suffix == ".json":
            _read_json(path, name)


def _weight_files(path: Path, part: str, stem: str) -> list[str]:
    index_file = f"{part}/{stem}.safetensors.index.json"
    if not (path / index_file).is_file():
        single = f"{part}/{stem}.safetensors"
        if not (path / single).is_file():
            raise _incomplete(single, "it is not there")
        _check_header(path, single)
        return [single]
    index = _read_json(path, index_file)
    names = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(names, dict) or not names or not all(isinstance(name, str) for name in names.values()):
        raise _corrupt(index_file, "it has no weight_map")
    held: dict[str, set[str]] = {}
    for name in sorted(set(names.values())):
        # An index names its neighbours: never a path out of the folder.
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise SplitreelError("MODEL_UNSAFE", {"file": index_file, "problem": f"it points to {name[:80]}"})
        file = f"{part}/{name}"
        if not (path / file).is_file():
            raise _incomplete(file, "it is not there")
        held[name] = _check_header(path, file)
    for tensor, name in names.items():
        if tensor not in held[name]:
            raise _corrupt(f"{part}/{name}", f"it lacks the tensor {tensor[:80]}")
    return [f"{part}/{name}" for name in sorted(held)]


def _check_header(path: Path, file: str) -> set[str]:
    """The names of the tensors in a safetensors file whose header agrees with the file's size."""
    target = path / file
    size = target.stat().st_size
    with target.open("rb") as stream:
        start = stream.read(8)
        if len(start) < 8:
            raise _corrupt(file, "it is shorter than a header")
        (length,) = struct.unpack("<Q", start)
        if length > min(size - 8, _MAX_HEADER_BYTES):
            raise _corrupt(file, f"its header would be {length} bytes in a file of {size}")
        try:
            header = json.loads(stream.read(length))
        except (ValueError, RecursionError) as error:
            raise _corrupt(file, "its header is not JSON") from error
    if not isinstance(header, dict):
        raise _corrupt(file, "its header is not an object")
    header.pop("__metadata__", None)
    needed = 8 + length + max((_tensor_end(file, name, entry) for name, entry in header.items()), default=0)
    if needed > size:
        raise _incomplete(file, f"{size} of {needed} bytes are there")
    if needed < size:
        raise _corrupt(file, f"{size - needed} bytes too many")
    return set(header)


def _tensor_end(file: str, name: str, entry: object) -> int:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]}:
            width = _DTYPE_BYTES.get(dtype)
            counts = [size for size in shape if isinstance(size, int) and size >= 0]
            if width is None or len(counts) != len(shape) or not 0 <= begin <= end:
                raise _corrupt(file, f"the tensor {name[:80]} makes no sense")
            if math.prod(counts) * width != end - begin:
                raise _corrupt(file, f"the tensor {name[:80]} is not as long as its shape says")
            return end
        case _:
            raise _corrupt(file, f"the tensor {name[:80]} makes no sense")
