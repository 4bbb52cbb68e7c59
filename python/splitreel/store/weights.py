"""The weights of one component: which files hold them, and what their headers say. Reads no weights.

Checking, hashing, the fingerprint and loading all take their files from `weight_files`. Other files next to them
(another precision, stale shards, a macOS `._` file) are never opened.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from splitreel.contract import reasons
from splitreel.contract.errors import SplitreelError
from splitreel.rules.config import Refusal, refuse
from splitreel.store.files import is_file, names_in, need_file, parse_json, read_json, read_start

Shape: TypeAlias = tuple[int, ...]

_STEMS: Final = {"text_encoder": "model"}
_DIFFUSERS_STEM: Final = "diffusion_pytorch_model"
# The headers of the largest models are below 1 MB. The safetensors library's own limit is 100 MB.
_MAX_HEADER_BYTES: Final = 8_000_000
_DTYPE_BITS: Final = {
    "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16, "I16": 16,
    "U16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I8": 8, "U8": 8, "BOOL": 8, "F4": 4,
}  # fmt: skip
LOADABLE_DTYPES: Final = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
_MAX_DIMENSIONS: Final = 16
_MAX_BYTES: Final = 2**62
_SHOWN_NAME: Final = 80
PICKLES: Final = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor as a header describes it; `file` is relative to the model's folder."""

    file: str
    dtype: str
    shape: Shape


def weight_files(folder: Path, part: str) -> tuple[str, ...]:
    """The safetensors files of a component, relative to `folder`: those that its index names, or the single one.

    Raises MODEL_INCOMPLETE, MODEL_CORRUPT, MODEL_UNSAFE.
    """
    names = sorted(set(index.values())) if (index := _read_index(folder, part)) else [f"{_stem(part)}.safetensors"]
    files = tuple(f"{part}/{name}" for name in names)
    for file in files:
        _need_weights(folder, part, file)
    return files


def listed_files(folder: Path, part: str) -> tuple[str, ...]:
    """Like `weight_files`, plus the index, whether they exist or not. An unreadable index lists only itself."""
    index_file = f"{part}/{_stem(part)}.safetensors.index.json"
    try:
        index = _read_index(folder, part)
    except SplitreelError:
        return (index_file,)
    if index is None:
        return (f"{part}/{_stem(part)}.safetensors",)
    return (index_file, *(f"{part}/{name}" for name in sorted(set(index.values()))))


def stored_tensors(folder: Path, part: str) -> dict[str, StoredTensor]:
    """Every tensor of a component by its name, from the headers of its files."""
    found: dict[str, StoredTensor] = {}
    for file in weight_files(folder, part):
        for name, tensor in read_header(folder, file).items():
            if name in found:
                raise refuse("MODEL_CORRUPT", reasons.model_tensor_twice(file=file, tensor=_shown(name)))
            found[name] = tensor
    for name, file in (_read_index(folder, part) or {}).items():
        if name not in found or found[name].file != f"{part}/{file}":
            raise _missing_tensor("MODEL_CORRUPT", f"{part}/{file}", name)
    return found


def check_tensors(part: str, stored: Mapping[str, StoredTensor], expected: Mapping[str, Shape]) -> None:
    """Raises MODEL_UNSUPPORTED if names, shapes or dtypes differ from the config's, MODEL_INCOMPLETE if one is missing.

    Files may hold more tensors: a text encoder is often published with its decoder.
    """
    # Quantized weights come with separate scales, and are meaningless without them.
    for name, tensor in stored.items():
        if name.endswith((".scale_weight", ".weight_scale", ".scale_input", ".absmax", ".SCB")) or name == "scaled_fp8":
            raise refuse("MODEL_UNSUPPORTED", reasons.model_weights_scaled(file=tensor.file, tensor=_shown(name)))
    for name, shape in expected.items():
        found = stored.get(name)
        if found is None:
            raise _explain_missing(part, name, stored)
        if found.dtype not in LOADABLE_DTYPES:
            raise refuse(
                "MODEL_UNSUPPORTED", reasons.model_tensor_dtype(file=found.file, tensor=name, dtype=found.dtype)
            )
        if found.shape != shape:
            reason = reasons.model_tensor_shape(file=found.file, tensor=name, found=found.shape, expected=shape)
            raise refuse("MODEL_UNSUPPORTED", reason)


def read_header(folder: Path, file: str) -> dict[str, StoredTensor]:
    """The tensors of one safetensors file: eight bytes of length, a JSON header, then exactly the bytes it lists.

    Raises MODEL_CORRUPT or, if the file ends early, MODEL_INCOMPLETE.
    """
    return read_header_with_notes(folder, file)[0]


