"""VAE tiles: where they are, which rank computes which, and how they are blended. Pure except for the blending.

Tiles and blending follow diffusers 0.42 `AutoencoderKLCogVideoX.tiled_decode`, so frames are the same bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from splitreel.parallel.spans import Span, spans

# diffusers' overlaps: 1/6 of a tile's height, 1/5 of its width. Tile sizes must be multiples of these, or the blended
# tiles don't add up to the frame's size.
_HEIGHT_PARTS = 6
_WIDTH_PARTS = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the input: latents when decoding, pixels when encoding."""

    row: int
    column: int
    rows: Span
    columns: Span

    @property
    def area(self) -> int:
        return self.rows.length * self.columns.length


@dataclass(frozen=True, slots=True)
class Tiling:
    """How an input of `height` x `width` is tiled. The output has `up` / `down` units for each input unit.

    tile_*: input units of a full tile. An input no larger than one tile is a single tile.
    """

    height: int
    width: int
    tile_height: int
    tile_width: int
    up: int = 1
    down: int = 1

    @property
    def is_tiled(self) -> bool:
        return self.height > self.tile_height or self.width > self.tile_width

    def _target(self, length: int) -> int:
        return length * self.up // self.down

    @property
    def tiles(self) -> tuple[Tile, ...]:
        if not self.is_tiled:
            return (Tile(0, 0, Span(0, self.height), Span(0, self.width)),)
        step_height = self.tile_height * (_HEIGHT_PARTS - 1) // _HEIGHT_PARTS
        step_width = self.tile_width * (_WIDTH_PARTS - 1) // _WIDTH_PARTS
        return tuple(
            Tile(
                row,
                column,
                Span(top, min(top + self.tile_height, self.height)),
                Span(left, min(left + self.tile_width, self.width)),
            )
            for row, top in enumerate(range(0, self.height, step_height))
            for column, left in enumerate(range(0, self.width, step_width))
        )

    def join(self, parts: Mapping[tuple[int, int], Tensor]) -> Tensor:
        """Output tiles (B, C, F, h, w) by (row, column) to the whole (B, C, F, H, W). Changes the tiles in place."""
        if not self.is_tiled:
            return parts[0, 0]
        target_height, target_width = self._target(self.tile_height), self._target(self.tile_width)
        blend_height, blend_width = target_height // _HEIGHT_PARTS, target_width // _WIDTH_PARTS
        rows = max(row for row, _ in parts) + 1
        columns = max(column for _, column in parts) + 1
        lines = []
        for row in range(rows):
            line = []
            for column in range(columns):
                tile = parts[row, column]
                if row > 0:
                    _blend(parts[row - 1, column], tile, blend_height, dim=3)
                if column > 0:
                    _blend(parts[row, column - 1], tile, blend_width, dim=4)
                line.append(tile[:, :, :, : target_height - blend_height, : target_width - blend_width])
            lines.append(torch.cat(line, dim=4))
        return torch.cat(lines, dim=3)


def _blend(before: Tensor, tile: Tensor, extent: int, dim: int) -> None:
    """Fades from the previous tile into this one, in place, over `extent` rows or columns."""
    extent = min(before.shape[dim], tile.shape[dim], extent)
    for at in range(extent):
        old = before.select(dim, before.shape[dim] - extent + at)
        new = tile.select(dim, at)
        new.copy_(old * (1 - at / extent) + new * (at / extent))


def tile_latents(sample_height: int, sample_width: int, compression: int) -> tuple[int, int]:
    """Height and width of a tile in latents: half of the VAE's sample size, as in diffusers.

    Rounded up if the overlaps don't divide it.
    """
    height, width = sample_height // 2 // compression, sample_width // 2 // compression
    return -(-height // _HEIGHT_PARTS) * _HEIGHT_PARTS, -(-width // _WIDTH_PARTS) * _WIDTH_PARTS


def time_spans(frames: int, batch: int) -> tuple[Span, ...]:
    """Latent frames that the VAE decodes at a time: `batch`, with the remainder added to the first."""
    count = max(frames // batch, 1)
    rest = frames % batch
    sizes = [frames] if count == 1 else [batch + rest] + [batch] * (count - 1)
    return spans(sizes)


def assign_tiles(tiles: Sequence[Tile], ranks: int) -> tuple[int, ...]:
    """The rank (0 to ranks - 1) of each tile: largest tiles first, each to the rank with the least work."""
    owners = [0] * len(tiles)
    loads = [0] * ranks
    for index in sorted(range(len(tiles)), key=lambda i: (-tiles[i].area, i)):
        # The writer (rank 0) loses ties: it also joins the tiles.
        rank = min(range(ranks), key=lambda r: (loads[r], r == 0, r))
        owners[index] = rank
        loads[rank] += tiles[index].area
    return tuple(owners)
