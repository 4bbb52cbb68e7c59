"""A CogVideoX block in few passes over memory: between matrix products and attention, one kernel each.

Follows diffusers 0.42.1, models/transformers/cogvideox_transformer_3d.py (`CogVideoXBlock.forward`): the same
mathematics, rounded in fewer places. Text and image stay in one tensor. The sum that ends a block is taken by the
kernel that begins the next one. A bias is added by whichever kernel reads the product next: cuBLAS's products with a
bias are a tenth slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from splitreel.kernels.block_ops import add_branch, gelu, norm_modulate
from splitreel.kernels.block_values import Branch
from splitreel.models.cogvideox.fused_attention import BlockContext, attend, product, takes_quantized
from splitreel.parallel.kv_cache import BlockKVCache, KVCache

Tensor = torch.Tensor


@dataclass(slots=True)
class HiddenStates:
    """What one block passes to the next: tokens, and a branch still to be added to them.

    A block takes them out, so that no caller keeps their memory alive meanwhile.
    """

    tokens: Tensor | None
    branch: Branch | None = None

    def take(self) -> tuple[Tensor, Branch | None]:
        tokens, branch = self.tokens, self.branch
        assert tokens is not None
        self.tokens = self.branch = None
        return tokens, branch


def run_fused(
    blocks: Sequence[nn.Module], hidden: HiddenStates, context: BlockContext, kv_cache: KVCache | None
) -> Tensor:
    """Tokens (B, S, D) of this rank, text first, through the blocks that it holds. They must run `fused_forward`."""
    for number, block in enumerate(blocks):
        block(hidden, context, None if kv_cache is None else kv_cache.block(number))
    tokens, branch = hidden.take()
    return tokens if branch is None else add_branch(tokens, branch, context.text)


def fused_forward(block: Any, hidden: HiddenStates, context: BlockContext, kv_cache: BlockKVCache | None) -> None:
    """Replaces the block's own `forward`: takes the branch of the previous block and passes on that of this one."""
    first, second = block.ff.net[0].proj, block.ff.net[2]
    modulation = block.norm1.linear(context.condition)
    tokens, branch = hidden.take()
    tokens, normed = norm_modulate(
        tokens, branch, block.norm1.norm, modulation, context.text, quantize=takes_quantized(block.attn1.to_q)
    )
    del branch
    branch = Branch(attend(block.attn1, normed, context, kv_cache), modulation)
    del normed
    modulation = block.norm2.linear(context.condition)
    tokens, normed = norm_modulate(
        tokens, branch, block.norm2.norm, modulation, context.text, quantize=takes_quantized(first)
    )
    del branch
    wide = product(first, normed, context.dtype)
    del normed
    activated = gelu(wide, quantize=takes_quantized(second))
    del wide
    hidden.tokens, hidden.branch = tokens, Branch(product(second, activated, context.dtype), modulation)
