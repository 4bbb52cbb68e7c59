"""The kernels of `vae_decoder` in torch: what runs if one of them fails. Activations are (T, H, W, C)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

Tensor = torch.Tensor


@dataclass(frozen=True, slots=True)
class NormInput:
    """Activations (T, H, W, C) for a group norm, with a bias still to be added.

    `partial_sums`: (parts, 2, C) in float32, the sums and sums of squares by channel, bias included.
    """

    x: Tensor
    partial_sums: Tensor
    bias: Tensor | None = None


def channel_sums(x_THWC: Tensor, bias: Tensor | None = None, other: Tensor | None = None) -> NormInput:
    real = x_THWC.float() if bias is None else x_THWC.float() + bias.float()
    if other is not None:
        x_THWC.copy_(real + other.float())
        real = x_THWC.float()
    rows = real.flatten(0, 2)
    partial_sums = torch.stack((rows.sum(0), rows.square().sum(0)))[None]
    return NormInput(x_THWC, partial_sums, bias if other is None else None)


def group_affine(state: NormInput, group: nn.GroupNorm) -> Tensor:
    rows, channels = state.x.numel() // state.x.shape[-1], state.x.shape[-1]
    per_group = channels // group.num_groups
    total, squares = state.partial_sums.sum(0).view(2, group.num_groups, per_group).sum(2) / (rows * per_group)
    variance = (squares - total.square()).clamp_min(0)
    factor = group.weight.float() / (variance + group.eps).sqrt().repeat_interleave(per_group)
    summand = group.bias.float() - total.repeat_interleave(per_group) * factor
    if state.bias is not None:
        summand = summand + factor * state.bias.float()
    return torch.stack((factor, summand))


def spatial_norm_silu(x_THWC: Tensor, affine: Tensor, latents_THWC: Tensor, out_THWC: Tensor) -> None:
    frame, row, column = (
        torch.arange(count, device=x_THWC.device) * latents // count
        for count, latents in zip(x_THWC.shape[:3], latents_THWC.shape[:3], strict=True)
    )
    frames, latent_frames = len(x_THWC), len(latents_THWC)
    if frames > 1 and frames % 2 == 1:
        # The first frame has its own latent, as in `CogVideoXSpatialNorm3D`.
        later = torch.arange(frames - 1, device=x_THWC.device) * (latent_frames - 1) // (frames - 1)
        frame = torch.cat((frame[:1], 1 + later))
    for number, latent in enumerate(frame):
        scale, shift = latents_THWC[latent][row][:, column].float().chunk(2, dim=-1)
        out_THWC[number] = F.silu((x_THWC[number].float() * affine[0] + affine[1]) * scale + shift)


def upsampled(x_THWC: Tensor, *, is_doubled: bool) -> Tensor:
    frames = len(x_THWC)
    if is_doubled:
        odd = frames % 2
        x_THWC = torch.cat((x_THWC[:odd], x_THWC[odd:].repeat_interleave(2, dim=0)))
    return x_THWC.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
