"""The measured peak throughput of the device, and the arithmetic of one step."""

from __future__ import annotations

import statistics
import time

import torch

from splitreel.bench.synthetic_model import SyntheticModel
from splitreel.bench.world import RankContext

_SIDE = 8192
_REPEATS = 20


def matmul_flops_per_s(context: RankContext, side: int = _SIDE) -> float:
    """Throughput of a square matmul, in bf16 on CUDA and fp32 on the CPU: the median of several runs."""
    dtype = torch.bfloat16 if context.device.type == "cuda" else torch.float32
    a, b = torch.randn(2, side, side, device=context.device).to(dtype)
    seconds = []
    for _ in range(_REPEATS + 3):
        began = time.perf_counter()
        torch.matmul(a, b)
        if context.device.type == "cuda":
            torch.cuda.synchronize(context.device)
        seconds.append(time.perf_counter() - began)
    # The first runs choose an algorithm and raise the clock.
    return 2 * side**3 / statistics.median(seconds[3:])


def step_flops(model: SyntheticModel, width: int, height: int, frames: int, batch: int) -> float:
    """Operations of one denoising step in all blocks; a multiply-add counts as two.

    A block's linear layers hold 12 D^2 weights (4 D^2 in attention, 8 D^2 in the feed-forward part), and attention
    multiplies twice S x S x D. The rest (norms, patches, timestep) is below 1 % at full size.
    """
    compression = 2 ** (len(model.vae_channels) - 1) * 2  # of the VAE, then of patches of 2
    latent_frames = (frames - 1) // 4 + 1
    latent_frames = -(-latent_frames // (model.patch_size_t or 1))
    tokens = model.text_tokens + latent_frames * (height // compression) * (width // compression)
    linear = 2 * 12 * model.width**2 * tokens
    attention = 4 * tokens**2 * model.width
    return float(batch * model.blocks * (linear + attention))
