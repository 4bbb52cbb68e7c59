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
from splitreel.kernels.fallback import torch_fallback
from splitreel.kernels.vae_torch import NormInput

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
        return span.run(self._decoder).permute(3, 0, 1, 2).unsqueeze(0), span.new_cache


class _Span:
    """One call of the decoder. Activations are (frames, height, width, channels), contiguous."""

    def __init__(self, z_THWC: Tensor, cache: dict[str, Tensor]) -> None:
        self._z = z_THWC
        self._cache = cache
        self.new_cache: dict[str, Tensor] = {}

    def run(self, decoder: Any) -> Tensor:
        padded, is_first = self._causal_input("conv_in", self._z)
        padded[2:] = self._z
        if is_first:
            padded[:2] = self._z[0]
        x, bias = self._convolve("conv_in", decoder.conv_in, padded)
        state = _channel_sums(x if bias is None else x + bias)
        for number, resnet in enumerate(decoder.mid_block.resnets):
            state = self._resnet(f"mid.{number}", resnet, state)
        for level, block in enumerate(decoder.up_blocks):
            for number, resnet in enumerate(block.resnets):
                state = self._resnet(f"up.{level}.{number}", resnet, state)
            for upsampler in block.upsamplers or ():
                state = _channel_sums(_upsample(upsampler, state.x))
        pixels, bias = self._convolve("conv_out", decoder.conv_out, self._normed("conv_out", decoder.norm_out, state))
        return pixels if bias is None else pixels + bias

    def _resnet(self, name: str, resnet: Any, state: NormInput) -> NormInput:
        inner = _channel_sums(
            *self._convolve(f"{name}.1", resnet.conv1, self._normed(f"{name}.1", resnet.norm1, state))
        )
        out, bias = self._convolve(f"{name}.2", resnet.conv2, self._normed(f"{name}.2", resnet.norm2, inner))
        shortcut = state.x
        if resnet.in_channels != resnet.out_channels:
            shortcut = F.linear(shortcut, resnet.conv_shortcut.weight.flatten(1), resnet.conv_shortcut.bias)
        return _channel_sums(out, bias, shortcut)

    def _convolve(self, name: str, causal: Any, padded: Tensor) -> tuple[Tensor, Tensor | None]:
        """`padded`: the two preceding frames, then the input. Returns the result, and a bias still to be added to it."""
        self.new_cache[name] = padded[-2:].clone()
        conv, x = causal.conv, padded.permute(3, 0, 1, 2).unsqueeze(0)
        bias = None
        if x.numel() * x.element_size() <= _WHOLE_BYTES:
            out, bias = F.conv3d(x, conv.weight, None, conv.stride, conv.padding), conv.bias
        else:
            out = conv(x)
        return out[0].permute(1, 2, 3, 0).contiguous(), bias

    def _causal_input(self, name: str, like: Tensor) -> tuple[Tensor, bool]:
        """A buffer for an activation after its two preceding frames, those of the last span; and whether there is none."""
        padded = like.new_empty((like.shape[0] + 2, *like.shape[1:]))
        before = self._cache.pop(name, None)
        if before is not None:
            padded[:2] = before
        return padded, before is None

    def _normed(self, name: str, norm: Any, state: NormInput) -> Tensor:
        """The two preceding frames, then the spatial norm and SiLU of the activations."""
        latents = F.linear(
            self._z,
            torch.cat((norm.conv_y.conv.weight, norm.conv_b.conv.weight)).flatten(1),
            torch.cat((norm.conv_y.conv.bias, norm.conv_b.conv.bias)),
        )
        padded, is_first = self._causal_input(name, state.x)
        _spatial_norm_silu(state.x, _group_affine(state, norm.norm_layer), latents, padded[2:])
        if is_first:
            padded[:2] = padded[2]
        return padded


@torch_fallback(vae_torch.channel_sums)
def _channel_sums(x_THWC: Tensor, bias: Tensor | None = None, other: Tensor | None = None) -> NormInput:
    """x + bias with its sums by channel; with `other`, x + bias + other, in place of x."""
    channels = x_THWC.shape[-1]
    rows = x_THWC.numel() // channels
    block = _TILE // channels
    program_rows = -(-rows // (_PROGRAMS * block)) * block
    programs = -(-rows // program_rows)
    partial_sums = torch.empty((programs, 2, channels), dtype=torch.float32, device=x_THWC.device)
    kernels.channel_sums_kernel[(programs,)](
        x_THWC, x_THWC if bias is None else bias, x_THWC if other is None else other, x_THWC, partial_sums,
        rows, program_rows, HAS_BIAS=bias is not None, HAS_OTHER=other is not None, CHANNELS=channels, BLOCK=block, num_warps=8,
    )  # fmt: skip
    return NormInput(x_THWC, partial_sums, bias if other is None else None)


@torch_fallback(vae_torch.group_affine)
def _group_affine(state: NormInput, group: nn.GroupNorm) -> Tensor:
    """The group norm as a factor and a summand for each channel: (2, C) in float32."""
    channels = state.x.shape[-1]
    affine = torch.empty((2, channels), dtype=torch.float32, device=state.x.device)
    kernels.group_affine_kernel[(group.num_groups,)](
        state.partial_sums, group.weight, group.bias, group.weight if state.bias is None else state.bias, affine,
        state.partial_sums.shape[0], state.x.numel() // channels, group.eps, HAS_BIAS=state.bias is not None,
        CHANNELS=channels, GROUP=channels // group.num_groups, BLOCK=64,
    )  # fmt: skip
    return affine


@torch_fallback(vae_torch.spatial_norm_silu)
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
    convolved: Tensor = upsampler.conv(_upsampled(x_THWC, is_doubled=is_doubled).permute(0, 3, 1, 2))
    return convolved.permute(0, 2, 3, 1).contiguous()


@torch_fallback(vae_torch.upsampled)
def _upsampled(x_THWC: Tensor, *, is_doubled: bool) -> Tensor:
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
