"""Checks whether a folder is a model that can run, from configs and headers, without reading weights. No torch.

Only safetensors are accepted: unpickling runs code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from splitreel.contract import failures, reasons
from splitreel.contract.errors import SplitreelError
from splitreel.rules.config import Config, Json, refuse
from splitreel.rules.memory_shape import TEXT_ENCODER_CONFIG, MemoryShape, memory_shape_from_configs
from splitreel.rules.model_shape import CONFIG_FILES, ModelShape, shape_from_configs
from splitreel.store.cogvideox import COGVIDEOX_LAYOUT
from splitreel.store.files import (
    is_file,
    is_folder,
    names_in,
    need_file,
    read_json,
    read_start,
    status,
)
from splitreel.store.layout import ModelLayout
from splitreel.store.weights import PICKLES, StoredTensor, check_tensors, listed_files, stored_tensors, weight_files

_LAYOUTS: Final = (COGVIDEOX_LAYOUT,)
_INDEX: Final = "model_index.json"
# In order of preference.
_TOKENIZERS: Final = ("tokenizer.json", "spiece.model")
# Other files that transformers reads from a tokenizer's folder.
_TOKENIZER_CONFIGS: Final = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_MAX_TOKENIZER_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder that passed the checks."""

    path: Path
    shape: ModelShape
    memory: MemoryShape | None
    weight_bytes: int
    fingerprint: str  # sha256 over names and sizes of the weights and the bytes of the configs


def is_model(path: Path) -> bool:
    """Whether a folder claims to be a model. Raises MODEL_CORRUPT if it can't be read."""
    return is_file(path / _INDEX)


def check_model_folder(path: Path) -> ModelFolder:
    """The folder's shape, size and fingerprint.

    Raises MODEL_MISSING, MODEL_INCOMPLETE, MODEL_CORRUPT, MODEL_UNSUPPORTED or MODEL_UNSAFE, each naming a file.
    """
    if not is_model(path):
        raise failures.model_missing(path=path)
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        # The safetensors library opens paths as text.
        raise refuse("MODEL_UNSUPPORTED", reasons.model_path_not_text(path=path)) from error
    # The cache spares a second job with the same files from reading their headers again.
    stamp = tuple(
        (file, found.st_size, found.st_mtime_ns) for file in _files(path) if (found := status(path / file)) is not None
    )
    return _checked(path.resolve(), stamp)


def tokenizer_file(path: Path) -> str:
    """The file that holds the vocabulary. Raises MODEL_INCOMPLETE."""
    for name in _TOKENIZERS:
        if is_file(path / "tokenizer" / name):
            return f"tokenizer/{name}"
    raise refuse("MODEL_INCOMPLETE", reasons.model_file_missing(file="tokenizer/spiece.model"))


def files_of(path: Path) -> tuple[str, ...]:
    """Exactly the files that make up the model, relative to its folder, whether they exist or not."""
    layout = _layout_at(path)
    weights = [file for part in layout.tensors for file in listed_files(path, part)]
    configs = [*CONFIG_FILES.values(), *(f"{part}/config.json" for part in layout.tensors)]
    tokenizer = [
        f"tokenizer/{name}" for name in (*_TOKENIZERS, *_TOKENIZER_CONFIGS) if is_file(path / "tokenizer" / name)
    ]
    return tuple(sorted({*weights, *configs, *tokenizer}))


def module_name(stored: str) -> str:
    """The module's name for a tensor that a file stores as `stored`."""
    return next((layout.aliases[stored] for layout in _LAYOUTS if stored in layout.aliases), stored)


def module_tensors(path: Path, part: str) -> dict[str, StoredTensor]:
    """The tensors in the files of a component, by the module's names."""
    return {module_name(name): tensor for name, tensor in stored_tensors(path, part).items()}


@lru_cache(maxsize=32)
def _checked(path: Path, _stamp: tuple[tuple[str, int, int], ...]) -> ModelFolder:
    return _check(path)


