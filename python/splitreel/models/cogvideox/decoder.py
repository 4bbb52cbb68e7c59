"""Latents to frames: the VAE decodes its tiles on all ranks of a replica."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKLCogVideoX

from splitreel.models.cogvideox.tiling import Tiling, assign_tiles, tile_latents, time_spans
from splitreel.models.frames import to_uint8
from splitreel.parallel.collectives import Traffic, connect, exchange
from splitreel.parallel.groups import Group
from splitreel.parallel.spans import Span

Frames = npt.NDArray[np.uint8]


class ParallelDecoder:
    """Decodes one video's tiles on the ranks of a replica and collects them on the writer, the first of them.

    Tiles and blending follow diffusers 0.42 `AutoencoderKLCogVideoX.tiled_decode`, so the frames equal those of a tiled
    decode on one rank, bit for bit. A tile runs through all of its time spans before the next tile starts: the causal
    convolutions' cache takes 1.2 GB for one tile of the real VAE, and only one is held at a time. In each round every
    rank decodes one tile and sends it, so only the writer ever holds the whole clip, as it came from the decoder.
    """

    def __init__(
        self,
        vae: AutoencoderKLCogVideoX,
        latents_BFCHW: torch.Tensor,
        group: Group,
        traffic: Traffic,
        *,
        is_fused: bool = False,
    ) -> None:
        """`is_fused`: decode with our own kernels. The VAE's weights must be prepared for them."""
        self._vae = vae
        self._is_fused = is_fused
        self._group = group
        self._traffic = traffic
        self._z_BCFHW = latents_BFCHW.permute(0, 2, 1, 3, 4) / vae.config.scaling_factor
        self._scale = 2 ** (len(vae.config.block_out_channels) - 1)
        tile_height, tile_width = tile_latents(vae.config.sample_height, vae.config.sample_width, self._scale)
        height, width = self._z_BCFHW.shape[-2:]
        self._tiling = Tiling(height, width, tile_height, tile_width, up=self._scale)
        self._tiles = self._tiling.tiles
        owners = assign_tiles(self._tiles, group.size)
        self._by_rank = [[n for n, owner in enumerate(owners) if owner == rank] for rank in range(group.size)]
        self._spans = time_spans(self._z_BCFHW.shape[2], vae.num_latent_frames_batch_size)
        self._parts: dict[int, torch.Tensor] = {}  # decoded tiles by number; on the writer those of all ranks

    @property
    def units(self) -> int:
        """Decoder calls over all ranks: tiles times time spans."""
        return len(self._tiles) * len(self._spans)

    @property
    def rounds(self) -> int:
        return max(len(numbers) for numbers in self._by_rank)

    def decode(self, round_: int, unit_done: Callable[[], None]) -> None:
        """Decodes this rank's tile of the round, if it has one. `unit_done` may raise to stop."""
        own = self._by_rank[self._group.index]
        if round_ >= len(own):
            return
        tile = self._tiles[own[round_]]
        cache: Any = None
        times = []
        for span in self._spans:
            z = self._z_BCFHW[:, :, span.slice, tile.rows.slice, tile.columns.slice]
            if self._vae.post_quant_conv is not None:
                z = self._vae.post_quant_conv(z)
            part, cache = self._decode_span(z, cache)
            times.append(part)
            unit_done()
        self._parts[own[round_]] = torch.cat(times, dim=2)

    def _decode_span(self, z: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
        """One call of the decoder. `cache`: what the previous span left for the convolutions."""
        if self._is_fused:
            # Triton is not in every environment.
            from splitreel.kernels.vae_decoder import FusedDecoder

            return FusedDecoder(self._vae.decoder).decode(z, cache)
        part, cache = self._vae.decoder(z, conv_cache=cache)
        return part, cache

    def collect(self, round_: int, unit_done: Callable[[], None]) -> None:
        """Sends the round's tiles to the writer, which calls `unit_done` for each unit it receives."""
        if round_ == 0:
            connect(self._group, self._z_BCFHW.device)
        coming: dict[int, torch.Tensor] = {}
        if self._group.index == 0:
            for rank, numbers in enumerate(self._by_rank[1:], start=1):
                if round_ < len(numbers):
                    coming[rank] = self._parts[numbers[round_]] = self._empty_part(numbers[round_])
            works = exchange([], list(coming.items()), self._group, self._traffic)
        else:
            own = self._by_rank[self._group.index]
            sent = [(0, self._parts.pop(own[round_]).contiguous())] if round_ < len(own) else []
            works = exchange(sent, [], self._group, self._traffic)
        for work in works:
            with self._traffic.waiting():
                work.wait()
        for _ in range(len(coming) * len(self._spans)):
            unit_done()

    def frames(self) -> Iterator[Frames]:
        """On the writer, after the last round: uint8 frames (F, H, W, 3), one time span at a time."""
        start = 0
        for span in self._spans:
            time = slice(start, start + self._frames_of(span))
            start = time.stop
            yield to_uint8(
                self._tiling.join({(t.row, t.column): self._parts[n][:, :, time] for n, t in enumerate(self._tiles)})
            )

    def _frames_of(self, span: Span) -> int:
        odd = span.length % 2  # the first latent frame of an odd span decodes to a single frame
        return int(self._vae.config.temporal_compression_ratio) * (span.length - odd) + odd

    def _empty_part(self, number: int) -> torch.Tensor:
        tile = self._tiles[number]
        frames = sum(self._frames_of(span) for span in self._spans)
        height, width = tile.rows.length * self._scale, tile.columns.length * self._scale
        part: torch.Tensor = self._z_BCFHW.new_empty(1, self._vae.config.out_channels, frames, height, width)
        return part
