"""A CogVideoX block in few passes over memory: between matrix products and attention, one kernel each.

Follows diffusers 0.42.1, models/transformers/cogvideox_transformer_3d.py (`CogVideoXBlock.forward`): the same
mathematics, rounded in fewer places. Text and image stay in one tensor. The sum that ends a block is taken by the
kernel that begins the next one. A bias is added by whichever kernel reads the product next: cuBLAS's products with a
bias are a tenth slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from splitreel.kernels.block_ops import add_branch, gelu, norm_modulate
from splitreel.kernels.block_values import Branch
from splitreel.models.cogvideox.fused_attention import BlockContext, attend, product, takes_quantized
from splitreel.parallel.kv_cache import BlockKVCache, KVCache

Tensor = torch.Tensor


def run_fused(blocks: Sequence[nn.Module], tokens: Tensor, context: BlockContext, kv_cache: KVCache | None) -> Tensor:
    """Tokens (B, S, D) of this rank, text first, through the blocks that it holds. They must run `fused_forward`."""
    branch: Branch | None = None
    for number, block in enumerate(blocks):
        tokens, branch = block(tokens, branch, context, None if kv_cache is None else kv_cache.block(number))
    return tokens if branch is None else add_branch(tokens, branch, context.text)


def fused_forward(
    block: Any, tokens: Tensor, branch: Branch | None, context: BlockContext, kv_cache: BlockKVCache | None
) -> tuple[Tensor, Branch]:
    """Replaces the block's own `forward`: takes the branch of the previous block and returns that of this one."""
    first, second = block.ff.net[0].proj, block.ff.net[2]
    modulation = block.norm1.linear(context.condition)
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
    hidden = gelu(product(first, normed, context.dtype), quantize=takes_quantized(second))
    del normed
    return tokens, Branch(product(second, hidden, context.dtype), modulation)