def read_header_with_notes(folder: Path, file: str) -> tuple[dict[str, StoredTensor], Mapping[str, object]]:
    """As `read_header`, and the `__metadata__` in the file's header."""
    size = need_file(folder, file)
    start = read_start(folder, file, 64)
    if len(start) < 8:
        raise refuse("MODEL_CORRUPT", reasons.model_header_invalid(file=file))
    (length,) = struct.unpack("<Q", start[:8])
    if length > min(size - 8, _MAX_HEADER_BYTES):
        raise refuse("MODEL_CORRUPT", reasons.model_header_invalid(file=file))
    try:
        header = parse_json(read_start(folder, file, 8 + length)[8:], file)
    except SplitreelError as error:
        raise refuse("MODEL_CORRUPT", reasons.model_header_invalid(file=file)) from error
    if not isinstance(header, dict):
        raise refuse("MODEL_CORRUPT", reasons.model_header_invalid(file=file))
    notes = header.pop("__metadata__", None)
    spans: list[tuple[int, int]] = []
    found: dict[str, StoredTensor] = {}
    for name, entry in header.items():
        found[name], span = _tensor(file, name, entry)
        spans.append(span)
    end = _end_of(file, sorted(spans))
    if 8 + length + end > size:
        raise refuse("MODEL_INCOMPLETE", reasons.model_file_short(file=file, found=size, expected=8 + length + end))
    if 8 + length + end < size:
        raise refuse("MODEL_CORRUPT", reasons.model_file_long(file=file, found=size, expected=8 + length + end))
    return found, notes if isinstance(notes, dict) else {}


def _tensor(file: str, name: str, entry: object) -> tuple[StoredTensor, tuple[int, int]]:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]}:
            bits = _DTYPE_BITS.get(dtype)
            is_shape = len(shape) <= _MAX_DIMENSIONS and all(type(count) is int and count >= 0 for count in shape)
            if bits is not None and is_shape and 0 <= begin <= end <= _MAX_BYTES:
                total = bits
                for count in shape:
                    # Stops before the product of absurd counts takes long.
                    total = total * count if total <= 8 * _MAX_BYTES else total
                if total == 8 * (end - begin):
                    return StoredTensor(file, dtype, tuple(shape)), (begin, end)
    raise refuse("MODEL_CORRUPT", reasons.model_tensor_invalid(file=file, tensor=_shown(name)))


def _end_of(file: str, spans: list[tuple[int, int]]) -> int:
    """Where the last tensor ends. Tensors must be contiguous, as the safetensors library requires."""
    end = 0
    for begin, after in spans:
        if begin != end:
            raise refuse("MODEL_CORRUPT", reasons.model_header_invalid(file=file))
        end = after
    return end


def _stem(part: str) -> str:
    return _STEMS.get(part, _DIFFUSERS_STEM)


def _read_index(folder: Path, part: str) -> Mapping[str, str] | None:
    """File names by tensor, or None if the component has no index."""
    file = f"{part}/{_stem(part)}.safetensors.index.json"
    if not is_file(folder / file):
        return None
    index = read_json(folder, file)
    names = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(names, dict) or not names or not all(isinstance(name, str) for name in names.values()):
        raise refuse("MODEL_CORRUPT", reasons.model_index_invalid(file=file))
    for name in set(names.values()):
        # An index names files next to it, never a path out of the folder.
        if Path(name).name != name or name.startswith(".") or not name.endswith(".safetensors"):
            raise refuse("MODEL_UNSAFE", reasons.model_index_leads_out(file=file, name=_shown(name)))
    return names


def _need_weights(folder: Path, part: str, file: str) -> None:
    try:
        need_file(folder, file)
    except SplitreelError as error:
        if error.code != "MODEL_INCOMPLETE":
            raise
        # The files that exist instead explain more than the missing one.
        others = [name for name in names_in(folder / part) if not name.startswith(".") and f"{part}/{name}" != file]
        if pickle := next((name for name in others if name.lower().endswith(PICKLES)), None):
            raise refuse("MODEL_UNSAFE", reasons.model_is_pickle(file=f"{part}/{pickle}")) from error
        if other := next((name for name in others if name.endswith(".safetensors")), None):
            raise refuse(
                "MODEL_INCOMPLETE", reasons.model_weights_named_otherwise(file=file, found=_shown(other))
            ) from error
        raise


def _explain_missing(part: str, name: str, stored: Mapping[str, StoredTensor]) -> SplitreelError:
    """The error for a missing tensor. One with a prefix that trainers add (`module.`) is reported as renamed."""
    if other := next((each for each in stored if each.endswith("." + name)), None):
        return refuse(
            "MODEL_UNSUPPORTED", reasons.model_tensor_renamed(file=stored[other].file, tensor=name, found=_shown(other))
        )
    return _missing_tensor("MODEL_INCOMPLETE", next((tensor.file for tensor in stored.values()), part), name)


def _missing_tensor(code: Refusal, file: str, name: str) -> SplitreelError:
    return refuse(code, reasons.model_tensor_missing(file=file, tensor=_shown(name)))


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()[:_SHOWN_NAME]
