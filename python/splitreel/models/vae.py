"""CogVideoX's VAE from diffusers, one tile and one span of time at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import AutoencoderKLCogVideoX
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor

from splitreel.models.checkpoint import Checkpoint
from splitreel.models.configs import read_config
from splitreel.models.tiling import Tile, Tiling, tile_latents, time_spans
from splitreel.models.weights import Weights
from splitreel.parallel.shares import Span

# What a causal convolution carries from one span of time to the next, by layer.
ConvCache = Mapping[str, object]


class Vae:
    """Latents here are as the VAE has them; `to_vae` and `from_vae` scale the transformer's."""

    def __init__(self, module: AutoencoderKLCogVideoX, weights: Weights) -> None:
        self.module = module
        self.weights = weights
        config = module.config
        self.compression = 2 ** (len(config.block_out_channels) - 1)
        self.temporal_compression = int(config.temporal_compression_ratio)
        self.latent_channels = int(config.latent_channels)
        self._scaling = float(config.scaling_factor)
        self._inverted = bool(config.invert_scale_latents)
        self._tile = tile_latents(int(config.sample_height), int(config.sample_width), self.compression)

    @classmethod
    def load(
        cls, folder: Path, checkpoint: Checkpoint, *, dtype: torch.dtype, device: torch.device, offloaded: bool
    ) -> Vae:
        with torch.device("meta"):
            module = AutoencoderKLCogVideoX.from_config(read_config(folder / "config.json"))
        module.eval().requires_grad_(False)  # noqa: FBT003 - torch's own signature
        weights = Weights(device, offloaded=offloaded)
        for name in module.state_dict():
            weights.add(name, checkpoint.read(name, None, dtype, weights.home_for(())))
        vae = cls(module, weights)
        vae.bind()
        return vae

    def bind(self) -> None:
        """Gives the module the weights that are on the device now."""
        state = {name: tensor for name in self.weights.names() if (tensor := self.weights.get(name)) is not None}
        if state:
            self.module.load_state_dict(state, strict=True, assign=True)
        else:
            self.module.to("meta")

    def to_vae(self, latents: Tensor) -> Tensor:
        return 1 / self._scaling * latents

    def from_vae(self, latents: Tensor) -> Tensor:
        # 1.5's image to video was trained with the factor upside down.
        return (1 / self._scaling if self._inverted else self._scaling) * latents

    # Decoding

    def decode_tiling(self, height: int, width: int) -> Tiling:
        """For latents of this size."""
        return Tiling(height, width, *self._tile, up=self.compression)

    def decode_spans(self, latent_frames: int) -> tuple[Span, ...]:
        return time_spans(latent_frames, self.module.num_latent_frames_batch_size)

    def decode_tile(
        self, z_BCFHW: Tensor, tile: Tile, time: Span, cache: ConvCache | None
    ) -> tuple[Tensor, ConvCache]:
        """One tile over one span of latent frames. `cache` is what the span before gave for this tile."""
        z = z_BCFHW[:, :, time.slice, tile.rows.slice, tile.columns.slice]
        if self.module.post_quant_conv is not None:
            z = self.module.post_quant_conv(z)
        pixels, cache = self.module.decoder(z, conv_cache=cache)
        return pixels, cache

    def decoded_frames(self, time: Span) -> int:
        """Frames that a span of latent frames becomes: the first one of an odd span stands for one frame."""
        odd = time.length % 2
        return self.temporal_compression * (time.length - odd) + odd

    # Encoding

    def encode_tiling(self, height: int, width: int) -> Tiling:
        """For a picture of this size."""
        tile_height, tile_width = (length * self.compression for length in self._tile)
        return Tiling(height, width, tile_height, tile_width, down=self.compression)

    def encode_tile(self, image_BCFHW: Tensor, tile: Tile) -> Tensor:
        """Moments of one tile of one picture, [1, 2 C, 1, h, w]."""
        moments, _ = self.module.encoder(image_BCFHW[:, :, :, tile.rows.slice, tile.columns.slice], conv_cache=None)
        if self.module.quant_conv is not None:
            moments = self.module.quant_conv(moments)
        return moments

    def sample(self, moments: Tensor, generator: torch.Generator) -> Tensor:
        """Latents [1, C, 1, h, w] drawn from the posterior, as diffusers draws them."""
        drawn: Tensor = DiagonalGaussianDistribution(moments).sample(generator)
        return drawn

    def mean(self, moments: Tensor) -> Tensor:
        """The posterior's mean."""
        mean: Tensor = DiagonalGaussianDistribution(moments).mode()
        return mean
