"""The operations of `block_ops` in torch, as diffusers computes them: what kernels are compared with, and their substitute.

Follows diffusers 0.42.1, models/transformers/cogvideox_transformer_3d.py and models/embeddings.py (apply_rotary_emb).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.kernels.block_values import Branch, HeadsOut, Product, Rotary, Rows
from splitreel.kernels.float8 import quantize_rows

Tensor = torch.Tensor


def norm_modulate(
    tokens: Tensor,
    branch: Branch | None,
    norm: nn.LayerNorm | None,
    modulation: Tensor | None,
    text: int,
    *,
    quantize: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """The tokens with the branch added, their modulated norm, and the scales of its rows if it is in float8."""
    if branch is not None:
        gate = _by_token(branch.modulation, 2, text, tokens.shape[1])
        tokens = tokens + gate * branch.product.sum()
    if norm is None or modulation is None:
        return tokens, tokens, tokens
    shift, scale = (_by_token(modulation, part, text, tokens.shape[1]) for part in (0, 1))
    normed = norm(tokens) * (1 + scale) + shift
    if not quantize:
        return tokens, normed, tokens
    rows = quantize_rows(normed)
    return tokens, rows.values, rows.scales


def _by_token(modulation: Tensor, part: int, text: int, count: int) -> Tensor:
    """One of [shift, scale, gate] for each token: those for the image come first in `modulation`, then those for text."""
    six = modulation.chunk(6, dim=1)
    is_text = (torch.arange(count, device=modulation.device) < text)[None, :, None]
    return torch.where(is_text, six[3 + part][:, None], six[part][:, None])


def norm_rotate(
    qkv: tuple[Product, Product, Product],
    norms: tuple[nn.LayerNorm, nn.LayerNorm],
    rotary: Rotary | None,
    text: int,
    out: HeadsOut,
    parts: range,
) -> None:
    """`parts`: of queries (0), keys (1) and values (2), those to make."""
    for part in parts:
        target = (out.q, out.k, out.v)[part]
        by_head = qkv[part].sum().view(*qkv[part].values.shape[:2], -1, target.shape[-1])
        if part < len(norms):
            by_head = norms[part](by_head)
            by_head = by_head if rotary is None else rotate(by_head, rotary, text)
        # Complete before it is written: the target may be the memory of the same input.
        by_group = by_head.reshape(*by_head.shape[:2], -1, out.group_heads, by_head.shape[-1])
        target.copy_(by_group.permute(2, 0, 1, 3, 4))


def rotate(x_BSHW: Tensor, rotary: Rotary, text: int) -> Tensor:
    """Rotary positions for the image tokens, which follow `text` tokens."""
    cosine, sine = (table[:, None].float() for table in rotary)
    image = x_BSHW[:, text:]
    real, imaginary = image.reshape(*image.shape[:-1], -1, 2).unbind(-1)
    turned = torch.stack((-imaginary, real), dim=-1).flatten(-2)
    rotated = (image.float() * cosine + turned.float() * sine).to(x_BSHW.dtype)
    return torch.cat((x_BSHW[:, :text], rotated), dim=1)


def activate_rows(rows: Tensor, bias: Tensor | None, *, is_gelu: bool, quantize: bool) -> Rows:
    values = Product(rows, bias).sum()
    values = F.gelu(values, approximate="tanh") if is_gelu else values
    return quantize_rows(values) if quantize else values


def merge(out: Tensor, lse: Tensor, part: Tensor, part_lse: Tensor, merged: Tensor) -> None:
    share = torch.sigmoid(part_lse - lse).transpose(1, 2).unsqueeze(-1)
    merged.copy_(torch.lerp(out.float(), part.float(), share))
    lse.copy_(torch.logaddexp(lse, part_lse))
