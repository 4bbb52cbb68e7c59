"""What a transformer block computes besides attention, in few passes over memory: launches the kernels of `block_triton`.

Shapes: B batch, S tokens of this rank (text first), D width of a token, H heads, W width of a head.
"""

from __future__ import annotations

import torch
from torch import nn

from splitreel.kernels import block_torch
from splitreel.kernels import block_triton as kernels
from splitreel.kernels.block_values import Branch, HeadsOut, Product, Rotary, Rows
from splitreel.kernels.fallback import torch_fallback
from splitreel.kernels.float8 import FLOAT8, Quantized

Tensor = torch.Tensor


def add_branch(tokens: Tensor, branch: Branch, text: int) -> Tensor:
    """Tokens (B, S, D), the first `text` of them text, after the last block."""
    return _norm_modulate(tokens, branch, None, None, text, quantize=False)[0]


def norm_modulate(
    tokens: Tensor, branch: Branch | None, norm: nn.LayerNorm, modulation: Tensor, text: int, *, quantize: bool = False
) -> tuple[Tensor, Rows]:
    """The tokens with the branch added, and their norm under the modulation (B, 6 D) of what comes next."""
    tokens, normed, scales = _norm_modulate(tokens, branch, norm, modulation, text, quantize=quantize)
    return tokens, Quantized(normed, scales) if quantize else normed


@torch_fallback(block_torch.norm_modulate)
def _norm_modulate(
    tokens: Tensor,
    branch: Branch | None,
    norm: nn.LayerNorm | None,
    modulation: Tensor | None,
    text: int,
    *,
    quantize: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    batch, count, width = tokens.shape
    normed = scales = tokens
    if norm is not None:
        normed = torch.empty_like(tokens, dtype=FLOAT8 if quantize else tokens.dtype)
        scales = tokens.new_empty((batch * count, 1), dtype=torch.float32) if quantize else tokens
    summed = tokens if branch is None else torch.empty_like(tokens)
    bias = None if branch is None else branch.product.bias
    kernels.norm_modulate_kernel[(batch * count,)](
        tokens,
        tokens if branch is None else branch.product.values,
        tokens if bias is None else bias,
        tokens if branch is None else branch.modulation,
        tokens if modulation is None else modulation,
        tokens if norm is None else norm.weight,
        tokens if norm is None else norm.bias,
        summed,
        normed,
        scales,
        text,
        count,
        width,
        0.0 if norm is None else norm.eps,
        HAS_BRANCH=branch is not None,
        HAS_BRANCH_BIAS=bias is not None,
        HAS_NORM=norm is not None,
        QUANTIZE=quantize,
        BLOCK=_power(width),
        num_warps=8,
    )
    return summed, normed, scales


def norm_rotate(
    q: Product,
    k: Product,
    v: Product,
    norm_q: nn.LayerNorm,
    norm_k: nn.LayerNorm,
    rotary: Rotary | None,
    text: int,
    out: HeadsOut,
) -> None:
    """Projections (B, S, D) to queries, keys and values for attention. `out` may be the projections' own memory.

    Normalizes queries and keys by head, and rotates those of image tokens: `rotary` is (S - text, W) twice.
    """
    # Values without a bias that stay in place need no pass.
    parts = 2 if v.bias is None and out.v.data_ptr() == v.values.data_ptr() else 3
    _norm_rotate((q, k, v), (norm_q, norm_k), rotary, text, out, range(parts))


def make_heads(
    x: Product, norm: nn.LayerNorm, rotary: Rotary | None, text: int, out_GBSHW: Tensor, *, are_values: bool
) -> None:
    """Like `norm_rotate`, for one projection. `out_GBSHW`: as in `HeadsOut`. Values only get their bias added."""
    out = HeadsOut(out_GBSHW, out_GBSHW, out_GBSHW)
    parts = range(2, 3) if are_values else range(1)
    _norm_rotate((x, x, x), (norm, norm), rotary, text, out, parts)


@torch_fallback(block_torch.norm_rotate)
def _norm_rotate(
    qkv: tuple[Product, Product, Product],
    norms: tuple[nn.LayerNorm, nn.LayerNorm],
    rotary: Rotary | None,
    text: int,
    out: HeadsOut,
    parts: range,
) -> None:
    """`parts`: which of queries (0), keys (1) and values (2) to make."""
    q, k, v = qkv
    batch, count, width = q.values.shape
    head_width = norms[0].normalized_shape[0]
    heads = width // head_width
    block = 16
    kernels.norm_rotate_kernel[(batch * count, len(parts), -(-heads // block))](
        q.values,
        k.values,
        v.values,
        q.values if q.bias is None else q.bias,
        k.values if k.bias is None else k.bias,
        v.values if v.bias is None else v.bias,
        norms[0].weight,
        norms[0].bias,
        norms[1].weight,
        norms[1].bias,
        q.values if rotary is None else rotary[0],
        q.values if rotary is None else rotary[1],
        out.q,
        out.k,
        out.v,
        *_strides(out.q),
        *_strides(out.k),
        text,
        count,
        heads,
        out.group_heads,
        norms[0].eps,
        norms[1].eps,
        parts.start,
        HAS_QK_BIAS=q.bias is not None,
        HAS_V_BIAS=v.bias is not None,
        ROTATE=rotary is not None,
        HEADS=block,
        WIDTH=head_width,
        num_warps=2,
    )


def _strides(out_GBSHW: Tensor) -> tuple[int, int, int]:
    """Strides of batch, group and token."""
    return out_GBSHW.stride(1), out_GBSHW.stride(0), out_GBSHW.stride(2)


def gelu(hidden: Product, *, quantize: bool = False) -> Rows:
    """GELU (tanh), in place unless the result is quantized."""
    return _activate_rows(hidden.values, hidden.bias, is_gelu=True, quantize=quantize)


def quantize(rows: Tensor) -> Quantized:
    quantized = _activate_rows(rows, None, is_gelu=False, quantize=True)
    assert isinstance(quantized, Quantized)
    return quantized


@torch_fallback(block_torch.activate_rows)
def _activate_rows(rows: Tensor, bias: Tensor | None, *, is_gelu: bool, quantize: bool) -> Rows:
    width = rows.shape[-1]
    count = rows.numel() // width
    out = torch.empty_like(rows, dtype=FLOAT8) if quantize else rows
    scales = rows.new_empty((count, 1), dtype=torch.float32) if quantize else rows
    kernels.gelu_kernel[(count,)](
        rows,
        rows if bias is None else bias,
        out,
        scales,
        width,
        HAS_BIAS=bias is not None,
        GELU=is_gelu,
        QUANTIZE=quantize,
        BLOCK=_power(width),
        num_warps=16 if width > 4096 else 8,
    )
    return Quantized(out, scales) if quantize else out


@torch_fallback(block_torch.merge)
def merge(out: Tensor, lse: Tensor, part: Tensor, part_lse: Tensor, merged: Tensor) -> None:
    """Merges attention (B, S, H, W) over some keys with a part over others, into `merged`. Updates `lse` (B, H, S)."""
    batch, count, heads, width = out.shape
    part = part if part[0, 0].is_contiguous() else part.contiguous()
    kernels.merge_kernel[(batch * count,)](
        out,
        lse,
        part,
        part_lse,
        merged,
        part.stride(0),
        part.stride(1),
        count,
        heads,
        HEADS=_power(heads),
        WIDTH=width,
        num_warps=4,
    )


def _power(number: int) -> int:
    """The smallest power of two that is at least `number`."""
    return 1 << (number - 1).bit_length()
