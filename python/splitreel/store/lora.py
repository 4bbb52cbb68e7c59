"""LoRA files: which weights of a transformer each one changes, read from the safetensors header alone.

Two layouts are read, both of which diffusers loads: the one that diffusers and CogVideo's trainer save
(`transformer.<layer>.lora_A.weight`) and PEFT's own (`base_model.model.<layer>.lora_A.weight`). `lora_down` and
`lora_up` are older names for A and B.
"""

from __future__ import annotations

import errno
import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from splitreel.contract import failures, reasons
from splitreel.contract.errors import Reason, SplitreelError
from splitreel.contract.types import Lora
from splitreel.store.weights import (
    LOADABLE_DTYPES,
    PICKLES,
    Shape,
    StoredTensor,
    read_header_with_notes,
    stored_tensors,
)

_PREFIXES: Final = ("base_model.model.transformer.", "base_model.model.", "transformer.")
_KINDS: Final = {
    "lora_A": "down", "lora_down": "down", "lora.down": "down", "lora_linear_layer.down": "down",
    "lora_B": "up", "lora_up": "up", "lora.up": "up", "lora_linear_layer.up": "up",
}  # fmt: skip
# The name of PEFT's config in the header of a file from diffusers.
_CONFIG_KEY: Final = "lora_adapter_metadata"
_MAX_CONFIG_CHARACTERS: Final = 1_000_000
_MAX_ALPHA: Final = 1e6
_HASH_CHUNK: Final = 8 << 20
_SHOWN_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class LoraLayer:
    """The change to one weight (out, in): scale * up (out, rank) @ down (rank, in), and where its scale is stored."""

    down: str  # names of tensors in the file
    up: str
    rank: int
    alpha: float | None  # from the file's config
    alpha_tensor: str | None  # a tensor with one value takes precedence over the config


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A file that fits a model. `layers`: by the name of the transformer weight that each one changes."""

    path: Path
    sha256: str
    layers: Mapping[str, LoraLayer]
    is_rank_stabilized: bool


def check_lora(path: Path, model: Path) -> LoraFile:
    """Reads the header, compares it with the model's, and hashes the file.

    Raises LORA_MISSING, or LORA_UNUSABLE with the reason.
    """
    if not path.is_file():
        raise failures.lora_missing(file=str(path))
    if path.suffix.lower() in PICKLES:
        raise _refuse(path, reasons.model_is_pickle(file=path.name))
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        # The safetensors library opens paths as text.
        raise _refuse(path, reasons.lora_path_not_text(path=path)) from error
    tensors, notes = _read_header(path)
    try:
        sha256 = hash_file(path)
    except OSError as error:
        raise failures.lora_missing(file=str(path), details=str(error)) from error
    config = _Config.of(path, notes)
    layers = _layers(path, tensors, config)
    weights = stored_tensors(model, "transformer")
    for name, layer in layers.items():
        _check_layer(path, name, layer, tensors, weights.get(name))
    return LoraFile(path, sha256, layers, config.is_rank_stabilized)


def hash_lora(path: Path) -> str:
    """Like `hash_file`, but first checks for a safetensors header, because any other file could be huge.

    Raises LORA_MISSING or LORA_UNUSABLE.
    """
    if not path.is_file():
        raise failures.lora_missing(file=str(path))
    _read_header(path)
    try:
        return hash_file(path)
    except OSError as error:
        raise failures.lora_missing(file=str(path), details=str(error)) from error


def not_finite(path: Path, layer: str) -> SplitreelError:
    """The error for a LoRA whose values would make a weight infinite or NaN."""
    return _refuse(path, reasons.lora_not_finite(file=path.name, layer=layer[:_SHOWN_NAME]))


def _read_header(path: Path) -> tuple[dict[str, StoredTensor], Mapping[str, object]]:
    try:
        return read_header_with_notes(path.parent, path.name)
    except SplitreelError as error:
        raise failures.lora_unusable(file=path.name, reasons=error.error.reasons) from error


def need_lora(lora: Lora, model: Path) -> LoraFile:
    """Like `check_lora`, and raises LORA_CHANGED if the file's content isn't the one that was chosen."""
    file = check_lora(Path(lora.path), model)
    if file.sha256 != lora.sha256:
        raise failures.lora_changed(file=lora.path)
    return file


def hash_file(path: Path) -> str:
    """SHA-256 in hexadecimal of a file of any size. Raises OSError, also for devices and pipes, which may be endless."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Config:
    """PEFT's config as diffusers stores it in the header: one alpha for all layers, with exceptions for some."""

    alpha: float | None = None
    alphas: Mapping[str, float] = field(default_factory=dict)
    is_rank_stabilized: bool = False

    @classmethod
    def of(cls, path: Path, notes: Mapping[str, object]) -> _Config:
        text = notes.get(_CONFIG_KEY)
        if not isinstance(text, str):
            return cls()
        try:
            raw = json.loads(text) if len(text) <= _MAX_CONFIG_CHARACTERS else None
        except (ValueError, RecursionError):
            raw = None
        if not isinstance(raw, dict):
            raise _refuse(path, reasons.lora_config_invalid(file=path.name))
        fields = {name.removeprefix("transformer."): value for name, value in raw.items()}
        if fields.get("use_dora"):
            raise _refuse(path, reasons.lora_method_unknown(file=path.name, tensor="use_dora"))
        exceptions = fields.get("alpha_pattern") or {}
        if not isinstance(exceptions, dict):
            raise _refuse(path, reasons.lora_config_invalid(file=path.name))
        alphas = {str(layer): check_alpha(path, value) for layer, value in exceptions.items()}
        alpha = None if fields.get("lora_alpha") is None else check_alpha(path, fields["lora_alpha"])
        return cls(alpha, alphas, bool(fields.get("use_rslora")))

    def alpha_of(self, layer: str) -> float | None:
        """The alpha of a layer. PEFT's patterns match the end of a name, or all of it if they start with `^`."""
        for name, alpha in self.alphas.items():
            if layer == name.removeprefix("^") or layer.endswith(f".{name}"):
                return alpha
        return self.alpha


