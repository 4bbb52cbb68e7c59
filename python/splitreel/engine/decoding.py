"""Latents to frames: the VAE's tiles over all ranks of a replica."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKLCogVideoX

from splitreel.contract.errors import Cancelled
from splitreel.engine.agreement import Agreement
from splitreel.engine.api import Hooks, Stage
from splitreel.models.frames import to_uint8
from splitreel.models.tiling import Tiling, deal_tiles, tile_latents, time_spans
from splitreel.parallel.collectives import Traffic, exchange, meet
from splitreel.parallel.groups import Group
from splitreel.parallel.shares import Span

Frames = npt.NDArray[np.uint8]


class SharedDecode:
    """The tiles of one video, shared out over a replica's ranks and brought to the writer, the first of them.

    Tiles and blending are diffusers' own, so the frames are those of a tiled decode on one rank, bit for bit. A tile
    goes through all of its time before the next: what the convolutions carry through time is 1.2 GB for one tile of
    the real VAE, and is held for one tile only. In each round every rank decodes one tile and sends it; so the
    others hold a tile of the clip, and the writer alone all of it, as it came from the decoder.
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
        owners = deal_tiles(self._tiles, group.size)
        self._by_rank = [[n for n, owner in enumerate(owners) if owner == rank] for rank in range(group.size)]
        self._spans = time_spans(self._z_BCFHW.shape[2], vae.num_latent_frames_batch_size)
        self._parts: dict[int, torch.Tensor] = {}  # whole tiles by number; with the writer those of all ranks

    @property
    def units(self) -> int:
        """Calls of the decoder over all ranks: tiles in space times spans of time."""
        return len(self._tiles) * len(self._spans)

    @property
    def rounds(self) -> int:
        return max(len(numbers) for numbers in self._by_rank)

    def decode(self, round_: int, unit_done: Callable[[], None]) -> None:
        """This rank's tile of a round, if it has one. `unit_done` may raise to stop."""
        own = self._by_rank[self._group.index]
        if round_ >= len(own):
            return
        tile = self._tiles[own[round_]]
        cache: object = None
        times = []
        for span in self._spans:
            z = self._z_BCFHW[:, :, span.slice, tile.rows.slice, tile.columns.slice]
            if self._vae.post_quant_conv is not None:
                z = self._vae.post_quant_conv(z)
            part, cache = self._vae.decoder(z, conv_cache=cache)
            times.append(part)
            unit_done()
        self._parts[own[round_]] = torch.cat(times, dim=2)

    def collect(self, round_: int, unit_done: Callable[[], None]) -> None:
        """Brings a round's tiles to the writer, where `unit_done` is called for each unit that comes."""
        if round_ == 0:
            meet(self._group, self._z_BCFHW.device)
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
        """On the writer, after the last round: frames (F, H, W, 3) span by span."""
        start = 0
        for span in self._spans:
            time = slice(start, start + self._frames_of(span))
            start = time.stop
            yield to_uint8(
                self._tiling.join({(t.row, t.column): self._parts[n][:, :, time] for n, t in enumerate(self._tiles)})
            )

    def _frames_of(self, span: Span) -> int:
        odd = span.length % 2  # the first latent frame of an odd span stands for one frame
        return int(self._vae.config.temporal_compression_ratio) * (span.length - odd) + odd

    def _empty_part(self, number: int) -> torch.Tensor:
        tile = self._tiles[number]
        frames = sum(self._frames_of(span) for span in self._spans)
        height, width = tile.rows.length * self._scale, tile.columns.length * self._scale
        part: torch.Tensor = self._z_BCFHW.new_empty(1, self._vae.config.out_channels, frames, height, width)
        return part


def decode_video(
    video: int,
    shared: SharedDecode,
    hooks: Hooks,
    agree: Agreement,
    tiles_done: Callable[[], None],
    *,
    is_writer: bool,
) -> None:
    """Every rank decodes its tiles; then, after `tiles_done`, the writer gives the frames away.

    What can fail on one rank alone is done `together`, and only then are tiles sent: so nobody waits for a tile that
    does not come.
    """
    hooks.stage_started(video, Stage.DECODING, shared.units)
    done = 0

    def unit_done() -> None:
        nonlocal done
        if hooks.cancel_requested():
            raise Cancelled
        unit_came()

    def unit_came() -> None:
        nonlocal done
        done += 1
        if is_writer:
            hooks.stage_progressed(video, Stage.DECODING, done)

    def give() -> None:
        index = 0
        for frames in shared.frames() if is_writer else ():
            for frame in frames:
                if hooks.cancel_requested():
                    raise Cancelled
                hooks.frame(video, index, frame)
                index += 1

    for round_ in range(shared.rounds):
        agree.together(partial(shared.decode, round_, unit_done))
        shared.collect(round_, unit_came)
    tiles_done()
    agree.together(give)
    hooks.stage_finished(video, Stage.DECODING)
