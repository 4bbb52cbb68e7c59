"""Triton kernels for the VAE's decoder, over channels-last rows: (frames * height * width, channels)."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def channel_sums_kernel(
    rows_ptr,
    bias_ptr,
    other_ptr,
    out_ptr,
    partial_ptr,
    rows,
    program_rows,
    HAS_BIAS: tl.constexpr,
    HAS_OTHER: tl.constexpr,
    CHANNELS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Sums and sums of squares by channel over this program's rows, with the bias of the convolution before them.

    Adds `other` too, if there is one; only then are the rows written.
    """
    program = tl.program_id(0).to(tl.int64)
    channel = tl.arange(0, CHANNELS)
    total = tl.zeros((CHANNELS,), tl.float32)
    squares = tl.zeros((CHANNELS,), tl.float32)
    bias = tl.zeros((CHANNELS,), tl.float32)
    if HAS_BIAS:
        bias = tl.load(bias_ptr + channel).to(tl.float32)
    start = program * program_rows
    for offset in range(0, program_rows, BLOCK):
        row = start + offset + tl.arange(0, BLOCK)
        mask = (row < rows)[:, None] & (channel < CHANNELS)[None, :]
        at = row[:, None] * CHANNELS + channel[None, :]
        real = tl.load(rows_ptr + at, mask=mask, other=0.0).to(tl.float32) + bias[None, :]
        if HAS_OTHER:
            other = tl.load(other_ptr + at, mask=mask, other=0.0)
            value = (real + other.to(tl.float32)).to(out_ptr.dtype.element_ty)
            tl.store(out_ptr + at, value, mask=mask)
            real = value.to(tl.float32)
        real = tl.where(mask, real, 0.0)
        total += tl.sum(real, axis=0)
        squares += tl.sum(real * real, axis=0)
    tl.store(partial_ptr + program * 2 * CHANNELS + channel, total)
    tl.store(partial_ptr + program * 2 * CHANNELS + CHANNELS + channel, squares)


@triton.jit
def group_affine_kernel(
    partial_ptr,
    weight_ptr,
    bias_ptr,
    convolution_bias_ptr,
    affine_ptr,
    programs,
    rows,
    eps,
    HAS_BIAS: tl.constexpr,
    CHANNELS: tl.constexpr,
    GROUP: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One group's norm as a factor and a summand for each of its channels: (2, channels) in float32.

    The summand includes the previous convolution's bias, which the rows don't contain yet.
    """
    group = tl.program_id(0)
    channel = group * GROUP + tl.arange(0, GROUP)
    total = tl.zeros((GROUP,), tl.float32)
    squares = tl.zeros((GROUP,), tl.float32)
    for start in range(0, programs, BLOCK):
        program = start + tl.arange(0, BLOCK)
        mask = (program < programs)[:, None] & (channel < CHANNELS)[None, :]
        at = program[:, None] * 2 * CHANNELS + channel[None, :]
        total += tl.sum(tl.load(partial_ptr + at, mask=mask, other=0.0), axis=0)
        squares += tl.sum(tl.load(partial_ptr + at + CHANNELS, mask=mask, other=0.0), axis=0)
    count = rows * 1.0 * GROUP
    mean = tl.sum(total, axis=0) / count
    variance = tl.maximum(tl.sum(squares, axis=0) / count - mean * mean, 0.0)
    factor = tl.load(weight_ptr + channel).to(tl.float32) / tl.sqrt(variance + eps)
    summand = tl.load(bias_ptr + channel).to(tl.float32) - mean * factor
    if HAS_BIAS:
        summand += factor * tl.load(convolution_bias_ptr + channel).to(tl.float32)
    tl.store(affine_ptr + channel, factor)
    tl.store(affine_ptr + CHANNELS + channel, summand)


@triton.jit
def spatial_norm_silu_kernel(
    rows_ptr,
    affine_ptr,
    latent_ptr,
    out_ptr,
    rows,
    height,
    width,
    frames,
    latent_frames,
    latent_height,
    latent_width,
    ODD: tl.constexpr,
    CHANNELS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """silu((x * factor + summand) * y + b), where y and b (latent rows, 2 * channels) come from the nearest latent.

    ODD: the first frame has its own latent frame, as in `CogVideoXSpatialNorm3D`.
    """
    row = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    channel = tl.arange(0, CHANNELS)
    mask = (row < rows)[:, None] & (channel < CHANNELS)[None, :]
    frame = row // (height * width)
    y = row // width % height
    x = row % width
    if ODD:
        later = 1 + (frame - 1) * (latent_frames - 1) // tl.maximum(frames - 1, 1)
        latent_frame = tl.where(frame == 0, 0, later)
    else:
        latent_frame = frame * latent_frames // frames
    latent_row = (latent_frame * latent_height + y * latent_height // height) * latent_width + x * latent_width // width
    at = row[:, None] * CHANNELS + channel[None, :]
    latent_at = latent_row[:, None] * 2 * CHANNELS + channel[None, :]
    value = tl.load(rows_ptr + at, mask=mask, other=0.0).to(tl.float32)
    factor = tl.load(affine_ptr + channel)
    summand = tl.load(affine_ptr + CHANNELS + channel)
    scale = tl.load(latent_ptr + latent_at, mask=mask, other=0.0).to(tl.float32)
    shift = tl.load(latent_ptr + latent_at + CHANNELS, mask=mask, other=0.0).to(tl.float32)
    value = (value * factor[None, :] + summand[None, :]) * scale + shift
    value = value * tl.sigmoid(value)
    tl.store(out_ptr + at, value.to(out_ptr.dtype.element_ty), mask=mask)


@triton.jit
def upsample_kernel(
    rows_ptr,
    out_ptr,
    rows,
    height,
    width,
    DOUBLE_TIME: tl.constexpr,
    ODD: tl.constexpr,
    CHANNELS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Nearest neighbor, twice the height and width (those of the result are given), and twice the frames if asked for.

    ODD: the first frame is not doubled in time, as in `CogVideoXUpsample3D`.
    """
    row = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    channel = tl.arange(0, CHANNELS)
    mask = (row < rows)[:, None] & (channel < CHANNELS)[None, :]
    frame = row // (height * width)
    y = row // width % height
    x = row % width
    if DOUBLE_TIME:
        frame = (frame + 1) // 2 if ODD else frame // 2
    source = (frame * (height // 2) + y // 2) * (width // 2) + x // 2
    value = tl.load(rows_ptr + source[:, None] * CHANNELS + channel[None, :], mask=mask, other=0.0)
    tl.store(out_ptr + row[:, None] * CHANNELS + channel[None, :], value, mask=mask)
