"""Attention of a fused block: projections, the kernel that turns them into heads, and exchanges between ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.kernels.block_ops import make_heads, merge, norm_rotate, quantize
from splitreel.kernels.block_values import HeadsOut, Product, Rotary, Rows
from splitreel.kernels.float8 import Quantized, kernels_quantize
from splitreel.models.quantized_linear import QuantizedLinear
from splitreel.parallel.collectives import Traffic, ring_shift
from splitreel.parallel.exchange import Exchange, TokenReturn, gather_tokens, send_heads
from splitreel.parallel.groups import SEQUENCE, Group, Mesh
from splitreel.parallel.kernels import AttentionKernel
from splitreel.parallel.kv_cache import BlockKVCache
from splitreel.parallel.sequence import shared_attention
from splitreel.parallel.tensor import RowParallelLinear

Tensor = torch.Tensor


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What all blocks of one pass have in common."""

    mesh: Mesh
    kernel: AttentionKernel
    traffic: Traffic
    lengths: Sequence[int]  # tokens of each rank of the SEQUENCE group
    text: int  # how many of this rank's tokens are text
    condition: Tensor  # (B, E), what modulates every norm, after SiLU
    rotary: Rotary | None  # of this rank's image tokens

    @property
    def dtype(self) -> torch.dtype:
        return self.condition.dtype


def takes_quantized(linear: nn.Module) -> bool:
    """Whether the kernel before this layer returns float8."""
    return isinstance(linear, QuantizedLinear) and kernels_quantize(linear.weight.device)


def product(linear: nn.Module, x: Rows, dtype: torch.dtype) -> Product:
    """The layer's result without its bias, summed over ranks if the layer is split by inputs. `dtype`: of the result."""
    if isinstance(linear, QuantizedLinear):
        if isinstance(x, Tensor) and takes_quantized(linear):
            x = quantize(x)
        return Product(linear.product(x, dtype), linear.bias)
    assert isinstance(linear, (nn.Linear, RowParallelLinear))
    assert isinstance(x, Tensor)
    values = F.linear(x, linear.weight)
    return Product(linear.sum_over_ranks(values) if isinstance(linear, RowParallelLinear) else values, linear.bias)


def _values(linear: nn.Module, x: Rows, dtype: torch.dtype, out_BSHW: Tensor | None = None) -> Product:
    """Like `product`, but includes the bias if that costs no further pass, because nothing else changes values.

    `out_BSHW`: where to write them in that case, contiguous.
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
    """Attention of this rank's tokens to those of all ranks, and the last projection: (B, S, D)."""
    if kv_cache is None and context.mesh["ulysses"].size > 1:
        return _attend_by_heads(attn, normed, context)
    if kv_cache is None and context.mesh["ring"].size > 1:
        attended = _attend_by_tokens(attn, normed, context)
    else:
        attended = _attend_to_all(attn, normed, context, kv_cache)
    return product(attn.to_out[0], attended, context.dtype)


def _attend_to_all(attn: Any, normed: Rows, context: BlockContext, kv_cache: BlockKVCache | None) -> Tensor:
    """Attention to keys on this rank or in its cache, before the last projection: (B, S, D of this rank's heads)."""
    q, k = (product(linear, normed, context.dtype) for linear in (attn.to_q, attn.to_k))
    v = _values(attn.to_v, normed, context.dtype)
    by_head = (*q.values.shape[:2], attn.heads, attn.norm_q.normalized_shape[0])
    q_BSHW, k_BSHW, v_BSHW = (x.values.view(by_head) for x in (q, k, v))
    if (
        kv_cache is not None
        and context.mesh[SEQUENCE].size == 1
        and (views := kv_cache.current_views(k_BSHW)) is not None
    ):
        _make_all_heads(attn, (q, k, v), context, HeadsOut(q_BSHW[None], views[0][None], views[1][None]))
        return _attend_here(q_BSHW, *kv_cache.whole(), context).flatten(2)
    _make_all_heads(attn, (q, k, v), context, HeadsOut(q_BSHW[None], k_BSHW[None], v_BSHW[None]))
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


