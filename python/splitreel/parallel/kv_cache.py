"""Keys and values of the whole sequence, cached from step to step: what PipeFusion's patches attend to.

Fang et al., PipeFusion (arXiv 2405.14430), section 4: a patch updates its own keys and values and reads the others as
the last step left them.
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

    def update(self, k_BHSD: torch.Tensor, v_BHSD: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Stores those of the current tokens at the owner's `positions`; returns those of all tokens."""
        positions = self.owner.positions
        if self.keys is None or self.values is None:
            assert positions.numel() == self.owner.tokens, "the first update covers all tokens"
            shape = (*k_BHSD.shape[:2], self.owner.tokens, k_BHSD.shape[3])
            self.keys, self.values = k_BHSD.new_empty(shape), v_BHSD.new_empty(shape)
        self.keys.index_copy_(2, positions, k_BHSD)
        self.values.index_copy_(2, positions, v_BHSD)
        return self.keys, self.values


class KVCache:
    """The caches of all blocks on a rank, for a sequence of `tokens`.

    `positions` (int64) says where the tokens being computed are in the sequence; set it before each pass.
    """

    def __init__(self, tokens: int, blocks: int) -> None:
        self.tokens = tokens
        self.positions = torch.empty(0, dtype=torch.long)
        self._blocks = [BlockKVCache(self) for _ in range(blocks)]

    def clear(self) -> None:
        """Frees the tensors now. The reference cycle between cache and blocks would delay that."""
        for block in self._blocks:
            block.keys = block.values = None

    def block(self, number: int) -> BlockKVCache:
        return self._blocks[number]
