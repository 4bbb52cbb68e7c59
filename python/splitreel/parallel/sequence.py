"""Attention over a sequence that ranks share: Ulysses by heads, Ring by keys, and both.

Ulysses: Jacobs et al., DeepSpeed Ulysses (arXiv 2309.14509), section 3. Ring: Liu et al., Ring Attention with
Blockwise Transformers (arXiv 2310.01889), section 3. Both together as in USP (Fang and Zhao, arXiv 2405.07719).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from splitreel.parallel.collectives import Traffic, all_gather, all_to_all, pass_round
from splitreel.parallel.groups import SEQUENCE, Mesh
from splitreel.parallel.kept import KeptOfBlock
from splitreel.parallel.kernels import AttentionKernel


def shared_attention(
    q_BHSD: torch.Tensor,
    k_BHSD: torch.Tensor,
    v_BHSD: torch.Tensor,
    lengths: Sequence[int],
    mesh: Mesh,
    traffic: Traffic,
    kernel: AttentionKernel,
    kept: KeptOfBlock | None = None,
) -> torch.Tensor:
    """Full attention, of which each rank holds `lengths[i]` tokens of all heads and gets the same back.

    `lengths` are per rank of the SEQUENCE group, Ring-major; they may differ. Returns (B, H, S of this rank, D).
    With `kept` the tokens are part of a longer sequence, and attend to all of it.
    """
    if mesh[SEQUENCE].size == 1 and kept is None:
        return kernel.attend(q_BHSD, k_BHSD, v_BHSD)
    ulysses, ring = mesh["ulysses"], mesh["ring"]
    mine = lengths[ring.index * ulysses.size : (ring.index + 1) * ulysses.size]
    if ulysses.size > 1:
        q_BHSD, k_BHSD, v_BHSD = (_heads_for_tokens(x, mine, mesh, traffic) for x in (q_BHSD, k_BHSD, v_BHSD))
    if kept is not None:
        k_BHSD, v_BHSD = kept.renew(*_over_the_ring(k_BHSD, v_BHSD, lengths, mesh, traffic))
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
    """The way back."""
    group = mesh["ulysses"]
    batch, heads, _, width = x_BHSD.shape
    shapes = [(batch, heads, lengths[group.index], width)] * group.size
    return torch.cat(all_to_all(torch.split(x_BHSD, list(lengths), dim=2), shapes, group, traffic), dim=1)


def _over_the_ring(
    k_BHSD: torch.Tensor, v_BHSD: torch.Tensor, lengths: Sequence[int], mesh: Mesh, traffic: Traffic
) -> tuple[torch.Tensor, torch.Tensor]:
    """The keys and values of all ring ranks, joined.

    Kept ones do not travel: each ring rank keeps the whole sequence, and only what a pack renews is exchanged.
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
    """Keys and values travel round while each rank attends to those that it holds; parts are joined by log-sum-exp."""
    assert kernel.attend_with_lse is not None, "the engine chooses a kernel that gives it where there is Ring"
    group = mesh["ring"]
    batch, heads, _, width = k_BHSD.shape
    held = torch.stack((k_BHSD, v_BHSD)).contiguous()
    out: torch.Tensor | None = None
    total: torch.Tensor | None = None
    for hop in range(group.size):
        is_last = hop == group.size - 1
        if not is_last:
            # What comes next is on its way while the present part is computed.
            coming_length = lengths[(group.index - hop - 1) % group.size]
            coming, works = pass_round(held, (2, batch, heads, coming_length, width), group, traffic)
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
            held = coming
    assert out is not None
    return out.to(q_BHSD.dtype)
