"""Attention over a sequence that ranks share: Ulysses by heads, Ring by keys, and both.

Ulysses: Jacobs et al., DeepSpeed Ulysses (arXiv 2309.14509), section 3. Ring: Liu et al., Ring Attention with
Blockwise Transformers (arXiv 2310.01889), section 3. Both together as in USP (Fang and Zhao, arXiv 2405.07719).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from splitreel.parallel.collectives import Traffic, all_gather, all_to_all, ring_shift
from splitreel.parallel.groups import SEQUENCE, Mesh
from splitreel.parallel.kernels import AttentionKernel
from splitreel.parallel.kv_cache import BlockKVCache


def shared_attention(
    q_BHSD: torch.Tensor,
    k_BHSD: torch.Tensor,
    v_BHSD: torch.Tensor,
    lengths: Sequence[int],
    mesh: Mesh,
    traffic: Traffic,
    kernel: AttentionKernel,
    kv_cache: BlockKVCache | None = None,
) -> torch.Tensor:
    """Full attention over a sequence that the SEQUENCE group shares: each rank holds some tokens of all heads.

    q, k, v: (B, H, tokens of this rank, D). `lengths`: tokens per rank, Ring-major; they may differ. Returns the
    attention output of this rank's tokens, in the shape of q. With `kv_cache` the tokens are part of a longer sequence
    and attend to all of it.
    """
    if mesh[SEQUENCE].size == 1 and kv_cache is None:
        return kernel.attend(q_BHSD, k_BHSD, v_BHSD)
    ulysses, ring = mesh["ulysses"], mesh["ring"]
    mine = lengths[ring.index * ulysses.size : (ring.index + 1) * ulysses.size]
    if ulysses.size > 1:
        q_BHSD, k_BHSD, v_BHSD = (_heads_for_tokens(x, mine, mesh, traffic) for x in (q_BHSD, k_BHSD, v_BHSD))
    if kv_cache is not None:
        k_BHSD, v_BHSD = kv_cache.update(*_gather_over_ring(k_BHSD, v_BHSD, lengths, mesh, traffic))
        out = kernel.attend(q_BHSD, k_BHSD, v_BHSD)
    elif ring.size > 1:
        per_ring = [sum(lengths[i * ulysses.size : (i + 1) * ulysses.size]) for i in range(ring.size)]
        out = _ring_attention(q_BHSD, k_BHSD, v_BHSD, per_ring, mesh, traffic, kernel)
    else:
        out = kernel.attend(q_BHSD, k_BHSD, v_BHSD)
    return _tokens_for_heads(out, mine, mesh, traffic) if ulysses.size > 1 else out


def _heads_for_tokens(x_BHSD: torch.Tensor, lengths: Sequence[int], mesh: Mesh, traffic: Traffic) -> torch.Tensor:
    """(B, H, own tokens, D) to (B, H / ulysses, all tokens of the Ulysses group, D)."""
    group = mesh["ulysses"]
    batch, heads, _, width = x_BHSD.shape
    shapes = [(batch, heads // group.size, length, width) for length in lengths]
    return torch.cat(all_to_all(x_BHSD.chunk(group.size, dim=1), shapes, group, traffic), dim=2)


def _tokens_for_heads(x_BHSD: torch.Tensor, lengths: Sequence[int], mesh: Mesh, traffic: Traffic) -> torch.Tensor:
    """(B, H / ulysses, all tokens of the Ulysses group, D) to (B, H, own tokens, D)."""
    group = mesh["ulysses"]
    batch, heads, _, width = x_BHSD.shape
    shapes = [(batch, heads, lengths[group.index], width)] * group.size
    return torch.cat(all_to_all(torch.split(x_BHSD, list(lengths), dim=2), shapes, group, traffic), dim=1)


def _gather_over_ring(
    k_BHSD: torch.Tensor, v_BHSD: torch.Tensor, lengths: Sequence[int], mesh: Mesh, traffic: Traffic
) -> tuple[torch.Tensor, torch.Tensor]:
    """The keys and values of all ring ranks, concatenated.

    Cached ones are not sent: each ring rank caches the whole sequence, and only updated tokens are exchanged.
    """
    ulysses, ring = mesh["ulysses"].size, mesh["ring"]
    if ring.size == 1:
        return k_BHSD, v_BHSD
    per_ring = [sum(lengths[i * ulysses : (i + 1) * ulysses]) for i in range(ring.size)]
    both = all_gather(torch.stack((k_BHSD, v_BHSD)), per_ring, 3, ring, traffic)
    return both[0], both[1]


def _ring_attention(
    q_BHSD: torch.Tensor,
    k_BHSD: torch.Tensor,
    v_BHSD: torch.Tensor,
    lengths: Sequence[int],
    mesh: Mesh,
    traffic: Traffic,
    kernel: AttentionKernel,
) -> torch.Tensor:
    """Passes keys and values around the ring; each rank attends to those it holds and merges by log-sum-exp."""
    assert kernel.attend_with_lse is not None, "for Ring the engine only chooses kernels that return the log-sum-exp"
    group = mesh["ring"]
    batch, heads, _, width = k_BHSD.shape
    held = torch.stack((k_BHSD, v_BHSD)).contiguous()
    out: torch.Tensor | None = None
    total: torch.Tensor | None = None
    for hop in range(group.size):
        is_last = hop == group.size - 1
        if not is_last:
            # Overlaps the transfer of the next keys and values with attention to the current ones.
            next_length = lengths[(group.index - hop - 1) % group.size]
            received, works = ring_shift(held, (2, batch, heads, next_length, width), group, traffic)
        part, part_lse = kernel.attend_with_lse(q_BHSD, held[0], held[1])
        if out is None or total is None:
            out, total = part.float(), part_lse
        else:
            out = torch.lerp(out, part.float(), torch.sigmoid(part_lse - total).unsqueeze(-1))
            total = torch.logaddexp(total, part_lse)
        if not is_last:
            with traffic.waiting():
                for work in works:
                    work.wait()
            held = received
    assert out is not None
    return out.to(q_BHSD.dtype)
