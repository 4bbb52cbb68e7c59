"""CogVideoX's VAE decoder over channels-last activations, with its norms, activations and upsampling in fused kernels.

Follows diffusers 0.42.1, models/autoencoders/autoencoder_kl_cogvideox.py (`CogVideoXDecoder3D.forward`): the same
mathematics, rounded in fewer places. Three things make it cheaper:

- Group statistics are one reduction over rows; torch's kernel takes a third of the decode.
- The spatial norm's two 1x1 convolutions of upsampled latents are taken before upsampling, which commutes with them.
- Each activation is written where the next convolution reads it, after the last two frames of the previous span.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.kernels import vae_torch
from splitreel.kernels import vae_triton as kernels
from splitreel.kernels.fallback import or_in_torch
from splitreel.kernels.vae_torch import Summed

Tensor = torch.Tensor

# Elements of a tile of rows: enough loads in flight, few enough registers.
_TILE = 8192
# cuDNN takes tensors up to this size whole; larger ones are split by diffusers' `CogVideoXSafeConv3d`.
_WHOLE_BYTES = 2 * 1024**3
_PROGRAMS = 264  # two for each multiprocessor of an H100; any number is right


def prepare(decoder: nn.Module) -> None:
    """Changes the layout of convolution weights to channels last. Their values stay the same."""
    for module in decoder.modules():
        if isinstance(module, nn.Conv3d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)
        elif isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)


class FusedDecoder:
    """Decodes one span of latent frames at a time: `decode(z, cache)` is `decoder(z, conv_cache=cache)`."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def decode(self, z_BCFHW: Tensor, cache: dict[str, Tensor] | None) -> tuple[Tensor, dict[str, Tensor]]:
        """One video's latents to pixels (1, 3, F, H, W), and the frames that the next span's convolutions start from.

        Empties `cache`, each tensor once it has been read: together they take as much as the span's own activations.
        """
        span = _Span(z_BCFHW[0].permute(1, 2, 3, 0).contiguous(), {} if cache is None else cache)
        return span.run(self._decoder).permute(3, 0, 1, 2).unsqueeze(0), span.left


class _Span:
    """One call of the decoder. Activations are (frames, height, width, channels), contiguous."""

    def __init__(self, z_THWC: Tensor, before: dict[str, Tensor]) -> None:
        self._z = z_THWC
        self._before = before
        self.left: dict[str, Tensor] = {}

    def run(self, decoder: Any) -> Tensor:
        behind, is_first = self._behind("conv_in", self._z)
        behind[2:] = self._z
        if is_first:
            behind[:2] = self._z[0]
        x, bias = self._convolve("conv_in", decoder.conv_in, behind)
        state = _summed(x if bias is None else x + bias)
        for number, resnet in enumerate(decoder.mid_block.resnets):
            state = self._resnet(f"mid.{number}", resnet, state)
        for level, block in enumerate(decoder.up_blocks):
            for number, resnet in enumerate(block.resnets):
                state = self._resnet(f"up.{level}.{number}", resnet, state)
            for upsampler in block.upsamplers or ():
                state = _summed(_upsample(upsampler, state.x))
        pixels, bias = self._convolve("conv_out", decoder.conv_out, self._normed("conv_out", decoder.norm_out, state))
        return pixels if bias is None else pixels + bias

    def _resnet(self, name: str, resnet: Any, state: Summed) -> Summed:
        inner = _summed(*self._convolve(f"{name}.1", resnet.conv1, self._normed(f"{name}.1", resnet.norm1, state)))
        out, bias = self._convolve(f"{name}.2", resnet.conv2, self._normed(f"{name}.2", resnet.norm2, inner))
        shortcut = state.x
        if resnet.in_channels != resnet.out_channels:
            shortcut = F.linear(shortcut, resnet.conv_shortcut.weight.flatten(1), resnet.conv_shortcut.bias)
        return _summed(out, bias, shortcut)

    def _convolve(self, name: str, causal: Any, behind: Tensor) -> tuple[Tensor, Tensor | None]:
        """`behind`: the two preceding frames, then the input. Returns the result, and a bias still to be added to it."""
        self.left[name] = behind[-2:].clone()
        conv, x = causal.conv, behind.permute(3, 0, 1, 2).unsqueeze(0)
        bias = None
        if x.numel() * x.element_size() <= _WHOLE_BYTES:
            out, bias = F.conv3d(x, conv.weight, None, conv.stride, conv.padding), conv.bias
        else:
            out = conv(x)
        return out[0].permute(1, 2, 3, 0).contiguous(), bias

    def _behind(self, name: str, like: Tensor) -> tuple[Tensor, bool]:
        """A buffer for an activation after its two preceding frames, those of the last span; and whether there is none."""
        behind = like.new_empty((like.shape[0] + 2, *like.shape[1:]))
        before = self._before.pop(name, None)
        if before is not None:
            behind[:2] = before
        return behind, before is None

    def _normed(self, name: str, norm: Any, state: Summed) -> Tensor:
        """The two preceding frames, then the spatial norm and SiLU of the activations."""
        latents = F.linear(
            self._z,
            torch.cat((norm.conv_y.conv.weight, norm.conv_b.conv.weight)).flatten(1),
            torch.cat((norm.conv_y.conv.bias, norm.conv_b.conv.bias)),
        )
        behind, is_first = self._behind(name, state.x)
        _spatial_norm_silu(state.x, _group_affine(state, norm.norm_layer), latents, behind[2:])
        if is_first:
            behind[:2] = behind[2]
        return behind


