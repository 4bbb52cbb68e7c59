"""Reduces newly created modules to this rank's shard before any weight is read.

Pipeline stages drop the blocks of other stages. Tensor parallelism splits heads, hidden units, and the outputs of each
norm's modulation layer, which holds a seventh of a block's weights. Works on modules without values (device "meta")
and returns, for each parameter that is split, the slice to read.
"""

from __future__ import annotations

from typing import Any

from diffusers import CogVideoXTransformer3DModel
from torch import nn
from transformers import T5EncoderModel

from splitreel.models.quantized_linear import QuantizedLinear
from splitreel.parallel.placement import Shard
from splitreel.parallel.spans import split_into_spans
from splitreel.parallel.tensor import (
    GatheredColumnLinear,
    RowParallelLinear,
    TensorParallelGroup,
    WeightSlice,
    column_parallel,
    slice_units,
)


class _LayerSlicer:
    """Replaces the layers of one module and records which slice of each weight to read."""

    def __init__(self, shard: Shard, tp_group: TensorParallelGroup) -> None:
        self._shard = shard
        self._tp_group = tp_group
        self.by_name: dict[str, WeightSlice] = {}

    def units(self, dim: int, count: int, width: int = 1) -> WeightSlice:
        return slice_units(dim, count, width, self._shard.tp_rank, self._shard.tp_size)

    def column(self, owner: nn.Module, attribute: str, name: str, part: WeightSlice) -> None:
        linear = getattr(owner, attribute)
        setattr(owner, attribute, column_parallel(linear, part))
        self._record(f"{name}.{attribute}", part, has_bias=linear.bias is not None)

    def gathered_column(self, owner: nn.Module, attribute: str, name: str) -> None:
        linear = getattr(owner, attribute)
        part = self.units(0, linear.out_features)
        setattr(owner, attribute, GatheredColumnLinear(linear, part, self._tp_group))
        self._record(f"{name}.{attribute}", part, has_bias=linear.bias is not None)

    def row(self, linear: nn.Linear, name: str, part: WeightSlice) -> RowParallelLinear:
        self.by_name[f"{name}.weight"] = part
        return RowParallelLinear(linear, part, self._tp_group)

    def _record(self, name: str, part: WeightSlice, *, has_bias: bool) -> None:
        self.by_name[f"{name}.weight"] = part
        if has_bias:
            self.by_name[f"{name}.bias"] = part


class AbsentBlock(nn.Module):
    """Takes the place of a block of another pipeline stage, so that the remaining blocks keep their indices."""


def shard_transformer(
    model: CogVideoXTransformer3DModel, shard: Shard, tp_group: TensorParallelGroup
) -> dict[str, WeightSlice]:
    """Keeps this stage's blocks, and this rank's slice of each. Returns the slices to read, by parameter name."""
    slicer = _LayerSlicer(shard, tp_group)
    own = split_into_spans(len(model.transformer_blocks), shard.pp_size)[shard.pp_rank]
    for number in range(len(model.transformer_blocks)):
        if not own.start <= number < own.stop:
            model.transformer_blocks[number] = AbsentBlock()
        elif shard.tp_size > 1:
            _shard_block(model.transformer_blocks[number], f"transformer_blocks.{number}", slicer)
    return slicer.by_name


def _shard_block(block: Any, name: str, slicer: _LayerSlicer) -> None:
    attention, feed_forward = block.attn1, block.ff
    heads, width = attention.heads, attention.inner_dim // attention.heads
    own_heads = slicer.units(0, heads, width)
    for part in ("to_q", "to_k", "to_v"):
        slicer.column(attention, part, f"{name}.attn1", own_heads)
    out = f"{name}.attn1.to_out.0"
    attention.to_out[0] = slicer.row(attention.to_out[0], out, slicer.units(1, heads, width))
    attention.heads = own_heads.span.length // width
    hidden = feed_forward.net[2].in_features
    slicer.column(feed_forward.net[0], "proj", f"{name}.ff.net.0", slicer.units(0, hidden))
    feed_forward.net[2] = slicer.row(feed_forward.net[2], f"{name}.ff.net.2", slicer.units(1, hidden))
    for norm in ("norm1", "norm2"):
        slicer.gathered_column(getattr(block, norm), "linear", f"{name}.{norm}")


def quantize_transformer(model: CogVideoXTransformer3DModel) -> dict[str, QuantizedLinear]:
    """Replaces the large layers of every block but the first and the last. Returns them by their weight's name.

    The norms' modulation layers keep their dtype: they hold a seventh of the weights and scale everything that follows.
    """
    layers: dict[str, QuantizedLinear] = {}
    last = len(model.transformer_blocks) - 1
    for number, block in enumerate(model.transformer_blocks):
        if isinstance(block, AbsentBlock) or number in {0, last}:
            continue
        attention, feed_forward = block.attn1, block.ff
        for owner, attribute, name in (
            (attention, "to_q", "attn1.to_q"),
            (attention, "to_k", "attn1.to_k"),
            (attention, "to_v", "attn1.to_v"),
            (attention.to_out, "0", "attn1.to_out.0"),
            (feed_forward.net[0], "proj", "ff.net.0.proj"),
            (feed_forward.net, "2", "ff.net.2"),
        ):
            layer = QuantizedLinear(getattr(owner, attribute))
            setattr(owner, attribute, layer)
            layers[f"transformer_blocks.{number}.{name}.weight"] = layer
    return layers


def shard_text_encoder(model: T5EncoderModel, shard: Shard, tp_group: TensorParallelGroup) -> dict[str, WeightSlice]:
    """Keeps this rank's slice of every layer. If the heads don't divide evenly, slices differ by one head.

    An encoder with fewer heads than ranks is small, so each rank holds all of it.
    """
    slicer = _LayerSlicer(shard, tp_group)
    if shard.tp_size == 1 or model.config.num_heads < shard.tp_size:
        return {}
    blocks: list[Any] = list(model.encoder.block)
    for number, block in enumerate(blocks):
        attention, feed_forward = block.layer[0].SelfAttention, block.layer[1].DenseReluDense
        name = f"encoder.block.{number}.layer"
        _shard_t5_attention(attention, f"{name}.0.SelfAttention", slicer)
        hidden = feed_forward.wo.in_features
        for part in ("wi", "wi_0", "wi_1"):
            if hasattr(feed_forward, part):
                slicer.column(feed_forward, part, f"{name}.1.DenseReluDense", slicer.units(0, hidden))
        wo = f"{name}.1.DenseReluDense.wo"
        feed_forward.wo = slicer.row(feed_forward.wo, wo, slicer.units(1, hidden))
    return slicer.by_name


def _shard_t5_attention(attention: Any, name: str, slicer: _LayerSlicer) -> None:
    heads, width = attention.n_heads, attention.key_value_proj_dim
    own_heads = slicer.units(0, heads, width)
    for part in ("q", "k", "v"):
        slicer.column(attention, part, name, own_heads)
    attention.o = slicer.row(attention.o, f"{name}.o", slicer.units(1, heads, width))
    attention.n_heads = own_heads.span.length // width
    attention.inner_dim = own_heads.span.length
    if attention.has_relative_attention_bias:
        bias = attention.relative_attention_bias
        with bias.weight.device:
            attention.relative_attention_bias = nn.Embedding(bias.num_embeddings, attention.n_heads)
        slicer.by_name[f"{name}.relative_attention_bias.weight"] = slicer.units(1, heads)
