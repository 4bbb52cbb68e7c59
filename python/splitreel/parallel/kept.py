"""Keys and values of the whole sequence, kept from step to step: what PipeFusion attends to while parts of it are stale.

Fang et al., PipeFusion (arXiv 2405.14430), section 4: a patch renews its own and reads the others as the last step left
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(slots=True)
class KeptOfBlock:
    """One block's: (B, heads of this rank, all tokens, D) each."""

    owner: KeptKeys
    keys: torch.Tensor | None = None
    values: torch.Tensor | None = None

    def renew(self, k_BHSD: torch.Tensor, v_BHSD: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Takes in those of the present pack, in the order that its owner was told; returns all."""
        places = self.owner.places
        if self.keys is None or self.values is None:
            assert places.numel() == self.owner.tokens, "the first pack holds all tokens"
            shape = (*k_BHSD.shape[:2], self.owner.tokens, k_BHSD.shape[3])
            self.keys, self.values = k_BHSD.new_empty(shape), v_BHSD.new_empty(shape)
        self.keys.index_copy_(2, places, k_BHSD)
        self.values.index_copy_(2, places, v_BHSD)
        return self.keys, self.values


class KeptKeys:
    """Those of all blocks of a rank, for a sequence of `tokens`."""

    def __init__(self, tokens: int, blocks: int) -> None:
        self.tokens = tokens
        self.places = torch.empty(0, dtype=torch.long)
        self._blocks = [KeptOfBlock(self) for _ in range(blocks)]

    def forget(self) -> None:
        """Frees them. Blocks and their owner know each other, so nothing else would at once."""
        for block in self._blocks:
            block.keys = block.values = None

    def of_block(self, number: int) -> KeptOfBlock:
        return self._blocks[number]