def check_alpha(path: Path, value: object) -> float:
    """Raises LORA_UNUSABLE if it isn't a sensible number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_ALPHA:
        return float(value)
    raise _refuse(path, reasons.lora_config_invalid(file=path.name))


def _layers(path: Path, tensors: Mapping[str, StoredTensor], config: _Config) -> dict[str, LoraLayer]:
    found: dict[str, dict[str, str]] = {"down": {}, "up": {}, "alpha": {}}
    for name in tensors:
        layer, kind = _split_name(path, name)
        if layer in found[kind]:
            raise _refuse(path, reasons.lora_layer_twice(file=path.name, tensor=name[:_SHOWN_NAME]))
        found[kind][layer] = name
    downs, ups, alphas = found["down"], found["up"], found["alpha"]
    if not downs and not ups:
        raise _refuse(path, reasons.lora_empty(file=path.name))
    if unpaired := sorted(downs.keys() ^ ups.keys()):
        raise _refuse(path, reasons.lora_half_missing(file=path.name, layer=unpaired[0][:_SHOWN_NAME]))
    layers: dict[str, LoraLayer] = {}
    for layer, down in downs.items():
        shape = tensors[down].shape
        rank = shape[0] if shape else 0
        layers[f"{layer}.weight"] = LoraLayer(down, ups[layer], rank, config.alpha_of(layer), alphas.get(layer))
    return layers


def _split_name(path: Path, name: str) -> tuple[str, str]:
    """The layer of a tensor, and which part of it: `down`, `up` or `alpha`."""
    prefix = next((each for each in _PREFIXES if name.startswith(each)), "")
    stem = name.removeprefix(prefix)
    if stem.startswith("text_encoder."):
        raise _refuse(path, reasons.lora_text_encoder(file=path.name))
    if stem.endswith(".alpha"):
        return stem.removesuffix(".alpha"), "alpha"
    # PEFT's in-memory names include the adapter's: `lora_A.default.weight`.
    stem = stem.removesuffix(".weight").removesuffix(".default")
    for ending, kind in _KINDS.items():
        if stem.endswith(f".{ending}"):
            return stem.removesuffix(f".{ending}"), kind
    raise _refuse(path, reasons.lora_method_unknown(file=path.name, tensor=name[:_SHOWN_NAME]))


def _check_layer(
    path: Path, name: str, layer: LoraLayer, tensors: Mapping[str, StoredTensor], weight: StoredTensor | None
) -> None:
    if weight is None:
        raise _refuse(
            path, reasons.lora_layer_unknown(file=path.name, layer=name.removesuffix(".weight")[:_SHOWN_NAME])
        )
    down, up = tensors[layer.down], tensors[layer.up]
    for tensor in (down, up):
        if tensor.dtype not in LOADABLE_DTYPES:
            raise _refuse(path, reasons.lora_dtype(file=path.name, layer=name, dtype=tensor.dtype))
    changed = _changed_shape(down.shape, up.shape)
    if changed is None or changed != weight.shape:
        raise _refuse(
            path,
            reasons.lora_shape(
                file=path.name,
                layer=name.removesuffix(".weight")[:_SHOWN_NAME],
                found=changed or up.shape + down.shape,
                expected=weight.shape,
            ),
        )
    if layer.alpha_tensor is not None:
        alpha = tensors[layer.alpha_tensor]
        if alpha.shape not in {(), (1,)} or alpha.dtype not in LOADABLE_DTYPES:
            raise _refuse(path, reasons.lora_config_invalid(file=path.name))


def _changed_shape(down: Shape, up: Shape) -> Shape | None:
    """The shape of the weight that two factors change; None if they don't fit each other.

    For a convolution, the first factor has the kernel's shape and the second is 1 x 1.
    """
    if len(down) < 2 or len(up) != len(down) or up[1] != down[0] or any(side != 1 for side in up[2:]):
        return None
    if 0 in down or 0 in up:  # a rank of 0
        return None
    return (up[0], *down[1:])


def _refuse(path: Path, reason: Reason) -> SplitreelError:
    return failures.lora_unusable(file=path.name, reasons=[reason])
