"""What a model's configs say about the memory it takes.

Weight counts are exact: they sum the layers that diffusers 0.42.1 and transformers 5.23 build from these configs
(CogVideoXTransformer3DModel, AutoencoderKLCogVideoX, T5EncoderModel), buffers included.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from splitreel.contract.errors import SplitreelError
from splitreel.rules.config import MAX_COUNT, Json
from splitreel.rules.model_shape import shape_from_configs

TEXT_ENCODER_CONFIG = "text_encoder/config.json"
# T5Config's default, for folders that don't state it.
_RELATIVE_BUCKETS = 32


@dataclass(frozen=True, slots=True)
class PartWeights:
    """Counts of numbers, not bytes. `blocks` of `block` each; tensor parallelism splits `shared_of_block` of each."""

    outside: int
    blocks: int
    block: int
    shared_of_block: int

    @property
    def total(self) -> int:
        return self.outside + self.blocks * self.block


@dataclass(frozen=True, slots=True)
class VaeShape:
    weights: int
    channels: tuple[int, ...]  # of the encoder's levels, from pixels to latents
    layers_per_block: int
    latent_channels: int
    temporal_compression: int
    tile_height: int  # in latents
    tile_width: int

    @property
    def scale(self) -> int:
        scale: int = 2 ** (len(self.channels) - 1)
        return scale


@dataclass(frozen=True, slots=True)
class MemoryShape:
    """Everything that the memory planner knows about a model."""

    text_encoder: PartWeights
    transformer: PartWeights
    vae: VaeShape
    heads: int
    hidden: int  # heads times the width of one
    in_channels: int
    patch_size: int
    patch_size_temporal: int
    is_rotary: bool
    text_tokens: int
    text_width: int


def memory_shape_from_configs(raw: Mapping[str, Json], text_encoder: Json) -> MemoryShape | None:
    """From the configs that `shape_from_configs` takes, and the text encoder's. None if one of them lacks a number."""
    try:
        shape = shape_from_configs(raw)
        return MemoryShape(
            text_encoder=_t5_weights(_Numbers(text_encoder)),
            transformer=_transformer_weights(_Numbers(raw["transformer"]), _Numbers(raw["vae"])),
            vae=_vae_shape(_Numbers(raw["vae"])),
            heads=shape.heads,
            hidden=shape.heads * _Numbers(raw["transformer"]).of("attention_head_dim", 64),
            in_channels=_Numbers(raw["transformer"]).of("in_channels", 16),
            patch_size=shape.patch_size,
            patch_size_temporal=shape.patch_size_temporal,
            is_rotary=_Numbers(raw["transformer"]).flag("use_rotary_positional_embeddings"),
            text_tokens=shape.max_text_tokens,
            text_width=_Numbers(text_encoder).of("d_model"),
        )
    except (SplitreelError, KeyError, ValueError):
        return None


