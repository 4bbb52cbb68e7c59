"""Keys and values of the whole sequence, cached from step to step: what PipeFusion's patches attend to.

Fang et al., PipeFusion (arXiv 2405.14430), section 4: a patch updates its own keys and values and reads the others from
the previous step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(slots=True)
class BlockKVCache:
    """One block's keys and values, (B, heads of this rank, all tokens, D) each."""

    owner: KVCache
    keys: torch.Tensor | None = None
    values: torch.Tensor | None = None

    def current_views(self, like_BSHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Views for the current tokens' keys and values, (B, S, H, D) each; None if the tokens aren't consecutive."""
        start = self.owner.start
        if start is None:
            return None
        keys, values = self._whole(like_BSHW.transpose(1, 2))
        stop = start + like_BSHW.shape[1]
        return keys.transpose(1, 2)[:, start:stop], values.transpose(1, 2)[:, start:stop]

    def whole(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of all tokens, (B, S, H, D) each. Call it after writing the current ones."""
        assert self.keys is not None
        assert self.values is not None
        return self.keys.transpose(1, 2), self.values.transpose(1, 2)

    def _whole(self, like_BHSD: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of all tokens, stored token by token, in the layout of a projection's result."""
        if self.keys is None or self.values is None:
            assert self.owner.positions.numel() == self.owner.tokens, "the first update covers all tokens"
            batch, heads, _, width = like_BHSD.shape
            shape = (batch, self.owner.tokens, heads, width)
            self.keys, self.values = (like_BHSD.new_empty(shape).transpose(1, 2) for _ in range(2))
        return self.keys, self.values

    def update(self, k_BHSD: torch.Tensor, v_BHSD: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Stores those of the current tokens at the owner's `positions`; returns those of all tokens."""
        keys, values = self._whole(k_BHSD)
        keys.index_copy_(2, self.owner.positions, k_BHSD)
        values.index_copy_(2, self.owner.positions, v_BHSD)
        return keys, values


class KVCache:
    """The caches of all blocks on a rank, for a sequence of `tokens`.

    `positions` (int64) says where the tokens being computed are in the sequence, and `start` where they begin if they
    are consecutive; set both before each pass.
    """

    def __init__(self, tokens: int, blocks: int) -> None:
        self.tokens = tokens
        self.positions = torch.empty(0, dtype=torch.long)
        self.start: int | None = None
        self._blocks = [BlockKVCache(self) for _ in range(blocks)]

    def clear(self) -> None:
        """Frees the tensors now; the reference cycle between the cache and its blocks would delay that."""
        for block in self._blocks:
            block.keys = block.values = None

    def block(self, number: int) -> BlockKVCache:
        return self._blocks[number]