@or_in_torch(vae_torch.summed)
def _summed(x_THWC: Tensor, bias: Tensor | None = None, other: Tensor | None = None) -> Summed:
    """x + bias with its sums by channel; with `other`, x + bias + other, in place of x."""
    channels = x_THWC.shape[-1]
    rows = x_THWC.numel() // channels
    block = _TILE // channels
    program_rows = -(-rows // (_PROGRAMS * block)) * block
    programs = -(-rows // program_rows)
    partial = torch.empty((programs, 2, channels), dtype=torch.float32, device=x_THWC.device)
    kernels.add_sums_kernel[(programs,)](
        x_THWC, x_THWC if bias is None else bias, x_THWC if other is None else other, x_THWC, partial,
        rows, program_rows, HAS_BIAS=bias is not None, HAS_OTHER=other is not None, CHANNELS=channels, BLOCK=block, num_warps=8,
    )  # fmt: skip
    return Summed(x_THWC, partial, bias if other is None else None)


@or_in_torch(vae_torch.group_affine)
def _group_affine(state: Summed, group: nn.GroupNorm) -> Tensor:
    """The group norm as a factor and a summand for each channel: (2, C) in float32."""
    channels = state.x.shape[-1]
    affine = torch.empty((2, channels), dtype=torch.float32, device=state.x.device)
    kernels.group_affine_kernel[(group.num_groups,)](
        state.partial, group.weight, group.bias, group.weight if state.bias is None else state.bias, affine,
        state.partial.shape[0], state.x.numel() // channels, group.eps, HAS_BIAS=state.bias is not None,
        CHANNELS=channels, GROUP=channels // group.num_groups, BLOCK=64,
    )  # fmt: skip
    return affine


@or_in_torch(vae_torch.spatial_norm_silu)
def _spatial_norm_silu(x_THWC: Tensor, affine: Tensor, latents_THWC: Tensor, out_THWC: Tensor) -> None:
    """silu((x * factor + summand) * y + b), where y and b come from the nearest of `latents` (T, H, W, 2 C)."""
    frames, height, width, channels = x_THWC.shape
    rows, block = frames * height * width, _TILE // channels
    latent_frames, latent_height, latent_width, _ = latents_THWC.shape
    kernels.spatial_norm_silu_kernel[(-(-rows // block),)](
        x_THWC, affine, latents_THWC, out_THWC, rows, height, width, frames,
        latent_frames, latent_height, latent_width,
        ODD=frames > 1 and frames % 2 == 1, CHANNELS=channels, BLOCK=block, num_warps=8,
    )  # fmt: skip


def _upsample(upsampler: Any, x_THWC: Tensor) -> Tensor:
    is_doubled = bool(upsampler.compress_time) and x_THWC.shape[0] > 1
    convolved: Tensor = upsampler.conv(_enlarged(x_THWC, is_doubled=is_doubled).permute(0, 3, 1, 2))
    return convolved.permute(0, 2, 3, 1).contiguous()


@or_in_torch(vae_torch.enlarged)
def _enlarged(x_THWC: Tensor, *, is_doubled: bool) -> Tensor:
    """Twice the height and width, and with `is_doubled` twice the frames, except for the first of an odd number."""
    frames, height, width, channels = x_THWC.shape
    out_frames = 2 * frames - frames % 2 if is_doubled else frames
    out = x_THWC.new_empty((out_frames, 2 * height, 2 * width, channels))
    rows, block = out.numel() // channels, _TILE // channels
    kernels.upsample_kernel[(-(-rows // block),)](
        x_THWC, out, rows, 2 * height, 2 * width,
        DOUBLE_TIME=is_doubled, ODD=frames % 2 == 1, CHANNELS=channels, BLOCK=block, num_warps=8,
    )  # fmt: skip
    return out