def _files(path: Path) -> Iterator[str]:
    yield _INDEX
    for part in sorted({part for layout in _LAYOUTS for part in layout.classes}):
        for name in names_in(path / part):
            if is_file(path / part / name):
                yield f"{part}/{name}"


def _check(path: Path) -> ModelFolder:
    raw: dict[str, Json] = {part: read_json(path, file) for part, file in CONFIG_FILES.items()}
    layout = _layout_of(Config.of(_INDEX, raw["modelIndex"]))
    raw["textEncoder"] = read_json(path, TEXT_ENCODER_CONFIG)
    configs = {
        "model_index": Config.of(_INDEX, raw["modelIndex"]),
        "transformer": Config.of(CONFIG_FILES["transformer"], raw["transformer"]),
        "vae": Config.of(CONFIG_FILES["vae"], raw["vae"]),
        "scheduler": Config.of(CONFIG_FILES["scheduler"], raw["scheduler"]),
        "text_encoder": Config.of(TEXT_ENCODER_CONFIG, raw["textEncoder"]),
    }
    _refuse_code(path, layout)
    layout.check_configs(configs)
    shape = shape_from_configs(raw)
    digest = hashlib.sha256()
    weight_bytes = 0
    for part, describe in layout.tensors.items():
        check_tensors(part, module_tensors(path, part), describe(configs[part]))
        for file in weight_files(path, part):
            size = need_file(path, file)
            weight_bytes += size
            digest.update(f"{file} {size}\n".encode())
    _check_tokenizer(path)
    for file in sorted(CONFIG_FILES.values()):
        digest.update((path / file).read_bytes())
    memory = memory_shape_from_configs(raw, raw["textEncoder"])
    return ModelFolder(path, shape, memory, weight_bytes, digest.hexdigest())


def _layout_of(index: Config) -> ModelLayout:
    pipeline = index.text("_class_name")
    layout = next((each for each in _LAYOUTS if pipeline in each.pipelines), None)
    if layout is None:
        raise failures.model_unsupported(kind=pipeline[:120])
    for part, allowed in layout.classes.items():
        entry = index.fields.get(part)
        if not isinstance(entry, list) or len(entry) != 2 or not all(isinstance(word, str) for word in entry):
            raise refuse("MODEL_CORRUPT", reasons.model_index_component(file=_INDEX, component=part))
        library, name = entry
        if library not in {"diffusers", "transformers"} or name not in allowed:
            raise failures.model_unsupported(kind=f"{library}.{name}"[:120])
    return layout


def _layout_at(path: Path) -> ModelLayout:
    """The layout that a folder's index names; the first one if it names none, so that a broken index can be repaired."""
    try:
        return _layout_of(Config.of(_INDEX, read_json(path, _INDEX)))
    except SplitreelError:
        return _LAYOUTS[0]


def _refuse_code(path: Path, layout: ModelLayout) -> None:
    """Code in a component's folder is refused even if nothing reads it. Files next to model_index.json aren't checked."""
    for part in layout.classes:
        if not is_folder(path / part):
            continue
        for name in names_in(path / part):
            if name.endswith(".py"):
                raise refuse("MODEL_UNSAFE", reasons.model_is_code(file=f"{part}/{name}"))
            if part not in layout.tensors and name.lower().endswith(PICKLES):
                raise refuse("MODEL_UNSAFE", reasons.model_is_pickle(file=f"{part}/{name}"))


def _check_tokenizer(path: Path) -> None:
    tokenizer_file(path)
    for file in (f"tokenizer/{name}" for name in _TOKENIZERS):
        if not is_file(path / file):
            continue
        size = need_file(path, file)
        if size > _MAX_TOKENIZER_BYTES:
            raise refuse("MODEL_CORRUPT", reasons.model_file_too_large(file=file, bytes=size, max=_MAX_TOKENIZER_BYTES))
        if size == 0:
            raise refuse("MODEL_CORRUPT", reasons.model_file_empty(file=file))
        read_start(path, file, 64)
    for name in _TOKENIZER_CONFIGS:
        if is_file(path / "tokenizer" / name):
            read_json(path, f"tokenizer/{name}")