def _make_all_heads(attn: Any, qkv: tuple[Product, Product, Product], context: BlockContext, out: HeadsOut) -> None:
    norm_rotate(*qkv, attn.norm_q, attn.norm_k, context.rotary, context.text, out)


def _attend_here(q_BSHW: Tensor, k_BSHW: Tensor, v_BSHW: Tensor, context: BlockContext) -> Tensor:
    return context.kernel.attend(*(x.transpose(1, 2) for x in (q_BSHW, k_BSHW, v_BSHW))).transpose(1, 2)


def gathers_keys(ring: Group) -> bool:
    """Whether a rank of the ring receives all keys and values at once, rather than part by part.

    Over NVLink they arrive while queries are projected. Attention to all of them is faster than attention to each part
    with a merge. Over slower links they take longer than the projection, so they travel while attention runs.
    """
    return ring.peers is not None and ring.peers.is_fast


def _attend_by_tokens(attn: Any, normed: Rows, context: BlockContext) -> Tensor:
    """Ring without Ulysses, before the last projection: (B, S, D of this rank's heads)."""
    ring = context.mesh["ring"]
    if gathers_keys(ring):
        gathering: list[Exchange] = []
        for number, kind in enumerate(_KEYS):
            own = _project(attn, kind, normed, context)[:, 0]
            gathering.append(gather_tokens(own, _ring_lengths(context), number, ring, context.traffic))
        return _attend_to_gathered(_project(attn, "q", normed, context)[:, 0], gathering, context).flatten(2)
    q, k = (product(linear, normed, context.dtype) for linear in (attn.to_q, attn.to_k))
    by_head = (*q.values.shape[:2], attn.heads, attn.norm_q.normalized_shape[0])
    # Keys and values travel together.
    kv = q.values.new_empty((2, *by_head))
    v = _values(attn.to_v, normed, context.dtype, kv[1])
    q_BSHW = q.values.view(by_head)
    _make_all_heads(attn, (q, k, v), context, HeadsOut(q_BSHW[None], kv[:1], kv[1:]))
    return _ring_attention(q_BSHW, kv, context).flatten(2)


def _attend_by_heads(attn: Any, normed: Rows, context: BlockContext) -> Product:
    """Ulysses, with or without Ring. Each tensor travels while the next one is projected or attended."""
    group, ring, traffic = context.mesh["ulysses"], context.mesh["ring"], context.traffic
    mine = list(context.lengths[ring.index * group.size : (ring.index + 1) * group.size])
    videos = _videos(normed)
    keys = [
        send_heads(_project(attn, kind, normed, context, group.size), mine, number, group, traffic)
        for number, kind in enumerate(_KEYS)
    ]
    gathers = ring.size > 1 and gathers_keys(ring)
    if gathers:
        lengths = _ring_lengths(context)
        keys = [gather_tokens(x.wait(), lengths, number, ring, traffic) for number, x in enumerate(keys)]
    queries = [
        send_heads(_project(attn, "q", rows, context, group.size), mine, len(_KEYS) + video, group, traffic)
        for video, rows in enumerate(videos)
    ]
    v_BSHW, k_BSHW = (exchange.wait() for exchange in keys)
    returning: TokenReturn | None = None
    for video, query in enumerate(queries):
        q_1SHW, k_1SHW, v_1SHW = query.wait(), k_BSHW[video : video + 1], v_BSHW[video : video + 1]
        if ring.size > 1 and not gathers:
            attended_SHW = _ring_attention(q_1SHW, torch.stack((k_1SHW, v_1SHW)), context)[0]
        else:
            attended_SHW = _attend_here(q_1SHW, k_1SHW, v_1SHW, context)[0].contiguous()
        returning = returning or TokenReturn(attended_SHW, len(videos), mine, group, traffic)
        returning.send(attended_SHW)
    for exchange in keys:
        exchange.release()
    assert returning is not None
    # What was sent has arrived by now, and the last projection needs the memory.
    keys.clear()
    queries.clear()
    return _project_returned(attn.to_out[0], returning, len(videos), context)


