"""Attention of a fused block: projections, the kernel that makes heads of them, and the exchange where ranks share tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.kernels.block_ops import HeadsOut, Product, Rotary, Rows, merge, norm_rotate, quantize
from splitreel.kernels.float8 import Quantized, kernels_quantize, quantize_rows
from splitreel.models.quantized_linear import QuantizedLinear
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.exchange import Exchange, Shift, TokenReturn, send_heads, start_shift
from splitreel.parallel.groups import SEQUENCE, Mesh
from splitreel.parallel.kernels import AttentionKernel
from splitreel.parallel.kv_cache import BlockKVCache
from splitreel.parallel.sequence import shared_attention
from splitreel.parallel.tensor import RowParallelLinear

Tensor = torch.Tensor


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What every block of one pass is given."""

    mesh: Mesh
    kernel: AttentionKernel
    traffic: Traffic
    lengths: Sequence[int]  # tokens of each rank of the SEQUENCE group
    text: int  # of this rank's tokens, those that are text
    condition: Tensor  # (B, E), what modulates every norm, after SiLU
    rotary: Rotary | None  # of this rank's image tokens

    @property
    def dtype(self) -> torch.dtype:
        return self.condition.dtype


def takes_quantized(linear: nn.Module) -> bool:
    """Whether the kernel before this layer gives its result in float8."""
    return isinstance(linear, QuantizedLinear) and kernels_quantize(linear.weight.device)


def product(linear: nn.Module, x: Rows, dtype: torch.dtype) -> Product:
    """The layer without its bias; where it is cut by inputs, the sum over ranks. `dtype`: of the result."""
    if isinstance(linear, QuantizedLinear):
        if isinstance(x, Tensor):
            x = quantize(x) if takes_quantized(linear) else quantize_rows(x)
        return Product(linear.product(x, dtype), linear.bias)
    assert isinstance(linear, (nn.Linear, RowParallelLinear))
    assert isinstance(x, Tensor)
    values = F.linear(x, linear.weight)
    return Product(linear.sum_over_ranks(values) if isinstance(linear, RowParallelLinear) else values, linear.bias)


def _values(linear: nn.Module, x: Rows, dtype: torch.dtype, out_BSHW: Tensor | None = None) -> Product:
    """As `product`, but with the bias in it where that costs no further pass: nothing else need touch values.

    `out_BSHW`: where they go then, contiguous.
    """
    if isinstance(linear, QuantizedLinear):
        return product(linear, x, dtype)
    assert isinstance(linear, nn.Linear)
    assert isinstance(x, Tensor)
    if out_BSHW is None or linear.bias is None:
        return Product(linear(x), None)
    out = out_BSHW.flatten(2)
    torch.addmm(linear.bias, x.flatten(0, 1), linear.weight.t(), out=out.flatten(0, 1))
    return Product(out, None)


def attend(attn: Any, normed: Rows, context: BlockContext, kv_cache: BlockKVCache | None) -> Product:
    """Of this rank's tokens to those of all ranks, and the last projection: (B, S, D)."""
    if kv_cache is None and context.mesh["ulysses"].size > 1:
        return _attend_by_heads(attn, normed, context)
    return product(attn.to_out[0], _attend_to_all(attn, normed, context, kv_cache), context.dtype)


def _attend_to_all(attn: Any, normed: Rows, context: BlockContext, kv_cache: BlockKVCache | None) -> Tensor:
    """Before the last projection: (B, S, D of this rank's heads)."""
    q, k = (product(linear, normed, context.dtype) for linear in (attn.to_q, attn.to_k))
    by_head = (*q.values.shape[:2], attn.heads, attn.norm_q.normalized_shape[0])
    is_ring = kv_cache is None and context.mesh["ring"].size > 1
    # Keys and values travel together.
    kv = q.values.new_empty((2, *by_head)) if is_ring else None
    v = _values(attn.to_v, normed, context.dtype, None if kv is None else kv[1])
    q_BSHW, k_BSHW, v_BSHW = (x.values.view(by_head) for x in (q, k, v))
    if kv is not None:
        _make_heads(attn, (q, k, v), context, HeadsOut(q_BSHW[None], kv[:1], kv[1:]))
        return _ring_attention(q_BSHW, kv, context).flatten(2)
    if kv_cache is not None and context.mesh[SEQUENCE].size == 1 and (places := kv_cache.places(k_BSHW)) is not None:
        _make_heads(attn, (q, k, v), context, HeadsOut(q_BSHW[None], places[0][None], places[1][None]))
        return _attend_here(q_BSHW, *kv_cache.whole(), context).flatten(2)
    _make_heads(attn, (q, k, v), context, HeadsOut(q_BSHW[None], k_BSHW[None], v_BSHW[None]))
    if kv_cache is None:
        return _attend_here(q_BSHW, k_BSHW, v_BSHW, context).flatten(2)
    out = shared_attention(
        q_BSHW.transpose(1, 2),
        k_BSHW.transpose(1, 2),
        v_BSHW.transpose(1, 2),
        context.lengths,
        context.mesh,
        context.traffic,
        context.kernel,
        kv_cache,
    )
    return out.transpose(1, 2).flatten(2)


def _make_heads(attn: Any, qkv: tuple[Product, Product, Product], context: BlockContext, out: HeadsOut) -> None:
    norm_rotate(*qkv, attn.norm_q, attn.norm_k, context.rotary, context.text, out)


