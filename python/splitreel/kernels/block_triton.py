"""Triton kernels for a transformer block. Each program handles whole rows, so no program waits for another.

Statistics and arithmetic are in float32; only a kernel's result is rounded. The kernels need no autotuning: they are
memory-bound, and one row is enough work for a program.
"""

from __future__ import annotations

import triton
import triton.language as tl

FP8_MAX = tl.constexpr(448.0)  # the largest finite float8_e4m3fn


@triton.jit
def norm_modulate_kernel(
    tokens_ptr,
    branch_ptr,
    branch_bias_ptr,
    branch_modulation_ptr,
    modulation_ptr,
    weight_ptr,
    bias_ptr,
    tokens_out_ptr,
    normed_ptr,
    scales_ptr,
    text_tokens,
    row_tokens,
    width,
    eps,
    HAS_BRANCH: tl.constexpr,
    HAS_BRANCH_BIAS: tl.constexpr,
    HAS_NORM: tl.constexpr,
    QUANTIZE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One token: adds a gated branch to it, normalizes the sum, modulates it.

    A modulation row is [shift, scale, gate] for the image, then the same three for the text.
    """
    row = tl.program_id(0).to(tl.int64)
    batch = row // row_tokens
    is_text = (row % row_tokens) < text_tokens
    column = tl.arange(0, BLOCK)
    mask = column < width
    at = row * width + column
    own = batch * 6 * width + tl.where(is_text, 3 * width, 0) + column
    token = tl.load(tokens_ptr + at, mask=mask, other=0.0)
    if HAS_BRANCH:
        gate = tl.load(branch_modulation_ptr + own + 2 * width, mask=mask, other=0.0).to(tl.float32)
        branch = tl.load(branch_ptr + at, mask=mask, other=0.0).to(tl.float32)
        if HAS_BRANCH_BIAS:
            branch += tl.load(branch_bias_ptr + column, mask=mask, other=0.0).to(tl.float32)
        token = (token.to(tl.float32) + gate * branch).to(tokens_ptr.dtype.element_ty)
        tl.store(tokens_out_ptr + at, token, mask=mask)
    if HAS_NORM:
        value = token.to(tl.float32)
        mean = tl.sum(value, axis=0) / width
        centered = tl.where(mask, value - mean, 0.0)
        variance = tl.sum(centered * centered, axis=0) / width
        weight = tl.load(weight_ptr + column, mask=mask, other=0.0).to(tl.float32)
        bias = tl.load(bias_ptr + column, mask=mask, other=0.0).to(tl.float32)
        normed = centered / tl.sqrt(variance + eps) * weight + bias
        shift = tl.load(modulation_ptr + own, mask=mask, other=0.0).to(tl.float32)
        scale = tl.load(modulation_ptr + own + width, mask=mask, other=0.0).to(tl.float32)
        normed = normed * (1.0 + scale) + shift
        if QUANTIZE:
            amax = tl.max(tl.where(mask, tl.abs(normed), 0.0), axis=0)
            step = tl.maximum(amax, 1e-12) / FP8_MAX
            tl.store(scales_ptr + row, step)
            normed = normed / step
        tl.store(normed_ptr + at, normed.to(normed_ptr.dtype.element_ty), mask=mask)


@triton.jit(do_not_specialize=["first_part", "group_heads"])
def norm_rotate_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    q_linear_bias_ptr,
    k_linear_bias_ptr,
    v_linear_bias_ptr,
    q_weight_ptr,
    q_bias_ptr,
    k_weight_ptr,
    k_bias_ptr,
    cosine_ptr,
    sine_ptr,
    q_out_ptr,
    k_out_ptr,
    v_out_ptr,
    q_batch_stride,
    q_group_stride,
    q_token_stride,
    kv_batch_stride,
    kv_group_stride,
    kv_token_stride,
    text_tokens,
    row_tokens,
    heads,
    group_heads,
    q_eps,
    k_eps,
    first_part,
    HAS_QK_BIAS: tl.constexpr,
    HAS_V_BIAS: tl.constexpr,
    ROTATE: tl.constexpr,
    HEADS: tl.constexpr,
    WIDTH: tl.constexpr,
):
    """Some heads of one token's queries (part 0), keys (1) or values (2): adds the projection's bias, normalizes queries
    and keys by head, rotates those of image tokens, and writes each to its place.

    Heads are written in groups of `group_heads`, each group `*_group_stride` after the one before: one group for each
    destination of an exchange.
    """
    row = tl.program_id(0).to(tl.int64)
    part = first_part + tl.program_id(1)
    batch = row // row_tokens
    token = row % row_tokens
    head = tl.program_id(2) * HEADS + tl.arange(0, HEADS)
    column = tl.arange(0, WIDTH)
    mask = (head < heads)[:, None] & (column < WIDTH)[None, :]
    inner = head[:, None] * WIDTH + column[None, :]
    source = row * heads * WIDTH + inner
    within = (head % group_heads)[:, None] * WIDTH + column[None, :]
    group = (head // group_heads)[:, None]
    q_at = batch * q_batch_stride + token * q_token_stride + group * q_group_stride + within
    kv_at = batch * kv_batch_stride + token * kv_token_stride + group * kv_group_stride + within
    if part == 2:
        value = _load_projection(v_ptr, v_linear_bias_ptr, source, inner, mask, HAS_V_BIAS)
        tl.store(v_out_ptr + kv_at, value.to(v_out_ptr.dtype.element_ty), mask=mask)
    else:
        if part == 0:
            value = _load_projection(q_ptr, q_linear_bias_ptr, source, inner, mask, HAS_QK_BIAS)
            weight = tl.load(q_weight_ptr + column).to(tl.float32)
            bias = tl.load(q_bias_ptr + column).to(tl.float32)
            eps = q_eps
        else:
            value = _load_projection(k_ptr, k_linear_bias_ptr, source, inner, mask, HAS_QK_BIAS)
            weight = tl.load(k_weight_ptr + column).to(tl.float32)
            bias = tl.load(k_bias_ptr + column).to(tl.float32)
            eps = k_eps
        mean = tl.sum(value, axis=1) / WIDTH
        centered = value - mean[:, None]
        variance = tl.sum(centered * centered, axis=1) / WIDTH
        normed = centered / tl.sqrt(variance + eps)[:, None] * weight[None, :] + bias[None, :]
        if ROTATE:
            normed = _rotate(normed, cosine_ptr, sine_ptr, token - text_tokens, column, HEADS, WIDTH)
        if part == 0:
            tl.store(q_out_ptr + q_at, normed.to(q_out_ptr.dtype.element_ty), mask=mask)
        else:
            tl.store(k_out_ptr + kv_at, normed.to(k_out_ptr.dtype.element_ty), mask=mask)


@triton.jit
def _load_projection(ptr, bias_ptr, source, inner, mask, HAS_BIAS: tl.constexpr):
    """The output of a linear layer with its bias, in float32."""
    value = tl.load(ptr + source, mask=mask, other=0.0).to(tl.float32)
    if HAS_BIAS:
        value += tl.load(bias_ptr + inner, mask=mask, other=0.0).to(tl.float32)
    return value


@triton.jit
def _rotate(value, cosine_ptr, sine_ptr, image_token, column, HEADS: tl.constexpr, WIDTH: tl.constexpr):
    """Rotary embedding of [HEADS, WIDTH] values by neighboring pairs. Text has a negative `image_token` and stays."""
    is_image = column < tl.where(image_token >= 0, WIDTH, 0)
    table = image_token * WIDTH + column
    cosine = tl.load(cosine_ptr + table, mask=is_image, other=1.0).to(tl.float32)
    sine = tl.load(sine_ptr + table, mask=is_image, other=0.0).to(tl.float32)
    even, odd = tl.split(tl.reshape(value, (HEADS, WIDTH // 2, 2)))
    cosine_even, cosine_odd = tl.split(tl.reshape(cosine, (WIDTH // 2, 2)))
    sine_even, sine_odd = tl.split(tl.reshape(sine, (WIDTH // 2, 2)))
    rotated_even = even * cosine_even[None, :] - odd * sine_even[None, :]
    rotated_odd = odd * cosine_odd[None, :] + even * sine_odd[None, :]
    return tl.reshape(tl.join(rotated_even, rotated_odd), (HEADS, WIDTH))


@triton.jit
def merge_kernel(
    out_ptr,
    lse_ptr,
    part_ptr,
    part_lse_ptr,
    merged_ptr,
    part_batch_stride,
    part_token_stride,
    tokens,
    heads,
    HEADS: tl.constexpr,
    WIDTH: tl.constexpr,
):
    """Merges two attention results of one token over different keys, by their log-sum-exp (B, H, S)."""
    row = tl.program_id(0).to(tl.int64)
    batch = row // tokens
    token = row % tokens
    head = tl.arange(0, HEADS)
    column = tl.arange(0, WIDTH)
    has_head = head < heads
    mask = has_head[:, None] & (column < WIDTH)[None, :]
    lse_at = (batch * heads + head) * tokens + token
    lse = tl.load(lse_ptr + lse_at, mask=has_head, other=0.0)
    part_lse = tl.load(part_lse_ptr + lse_at, mask=has_head, other=0.0)
    inner = head[:, None] * WIDTH + column[None, :]
    at = row * heads * WIDTH + inner
    out = tl.load(out_ptr + at, mask=mask, other=0.0).to(tl.float32)
    part_at = batch * part_batch_stride + token * part_token_stride + inner
    part = tl.load(part_ptr + part_at, mask=mask, other=0.0).to(tl.float32)
    highest = tl.maximum(lse, part_lse)
    own, other = tl.exp(lse - highest), tl.exp(part_lse - highest)
    total = own + other
    merged = out * (own / total)[:, None] + part * (other / total)[:, None]
    tl.store(merged_ptr + at, merged.to(merged_ptr.dtype.element_ty), mask=mask)
    tl.store(lse_ptr + lse_at, highest + tl.log(total), mask=has_head)


@triton.jit
def gelu_kernel(
    rows_ptr,
    bias_ptr,
    out_ptr,
    scales_ptr,
    width,
    HAS_BIAS: tl.constexpr,
    GELU: tl.constexpr,
    QUANTIZE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """GELU (tanh) of one row, with the bias of the layer before it, or the row as it is; to float8 if asked for.

    Each float8 row has its own scale.
    """
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, BLOCK)
    mask = column < width
    value = tl.load(rows_ptr + row * width + column, mask=mask, other=0.0).to(tl.float32)
    if HAS_BIAS:
        value += tl.load(bias_ptr + column, mask=mask, other=0.0).to(tl.float32)
    if GELU:
        inner = 0.7978845608028654 * (value + 0.044715 * value * value * value)
        # 0.5 (1 + tanh(y)) = sigmoid(2 y)
        value = value * tl.sigmoid(2.0 * inner)
    if QUANTIZE:
        step = tl.maximum(tl.max(tl.where(mask, tl.abs(value), 0.0), axis=0), 1e-12) / FP8_MAX
        tl.store(scales_ptr + row, step)
        value = value / step
    tl.store(out_ptr + row * width + column, value.to(out_ptr.dtype.element_ty), mask=mask)
