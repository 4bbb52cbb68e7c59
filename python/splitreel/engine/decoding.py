"""Latents to frames: the VAE's tiles over all ranks of a replica, and the small pictures shown on the way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
import torch.nn.functional as F
from diffusers import AutoencoderKLCogVideoX

from splitreel.models.tiling import Tiling, deal_tiles, tile_latents, time_spans
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import Group
from splitreel.parallel.shares import Span

Frames = npt.NDArray[np.uint8]

# A preview's longer side in latents: enough to see what forms, a small part of a step's time.
_PREVIEW_LATENTS = 24


class SharedDecode:
    """The tiles of one video, shared out over a replica's ranks; frames come to the writer span by span.

    Tiles and blending are diffusers' own, so the frames are those of a tiled decode on one rank, bit for bit.
    Nobody holds the whole clip: a rank keeps what the convolutions of its own tiles carry through time, the
    writer one span of frames.
    """

    def __init__(
        self, vae: AutoencoderKLCogVideoX, latents_BFCHW: torch.Tensor, group: Group, traffic: Traffic
    ) -> None:
        self._vae = vae
        self._group = group
        self._traffic = traffic
        self._z_BCFHW = latents_BFCHW.permute(0, 2, 1, 3, 4) / vae.config.scaling_factor
        self._scale = 2 ** (len(vae.config.block_out_channels) - 1)
        tile_height, tile_width = tile_latents(vae.config.sample_height, vae.config.sample_width, self._scale)
        height, width = self._z_BCFHW.shape[-2:]
        self._tiling = Tiling(height, width, tile_height, tile_width, up=self._scale)
        self._tiles = self._tiling.tiles
        self._owners = deal_tiles(self._tiles, group.size)
        self._caches: dict[int, object] = {}
        self.spans = time_spans(self._z_BCFHW.shape[2], vae.num_latent_frames_batch_size)

    @property
    def units(self) -> int:
        """Calls of the decoder over all ranks: tiles in space times spans of time."""
        return len(self._tiles) * len(self.spans)

    def decode(self, span: Span, tile_done: Callable[[], None]) -> dict[int, torch.Tensor]:
        """This rank's tiles of one span, by number. `tile_done` may raise to stop."""
        parts = {}
        for number, owner in enumerate(self._owners):
            if owner != self._group.index:
                continue
            tile = self._tiles[number]
            z = self._z_BCFHW[:, :, span.slice, tile.rows.slice, tile.columns.slice]
            if self._vae.post_quant_conv is not None:
                z = self._vae.post_quant_conv(z)
            parts[number], self._caches[number] = self._vae.decoder(z, conv_cache=self._caches.get(number))
            tile_done()
        return parts

    def collect(self, span: Span, parts: dict[int, torch.Tensor], tile_done: Callable[[], None]) -> Frames | None:
        """Brings a span's tiles to the writer, the group's first rank. There: its frames (F, H, W, 3); else None."""
        if self._group.index != 0:
            works = [self._send(part) for part in parts.values()]
            with self._traffic.waiting():
                for work in works:
                    work.wait()
            return None
        # Both sides go through the tiles by number, so messages of one pair of ranks meet in order.
        coming = {n: self._receive(span, n) for n, owner in enumerate(self._owners) if owner != 0}
        for number, (part, work) in coming.items():
            with self._traffic.waiting():
                work.wait()
            parts[number] = part
            tile_done()
        joined = self._tiling.join({(t.row, t.column): parts[n] for n, t in enumerate(self._tiles)})
        return to_uint8(joined)

    def _send(self, part: torch.Tensor) -> dist.Work:
        part = part.contiguous()
        self._traffic.bytes_sent += part.numel() * part.element_size()
        work = dist.isend(part, self._group.ranks[0], group=self._group.handle)
        assert work is not None
        return work

    def _receive(self, span: Span, number: int) -> tuple[torch.Tensor, dist.Work]:
        tile = self._tiles[number]
        odd = span.length % 2  # the first latent frame of an odd span stands for one frame
        frames = self._vae.config.temporal_compression_ratio * (span.length - odd) + odd
        height, width = tile.rows.length * self._scale, tile.columns.length * self._scale
        part = self._z_BCFHW.new_empty(1, self._vae.config.out_channels, frames, height, width)
        work = dist.irecv(part, self._group.ranks[self._owners[number]], group=self._group.handle)
        assert work is not None
        return part, work


def preview_image(vae: AutoencoderKLCogVideoX, latents_BFCHW: torch.Tensor) -> Frames:
    """The middle of the video as it forms: one latent frame, made small, decoded. uint8 (H, W, 3)."""
    middle_BCHW = latents_BFCHW[:, latents_BFCHW.shape[1] // 2]
    scale = min(1.0, _PREVIEW_LATENTS / max(middle_BCHW.shape[-2:]))
    if scale < 1:
        middle_BCHW = F.interpolate(middle_BCHW.float(), scale_factor=scale, mode="area").to(middle_BCHW.dtype)
    decoded = vae.decode(middle_BCHW.unsqueeze(2) / vae.config.scaling_factor).sample
    picture: Frames = to_uint8(decoded)[0]
    return picture


def to_uint8(decoded_BCFHW: torch.Tensor) -> Frames:
    """[-1, 1] to 0..255 as diffusers' VideoProcessor and PIL do: (x / 2 + 0.5), clamped, rounded. (F, H, W, 3)."""
    unit = (decoded_BCFHW[0].float() / 2 + 0.5).clamp(0, 1)
    frames: Frames = (unit * 255).round().to(torch.uint8).permute(1, 2, 3, 0).cpu().numpy()
    return frames
