"""Attention of a fused block: projections, the kernel that makes heads of them, and the exchange where ranks share tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.kernels.block_ops import HeadsOut, Product, Quantized, Rotary, Rows, merge, norm_rotate
from splitreel.parallel.collectives import Traffic, ring_shift
from splitreel.parallel.exchange import Exchange, start_exchange
from splitreel.parallel.groups import Mesh
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


def product(linear: nn.Module, x: Rows) -> Product:
    """The layer without its bias; where it is cut by inputs, the sum over ranks."""
    assert isinstance(linear, (nn.Linear, RowParallelLinear))
    assert isinstance(x, Tensor)
    values = F.linear(x, linear.weight)
    return Product(linear.sum_over_ranks(values) if isinstance(linear, RowParallelLinear) else values, linear.bias)


def with_bias(linear: nn.Module, x: Rows) -> Tensor:
    """The whole layer, where no kernel of ours reads its result next."""
    assert isinstance(linear, nn.Linear)
    assert isinstance(x, Tensor)
    out: Tensor = linear(x)
    return out


def attend(attn: Any, normed: Rows, context: BlockContext, kv_cache: BlockKVCache | None) -> Tensor:
    """Of this rank's tokens to those of all ranks, before the last projection: (B, S, D of this rank's heads)."""
    if kv_cache is None and context.mesh["ulysses"].size > 1:
        return _attend_by_heads(attn, normed, context)
    q, k = product(attn.to_q, normed), product(attn.to_k, normed)
    # What nothing else reads before attention takes its bias at once.
    v = Product(with_bias(attn.to_v, normed), None)
    by_head = (*q.values.shape[:2], attn.heads, attn.norm_q.normalized_shape[0])
    q_BSHW, k_BSHW, v_BSHW = (x.values.view(by_head) for x in (q, k, v))
    if kv_cache is None and context.mesh["ring"].size > 1:
        kv = torch.empty((2, *k_BSHW.shape), dtype=k_BSHW.dtype, device=k_BSHW.device)
        _make_heads(attn, (q, k, v), context, HeadsOut(q_BSHW[None], kv[:1], kv[1:]))
        return _ring_attention(q_BSHW, kv, context).flatten(2)
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


def _attend_by_heads(attn: Any, normed: Rows, context: BlockContext) -> Tensor:
    """Ulysses. While one half of the batch travels, the other is projected or attended."""
    group, ring = context.mesh["ulysses"], context.mesh["ring"]
    mine = list(context.lengths[ring.index * group.size : (ring.index + 1) * group.size])
    own = [context.lengths[ring.index * group.size + group.index]] * group.size
    going = [_send_heads(attn, half, mine, context) for half in _halves(normed)]
    coming: list[Exchange] = []
    for exchange in going:
        qkv_1SPHW = exchange.wait()[None]
        if ring.size > 1:
            kv = qkv_1SPHW[:, :, 1:].permute(2, 0, 1, 3, 4).contiguous()
            attended = _ring_attention(qkv_1SPHW[:, :, 0], kv, context)
        else:
            attended = _attend_here(qkv_1SPHW[:, :, 0], qkv_1SPHW[:, :, 1], qkv_1SPHW[:, :, 2], context)
        coming.append(start_exchange(attended[0].contiguous(), mine, own, group, context.traffic))
    halves = [exchange.wait() for exchange in coming]  # (ranks * S, heads of a rank, W) each
    by_rank = (group.size, own[0], *halves[0].shape[1:])
    return torch.stack([half.view(by_rank).transpose(0, 1) for half in halves]).flatten(2)


def _halves(normed: Rows) -> list[Rows]:
    """One video of the batch each."""
    if isinstance(normed, Tensor):
        return [normed[at : at + 1] for at in range(len(normed))]
    scales = normed.scales.view(len(normed.values), -1, 1)
    return [Quantized(normed.values[at : at + 1], scales[at]) for at in range(len(scales))]


def _send_heads(attn: Any, normed: Rows, mine: Sequence[int], context: BlockContext) -> Exchange:
    """One half of the batch (1, S, D): its heads to the ranks that attend with them, all of a token's in one piece."""
    group = context.mesh["ulysses"]
    q, k, v = (product(linear, normed) for linear in (attn.to_q, attn.to_k, attn.to_v))
    tokens, width = q.values.shape[1], attn.norm_q.normalized_shape[0]
    packed = q.values.new_empty((group.size, tokens, 3, attn.heads // group.size, width))
    _make_heads(attn, (q, k, v), context, HeadsOut(*packed.unsqueeze(1).unbind(3)))
    return start_exchange(packed.flatten(0, 1), [tokens] * group.size, mine, group, context.traffic)


def _ring_attention(q_BSHW: Tensor, kv: Tensor, context: BlockContext) -> Tensor:
    """Keys and values (2, B, S, H, W) travel round while each rank attends to those that it holds.

    Liu et al., Ring Attention with Blockwise Transformers (arXiv 2310.01889), section 3.
    """
    attend_with_lse = context.kernel.attend_with_lse
    assert attend_with_lse is not None, "the engine chooses a kernel that gives it where there is Ring"
    group, ulysses = context.mesh["ring"], context.mesh["ulysses"].size
    lengths = [sum(context.lengths[i * ulysses : (i + 1) * ulysses]) for i in range(group.size)]
    out = lse = None
    for hop in range(group.size):
        is_last = hop == group.size - 1
        if not is_last:
            # What comes next is on its way while the present part is computed.
            shape = (2, kv.shape[1], lengths[(group.index - hop - 1) % group.size], *kv.shape[3:])
            coming, works = ring_shift(kv, shape, group, context.traffic)
        part, part_lse = attend_with_lse(*(x.transpose(1, 2) for x in (q_BSHW, kv[0], kv[1])))
        part, part_lse = part.transpose(1, 2).contiguous(), part_lse.contiguous()
        if out is None or lse is None:
            out, lse = part, part_lse
        else:
            # Between hops in float32, so that parts are rounded once.
            merged = torch.empty_like(part, dtype=part.dtype if is_last else torch.float32)
            merge(out, lse, part, part_lse, merged)
            out = merged
        if not is_last:
            with context.traffic.waiting():
                for work in works:
                    work.wait()
            kv = coming
    assert out is not None
    return out
