"""Attention over a sequence that is shared among ranks: Ulysses, Ring, both, and PipeFusion's stale keys.

Ulysses (DeepSpeed-Ulysses, arXiv 2309.14509): an all-to-all gives each rank all tokens of its own heads,
and another one gives them back. Ring (arXiv 2310.01889): keys and values go round, partial results are
merged by their log-sum-exp. Both together are USP (arXiv 2405.07719): Ulysses inside, Ring across.
PipeFusion (arXiv 2405.14430): a patch attends to the keys and values of the whole sequence, of which its
own are fresh and the others as the patches before it left them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from splitreel.parallel.kernels import SDPA, AttentionKernel
from splitreel.parallel.layout import Layout
from splitreel.parallel.team import Team


@dataclass(slots=True)
class StaleKeys:
    """Keys and values of one block for the packs of this rank's Ulysses team, its own heads.

    kv_2BHSD: the packs one after another, in the order of the team.
    """

    kv_2BHSD: Tensor


@dataclass(slots=True)
class SharedAttention:
    """Attention of this rank's tokens to everybody's.

    `patch` is None where whole packs are processed (every synchronous step), else the PipeFusion patch
    under way. `remember` keeps keys and values of a whole step for later patches to start from.
    """

    ulysses: Team
    ring: Team
    layout: Layout
    kernel: AttentionKernel = SDPA
    patch: int | None = None
    remember: bool = False
    stale: dict[int, StaleKeys] = field(default_factory=dict)

    def __call__(self, block: int, q_BHSD: Tensor, k_BHSD: Tensor, v_BHSD: Tensor) -> Tensor:
        """All three over this rank's tokens and all (tensor-parallel) heads; so is the result."""
        lengths = self._team_lengths()
        qkv = torch.stack((q_BHSD, k_BHSD, v_BHSD))
        if self.ulysses.size > 1:
            qkv = _tokens_for_heads(qkv, lengths, self.ulysses)
        q, kv = qkv[0], qkv[1:]
        if self.patch is not None:
            kv = self._refresh(block, kv, lengths)
        elif self.remember:
            self.stale[block] = StaleKeys(kv.clone())
        out = self._round(q, kv) if self.ring.size > 1 else self.kernel.attend(q, kv[0], kv[1])
        return _heads_for_tokens(out, lengths, self.ulysses) if self.ulysses.size > 1 else out

    def _team_ranks(self, ring_index: int) -> range:
        first = ring_index * self.ulysses.size
        return range(first, first + self.ulysses.size)

    def _team_lengths(self) -> list[int]:
        """Tokens now brought by each member of this rank's Ulysses team."""
        return [self.layout.length(rank, self.patch) for rank in self._team_ranks(self.ring.index)]

    def _refresh(self, block: int, fresh_2BHSD: Tensor, lengths: Sequence[int]) -> Tensor:
        """Writes the patch's keys and values over the stale ones and returns them all."""
        assert self.patch is not None
        kept = self.stale[block].kv_2BHSD
        pack_start = 0
        for rank, fresh in zip(self._team_ranks(self.ring.index), fresh_2BHSD.split(list(lengths), 3), strict=True):
            start = pack_start + self.layout.offset(rank, self.patch)
            kept[:, :, :, start : start + fresh.shape[3]] = fresh
            pack_start += self.layout.length(rank)
        return kept

    def _round(self, q_BHSD: Tensor, kv_2BHSD: Tensor) -> Tensor:
        """Passes keys and values once round the ring, the next ones travelling as these are used."""
        # A patch's queries too meet the keys of whole packs: what goes round is never a patch alone.
        totals = [
            sum(self.layout.length(rank) for rank in self._team_ranks(index)) for index in range(self.ring.size)
        ]
        out: Tensor | None = None
        lse: Tensor | None = None
        current = kv_2BHSD.contiguous()
        for step in range(self.ring.size):
            last = step == self.ring.size - 1
            if not last:
                length = totals[(self.ring.index - step - 1) % self.ring.size]
                incoming = current.new_empty(*current.shape[:3], length, current.shape[4])
                moving = self.ring.start_shift(current, incoming)
            part, part_lse = self.kernel.attend_with_lse(q_BHSD, current[0], current[1])
            out, lse = _merge(out, lse, part, part_lse)
            if not last:
                self.ring.finish(moving)
                current = incoming
        assert out is not None
        return out.to(q_BHSD.dtype)


def _merge(out: Tensor | None, lse: Tensor | None, part: Tensor, part_lse: Tensor) -> tuple[Tensor, Tensor]:
    """Joins attention over two sets of keys, in float32: weights are softmax of the two log-sum-exps."""
    part, part_lse = part.float(), part_lse.unsqueeze(-1)
    if out is None or lse is None:
        return part, part_lse
    return out - torch.sigmoid(part_lse - lse) * (out - part), torch.logaddexp(lse, part_lse)


def _tokens_for_heads(qkv_3BHSD: Tensor, lengths: Sequence[int], team: Team) -> Tensor:
    """From own tokens of all heads to all tokens of own heads."""
    three, batch, heads, _, dim = qkv_3BHSD.shape
    own = heads // team.size
    shapes = [(three, batch, own, length, dim) for length in lengths]
    return torch.cat(team.exchange(qkv_3BHSD.chunk(team.size, 2), shapes), 3)


def _heads_for_tokens(out_BHSD: Tensor, lengths: Sequence[int], team: Team) -> Tensor:
    """The way back."""
    batch, own, _, dim = out_BHSD.shape
    shape = (batch, own, lengths[team.index], dim)
    return torch.cat(team.exchange(out_BHSD.split(list(lengths), 2), [shape] * team.size), 1)