def _project_returned(linear: nn.Module, returning: TokenReturn, batch: int, context: BlockContext) -> Product:
    """The last projection. Unless weights are quantized, it starts with one video while the next is still arriving."""
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


def _videos(normed: Rows) -> list[Rows]:
    """The batch as single videos."""
    if isinstance(normed, Tensor):
        return [normed[at : at + 1] for at in range(len(normed))]
    scales = normed.scales.view(len(normed.values), -1, 1)
    return [Quantized(normed.values[at : at + 1], scales[at]) for at in range(len(scales))]


# Values first: they need no norm, so they can leave earliest.
_KEYS: tuple[Literal["v", "k"], ...] = ("v", "k")


def _project(attn: Any, kind: Literal["q", "k", "v"], normed: Rows, context: BlockContext, groups: int = 1) -> Tensor:
    """Queries, keys or values for attention, contiguous: (B, groups, S, heads of a group, W)."""
    linear = getattr(attn, f"to_{kind}")
    x = (
        _values(linear, normed, context.dtype)
        if kind == "v" and groups == 1
        else product(linear, normed, context.dtype)
    )
    batch, tokens, _ = x.values.shape
    shape = (batch, groups, tokens, attn.heads // groups, attn.norm_q.normalized_shape[0])
    out = x.values.view(shape) if groups == 1 else x.values.new_empty(shape)
    if kind != "v" or groups > 1 or x.bias is not None:
        norm = attn.norm_q if kind == "q" else attn.norm_k
        make_heads(x, norm, context.rotary, context.text, out.transpose(0, 1), are_values=kind == "v")
    return out


def _ring_lengths(context: BlockContext) -> list[int]:
    """Tokens of each rank of the ring, after Ulysses."""
    ulysses, ring = context.mesh["ulysses"].size, context.mesh["ring"].size
    return [sum(context.lengths[i * ulysses : (i + 1) * ulysses]) for i in range(ring)]


def _attend_to_gathered(q_BSHW: Tensor, gathering: Sequence[Exchange], context: BlockContext) -> Tensor:
    v_BSHW, k_BSHW = (exchange.wait() for exchange in gathering)
    attended = _attend_here(q_BSHW, k_BSHW, v_BSHW, context)
    for exchange in gathering:
        exchange.release()
    return attended


def _ring_attention(q_BSHW: Tensor, kv: Tensor, context: BlockContext) -> Tensor:
    """Passes keys and values (2, B, S, H, W) around the ring while each rank attends to those that it holds.

    Liu et al., Ring Attention with Blockwise Transformers (arXiv 2310.01889), section 3.
    """
    attend_with_lse = context.kernel.attend_with_lse
    assert attend_with_lse is not None, "for Ring the engine only chooses kernels that return the log-sum-exp"
    group, lengths = context.mesh["ring"], _ring_lengths(context)
    out = lse = None
    for hop in range(group.size):
        is_last = hop == group.size - 1
        if not is_last:
            # The next part travels while the current one is computed.
            shape = (2, kv.shape[1], lengths[(group.index - hop - 1) % group.size], *kv.shape[3:])
            received, works = ring_shift(kv, shape, group, context.traffic)
        part, part_lse = attend_with_lse(*(x.transpose(1, 2) for x in (q_BSHW, kv[0], kv[1])))
        part, part_lse = part.transpose(1, 2).contiguous(), part_lse.contiguous()
        if out is None or lse is None:
            out, lse = part, part_lse
        else:
            # Kept in float32 between hops, so that parts are rounded once.
            merged = torch.empty_like(part, dtype=part.dtype if is_last else torch.float32)
            merge(out, lse, part, part_lse, merged)
            out = merged
        if not is_last:
            with context.traffic.waiting():
                for work in works:
                    work.wait()
            kv = received
    assert out is not None
    return out
