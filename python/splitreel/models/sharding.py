"""Cuts freshly made modules down to what one rank holds, before any weight is read.

Stages drop the blocks of others; tensor parallelism shares heads and hidden units, and of each norm's modulation the
outputs: a seventh of a block's weights lies there. Works on modules without weights (device "meta") and tells, for
each parameter that is cut, which part of it to read.
"""

from __future__ import annotations

from typing import Any

from diffusers import CogVideoXTransformer3DModel
from torch import nn
from transformers import T5EncoderModel

from splitreel.parallel.placement import Shard
from splitreel.parallel.shares import share_spans
from splitreel.parallel.tensor import Cut, JoinedLinear, SummedLinear, TensorTeam, by_outputs, cut_units


class _Cuts:
    """Replaces layers of one module and keeps what to read of each."""

    def __init__(self, share: int, shares: int, team: TensorTeam) -> None:
        self._share = share
        self._shares = shares
        self._team = team
        self.by_name: dict[str, Cut] = {}

    def units(self, dim: int, count: int, width: int = 1) -> Cut:
        return cut_units(dim, count, width, self._share, self._shares)

    def outputs(self, owner: nn.Module, attribute: str, name: str, cut: Cut) -> None:
        linear = getattr(owner, attribute)
        setattr(owner, attribute, by_outputs(linear, cut))
        self._note(f"{name}.{attribute}", cut, has_bias=linear.bias is not None)

    def joined(self, owner: nn.Module, attribute: str, name: str) -> None:
        linear = getattr(owner, attribute)
        cut = self.units(0, linear.out_features)
        setattr(owner, attribute, JoinedLinear(linear, cut, self._team))
        self._note(f"{name}.{attribute}", cut, has_bias=linear.bias is not None)

    def summed(self, linear: nn.Linear, name: str, cut: Cut) -> SummedLinear:
        self.by_name[f"{name}.weight"] = cut
        return SummedLinear(linear, cut, self._team)

    def _note(self, name: str, cut: Cut, *, has_bias: bool) -> None:
        self.by_name[f"{name}.weight"] = cut
        if has_bias:
            self.by_name[f"{name}.bias"] = cut


class AbsentBlock(nn.Module):
    """Stands where a block of another stage would, so that the others keep their numbers."""


def shard_transformer(model: CogVideoXTransformer3DModel, shard: Shard, team: TensorTeam) -> dict[str, Cut]:
    """Leaves this stage's blocks, of each this share. Returns the parts to read, by parameter."""
    cuts = _Cuts(shard.share, shard.shares, team)
    own = share_spans(len(model.transformer_blocks), shard.stages)[shard.stage]
    for number in range(len(model.transformer_blocks)):
        if not own.start <= number < own.stop:
            model.transformer_blocks[number] = AbsentBlock()
        elif shard.shares > 1:
            _share_block(model.transformer_blocks[number], f"transformer_blocks.{number}", cuts)
    return cuts.by_name


def _share_block(block: Any, name: str, cuts: _Cuts) -> None:
    attention, feed_forward = block.attn1, block.ff
    heads, width = attention.heads, attention.inner_dim // attention.heads
    of_heads = cuts.units(0, heads, width)
    for part in ("to_q", "to_k", "to_v"):
        cuts.outputs(attention, part, f"{name}.attn1", of_heads)
    out = f"{name}.attn1.to_out.0"
    attention.to_out[0] = cuts.summed(attention.to_out[0], out, cuts.units(1, heads, width))
    attention.heads = of_heads.span.length // width
    hidden = feed_forward.net[2].in_features
    cuts.outputs(feed_forward.net[0], "proj", f"{name}.ff.net.0", cuts.units(0, hidden))
    feed_forward.net[2] = cuts.summed(feed_forward.net[2], f"{name}.ff.net.2", cuts.units(1, hidden))
    for norm in ("norm1", "norm2"):
        cuts.joined(getattr(block, norm), "linear", f"{name}.{norm}")


def shard_text_encoder(model: T5EncoderModel, shard: Shard, team: TensorTeam) -> dict[str, Cut]:
    """Leaves this share of every layer; shares differ by a head where they do not divide.

    An encoder with fewer heads than there are shares is small: each rank then holds it whole.
    """
    cuts = _Cuts(shard.share, shard.shares, team)
    if shard.shares == 1 or model.config.num_heads < shard.shares:
        return {}
    blocks: list[Any] = list(model.encoder.block)
    for number, block in enumerate(blocks):
        attention, feed_forward = block.layer[0].SelfAttention, block.layer[1].DenseReluDense
        name = f"encoder.block.{number}.layer"
        _share_t5_attention(attention, f"{name}.0.SelfAttention", cuts)
        hidden = feed_forward.wo.in_features
        for part in ("wi", "wi_0", "wi_1"):
            if hasattr(feed_forward, part):
                cuts.outputs(feed_forward, part, f"{name}.1.DenseReluDense", cuts.units(0, hidden))
        wo = f"{name}.1.DenseReluDense.wo"
        feed_forward.wo = cuts.summed(feed_forward.wo, wo, cuts.units(1, hidden))
    return cuts.by_name


def _share_t5_attention(attention: Any, name: str, cuts: _Cuts) -> None:
    heads, width = attention.n_heads, attention.key_value_proj_dim
    of_heads = cuts.units(0, heads, width)
    for part in ("q", "k", "v"):
        cuts.outputs(attention, part, name, of_heads)
    attention.o = cuts.summed(attention.o, f"{name}.o", cuts.units(1, heads, width))
    attention.n_heads = of_heads.span.length // width
    attention.inner_dim = of_heads.span.length
    if attention.has_relative_attention_bias:
        bias = attention.relative_attention_bias
        with bias.weight.device:
            attention.relative_attention_bias = nn.Embedding(bias.num_embeddings, attention.n_heads)
        cuts.by_name[f"{name}.relative_attention_bias.weight"] = cuts.units(1, heads)