class _Numbers:
    """A config's whole numbers. Raises ValueError for one that is missing or not a whole number."""

    def __init__(self, config: Json) -> None:
        self._config: Mapping[str, object] = config if isinstance(config, dict) else {}

    def of(self, name: str, default: int | None = None) -> int:
        value = self._config.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_COUNT or value % 1:
            raise ValueError(name)
        return int(value)

    def row(self, name: str) -> tuple[int, ...]:
        value = self._config.get(name)
        if not isinstance(value, list) or not value or not all(type(entry) is int for entry in value):
            raise ValueError(name)
        return tuple(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._config.get(name, default)
        return value is True

    def text(self, name: str) -> str:
        return str(self._config.get(name, ""))


def _t5_weights(config: _Numbers) -> PartWeights:
    width, feed = config.of("d_model"), config.of("d_ff")
    inner = config.of("d_kv") * config.of("num_heads")
    is_gated = "gated" in config.text("feed_forward_proj") or config.flag("is_gated_act")
    shared = 4 * width * inner + (3 if is_gated else 2) * width * feed
    buckets = config.of("relative_attention_num_buckets", _RELATIVE_BUCKETS)
    outside = config.of("vocab_size") * width + buckets * config.of("num_heads") + width
    return PartWeights(outside, config.of("num_layers"), shared + 2 * width, shared)


def _transformer_weights(config: _Numbers, vae: _Numbers) -> PartWeights:
    head = config.of("attention_head_dim", 64)
    hidden = config.of("num_attention_heads") * head
    time, text = config.of("time_embed_dim", 512), config.of("text_embed_dim", 4096)
    inputs, outputs = config.of("in_channels", 16), config.of("out_channels", 16)
    patch, patch_time = config.of("patch_size"), config.of("patch_size_t", 0)
    offset = config.of("ofs_embed_dim", 0)
    values = patch * patch * max(patch_time, 1)
    has_patch_bias = patch_time > 0 or config.flag("patch_bias", default=True)
    outside = (
        text * hidden + hidden + inputs * values * hidden + (hidden if has_patch_bias else 0)
        + hidden * time + time + time * time + time
        + 2 * (offset * offset + offset)
        + 2 * hidden
        + time * 2 * hidden + 2 * hidden + 2 * hidden
        + hidden * values * outputs + values * outputs
    )  # fmt: skip
    if config.flag("use_learned_positional_embeddings") or not config.flag("use_rotary_positional_embeddings"):
        rows, columns = config.of("sample_height") // patch, config.of("sample_width") // patch
        frames = (config.of("sample_frames") - 1) // vae.of("temporal_compression_ratio") + 1
        outside += (config.of("max_text_seq_length") + frames * rows * columns) * hidden
    # As models/cogvideox/sharding.py splits them: to_q, to_k, to_v with biases and to_out; the two feed-forward layers;
    # the modulation of the two norms.
    shared = 4 * hidden * hidden + 3 * hidden + 8 * hidden * hidden + 4 * hidden + 12 * hidden * time + 12 * hidden
    # Not split: the norms, those of q and k, and the biases that are added once.
    whole = 4 * hidden + 4 * head + 2 * hidden
    return PartWeights(outside, config.of("num_layers"), shared + whole, shared)


def _vae_shape(config: _Numbers) -> VaeShape:
    channels, layers = config.row("block_out_channels"), config.of("layers_per_block", 3)
    latent, scale = config.of("latent_channels"), 2 ** (len(channels) - 1)
    height, width = (config.of(name) // 2 // scale for name in ("sample_height", "sample_width"))
    return VaeShape(
        weights=_encoder_weights(channels, layers, latent) + _decoder_weights(channels, layers, latent),
        channels=channels,
        layers_per_block=layers,
        latent_channels=latent,
        temporal_compression=config.of("temporal_compression_ratio"),
        # As in models/cogvideox/tiling.py: the overlaps of 1/6 and 1/5 must be whole.
        tile_height=math.ceil(height / 6) * 6,
        tile_width=math.ceil(width / 5) * 5,
    )


def _conv(inputs: int, outputs: int, taps: int = 27) -> int:
    return taps * inputs * outputs + outputs


def _resnet(inputs: int, outputs: int, latent: int) -> int:
    """`latent`: channels that condition a spatial norm; 0 for plain norms."""
    spatial = sum(2 * _conv(latent, width, 1) for width in (inputs, outputs)) if latent else 0
    shortcut = _conv(inputs, outputs, 1) if inputs != outputs else 0
    return 2 * (inputs + outputs) + spatial + _conv(inputs, outputs) + _conv(outputs, outputs) + shortcut


def _encoder_weights(channels: tuple[int, ...], layers: int, latent: int) -> int:
    total, before, last = _conv(3, channels[0]), channels[0], channels[-1]
    for level, width in enumerate(channels):
        total += _resnet(before, width, 0) + (layers - 1) * _resnet(width, width, 0)
        total += _conv(width, width, 9) if level < len(channels) - 1 else 0
        before = width
    return total + 2 * _resnet(last, last, 0) + 2 * last + _conv(last, 2 * latent)


def _decoder_weights(channels: tuple[int, ...], layers: int, latent: int) -> int:
    last, first = channels[-1], channels[0]
    total, before = _conv(latent, last) + 2 * _resnet(last, last, latent), last
    for level, width in enumerate(reversed(channels)):
        total += _resnet(before, width, latent) + layers * _resnet(width, width, latent)
        total += _conv(width, width, 9) if level < len(channels) - 1 else 0
        before = width
    return total + 2 * first + 2 * _conv(latent, first, 1) + _conv(first, 3)