def _attend_here(q_BSHW: Tensor, k_BSHW: Tensor, v_BSHW: Tensor, context: BlockContext) -> Tensor:
    return context.kernel.attend(*(x.transpose(1, 2) for x in (q_BSHW, k_BSHW, v_BSHW))).transpose(1, 2)


def _attend_by_heads(attn: Any, normed: Rows, context: BlockContext) -> Product:
    """Ulysses. While one half of the batch travels, the other is projected or attended."""
    group, ring = context.mesh["ulysses"], context.mesh["ring"]
    mine = list(context.lengths[ring.index * group.size : (ring.index + 1) * group.size])
    halves = _halves(normed)
    going = [_send_heads(attn, half, mine, number, context) for number, half in enumerate(halves)]
    returning: TokenReturn | None = None
    for exchange in going:
        qkv_1SPHW = exchange.wait()[None]
        if ring.size > 1:
            kv = qkv_1SPHW[:, :, 1:].permute(2, 0, 1, 3, 4).contiguous()
            attended = _ring_attention(qkv_1SPHW[:, :, 0], kv, context)
        else:
            attended = _attend_here(qkv_1SPHW[:, :, 0], qkv_1SPHW[:, :, 1], qkv_1SPHW[:, :, 2], context)
        attended_SHW = attended[0].contiguous()
        returning = returning or TokenReturn(attended_SHW, len(halves), mine, group, context.traffic)
        returning.send(attended_SHW)
    assert returning is not None
    return _project_returned(attn.to_out[0], returning, len(halves), context)


def _project_returned(linear: nn.Module, returning: TokenReturn, batch: int, context: BlockContext) -> Product:
    """The last projection. It begins with one video while the next one still travels, where weights are not quantized."""
    if isinstance(linear, QuantizedLinear):
        for video in range(batch):
            returning.wait(video)
        return product(linear, returning.whole, context.dtype)
    assert isinstance(linear, (nn.Linear, RowParallelLinear))
    tokens = returning.whole.shape[1]
    out = torch.empty((batch, tokens, len(linear.weight)), dtype=context.dtype, device=linear.weight.device)
    for video in range(batch):
        torch.mm(returning.wait(video), linear.weight.t(), out=out[video])
    return Product(linear.sum_over_ranks(out) if isinstance(linear, RowParallelLinear) else out, linear.bias)


def _halves(normed: Rows) -> list[Rows]:
    """One video of the batch each."""
    if isinstance(normed, Tensor):
        return [normed[at : at + 1] for at in range(len(normed))]
    scales = normed.scales.view(len(normed.values), -1, 1)
    return [Quantized(normed.values[at : at + 1], scales[at]) for at in range(len(scales))]


def _send_heads(attn: Any, normed: Rows, mine: Sequence[int], number: int, context: BlockContext) -> Exchange:
    """One half of the batch (1, S, D): its heads to the ranks that attend with them, all of a token's in one piece."""
    group = context.mesh["ulysses"]
    q, k, v = (product(linear, normed, context.dtype) for linear in (attn.to_q, attn.to_k, attn.to_v))
    tokens, width = q.values.shape[1], attn.norm_q.normalized_shape[0]
    packed = q.values.new_empty((group.size, tokens, 3, attn.heads // group.size, width))
    _make_heads(attn, (q, k, v), context, HeadsOut(*packed.unsqueeze(1).unbind(3)))
    return send_heads(packed, mine, number, group, context.traffic)


def _ring_attention(q_BSHW: Tensor, kv: Tensor, context: BlockContext) -> Tensor:
    """Keys and values (2, B, S, H, W) travel round while each rank attends to those that it holds.

    Liu et al., Ring Attention with Blockwise Transformers (arXiv 2310.01889), section 3.
    """
    attend_with_lse = context.kernel.attend_with_lse
    assert attend_with_lse is not None, "the engine chooses a kernel that gives it where there is Ring"
    group, ulysses = context.mesh["ring"], context.mesh["ulysses"].size
    lengths = [sum(context.lengths[i * ulysses : (i + 1) * ulysses]) for i in range(group.size)]
    row = 2 * kv.shape[1] * kv.shape[3] * kv.shape[4]
    out = lse = None
    held: Shift | None = None
    for hop in range(group.size):
        is_last = hop == group.size - 1
        coming: Shift | None = None
        if not is_last:
            # What comes next is on its way while the present part is computed.
            shape = (2, kv.shape[1], lengths[(group.index - hop - 1) % group.size], *kv.shape[3:])
            coming = start_shift(kv, shape, row * max(lengths), group, context.traffic)
        part, part_lse = attend_with_lse(*(x.transpose(1, 2) for x in (q_BSHW, kv[0], kv[1])))
        part, part_lse = part.transpose(1, 2).contiguous(), part_lse.contiguous()
        if held is not None:
            held.release(coming)
        if out is None or lse is None:
            out, lse = part, part_lse
        else:
            # Between hops in float32, so that parts are rounded once.
            merged = torch.empty_like(part, dtype=part.dtype if is_last else torch.float32)
            merge(out, lse, part, part_lse, merged)
            out = merged
        if coming is not None:
            kv, held = coming.wait(), coming
    assert out is not None
    return out
