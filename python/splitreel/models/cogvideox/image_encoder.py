"""Image to latents for image-to-video: the VAE encodes its tiles on all ranks of a replica."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from diffusers import AutoencoderKLCogVideoX
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput

from splitreel.models.cogvideox.tiling import Tiling, assign_tiles, tile_latents
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.collectives import Traffic, all_gather
from splitreel.parallel.groups import Group


class ParallelImageEncoder:
    """Encodes one image's tiles on the ranks of a replica. Each rank gets the whole result, as each runs the scheduler.

    Tiles and blending follow diffusers 0.42 `AutoencoderKLCogVideoX.tiled_encode`, so the moments equal those of a tiled
    encode on one rank, bit for bit.
    """

    def __init__(
        self,
        vae: AutoencoderKLCogVideoX,
        group: Group,
        traffic: Traffic,
        agreement: Agreement,
        on_device: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`on_device`: a context that brings the VAE's weights to the device."""
        self._vae = vae
        self._on_device = on_device
        self._group = group
        self._traffic = traffic
        self._agreement = agreement
        self._compression = 2 ** (len(vae.config.block_out_channels) - 1)

    def moments(self, image_BCFHW: torch.Tensor) -> torch.Tensor:
        """(1, 3, 1, H, W) in [-1, 1] to mean and log-variance, (1, 2 C, 1, h, w).

        Collective over the replica; an error on one rank is raised on all.
        """
        assert image_BCFHW.shape[2] == 1, "image-to-video starts from one image"
        height, width = image_BCFHW.shape[-2:]
        tile_size = tile_latents(self._vae.config.sample_height, self._vae.config.sample_width, self._compression)
        tile_height, tile_width = (length * self._compression for length in tile_size)
        tiling = Tiling(height, width, tile_height, tile_width, down=self._compression)
        owners = assign_tiles(tiling.tiles, self._group.size)
        own: list[torch.Tensor] = []

        def encode() -> None:
            with self._on_device():
                for tile, owner in zip(tiling.tiles, owners, strict=True):
                    if owner == self._group.index:
                        own.append(self._encode(image_BCFHW[:, :, :, tile.rows.slice, tile.columns.slice]))

        self._agreement.together(encode)
        channels = 2 * self._vae.config.latent_channels
        shapes: list[tuple[int, ...]] = [
            (1, channels, 1, tile.rows.length // self._compression, tile.columns.length // self._compression)
            for tile in tiling.tiles
        ]
        parts = self._exchange(own, shapes, owners, image_BCFHW)
        return tiling.join({(tile.row, tile.column): parts[n] for n, tile in enumerate(tiling.tiles)})

    def _encode(self, pixels: torch.Tensor) -> torch.Tensor:
        moments: torch.Tensor = self._vae.encoder(pixels, conv_cache=None)[0]
        return moments if self._vae.quant_conv is None else self._vae.quant_conv(moments)

    def _exchange(
        self, own: list[torch.Tensor], shapes: list[tuple[int, ...]], owners: tuple[int, ...], like: torch.Tensor
    ) -> dict[int, torch.Tensor]:
        """All tiles by number, on every rank. One collective: each rank sends its tiles as one flat tensor."""
        numbers = [[n for n, owner in enumerate(owners) if owner == rank] for rank in range(self._group.size)]
        lengths = [sum(math.prod(shapes[n]) for n in row) for row in numbers]
        flat = torch.cat([part.reshape(-1) for part in own]) if own else like.new_empty(0)
        every = all_gather(flat, lengths, 0, self._group, self._traffic)
        order = [n for row in numbers for n in row]
        pieces = torch.split(every, [math.prod(shapes[n]) for n in order])
        # Blending changes tiles in place, so they must not be views of one tensor.
        return {n: piece.view(shapes[n]).clone() for n, piece in zip(order, pieces, strict=True)}

    @contextmanager
    def replacing_vae_encode(self) -> Iterator[None]:
        """Makes the pipeline's call of `vae.encode` use this encoder."""

        def encode(x: torch.Tensor, return_dict: bool = True) -> AutoencoderKLOutput:
            assert return_dict
            return AutoencoderKLOutput(latent_dist=DiagonalGaussianDistribution(self.moments(x)))

        self._vae.encode = encode
        try:
            yield
        finally:
            del self._vae.encode
