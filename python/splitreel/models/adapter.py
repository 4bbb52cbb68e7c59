"""What the engine asks of a model family. A new family is one file that implements `Adapter`.

The engine knows tokens, steps, ranks and stages. It does not know what a token's rows mean, where positions
come from, or how a picture becomes latents: an adapter does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from splitreel.models.cogvideox_transformer import Grid, Pack, Rotation
from splitreel.models.t5 import T5Encoder
from splitreel.models.vae import Vae
from splitreel.models.weights import Weights
from splitreel.parallel.attention import SharedAttention
from splitreel.parallel.mesh import Shard
from splitreel.parallel.team import Team

OnBytes = Callable[[int], None]


class Transformer(Protocol):
    """One shard of a video transformer that works on [text, image] tokens."""

    weights: Weights

    @property
    def block_bytes_held(self) -> int: ...
    def embed_time(self, timestep_B: Tensor, ofs_B: Tensor | None, dtype: torch.dtype) -> Tensor: ...
    def embed_text(self, text_BLE: Tensor, positions_ND: Tensor | None) -> Tensor: ...
    def embed_rows(self, rows_BNP: Tensor, positions_ND: Tensor | None) -> Tensor: ...
    def positions(self, grid: Grid) -> Tensor | None: ...
    def rotation(self, grid: Grid) -> Rotation | None: ...
    def run_blocks(
        self, pack: Pack, condition_BT: Tensor, rotation: Rotation | None, attention: SharedAttention, tp: Team
    ) -> Pack: ...
    def read_out(self, pack: Pack, condition_BT: Tensor) -> Tensor: ...
    def bring_ends(self) -> None: ...


class Adapter(Protocol):
    """One model folder, read by its own configs."""

    folder: Path
    heads: int
    head_dim: int
    width: int  # of a token, in values
    text_length: int  # tokens that every prompt is padded or cut to
    text_width: int
    latent_channels: int
    needs_image: bool

    def grid(self, width: int, height: int, num_frames: int) -> Grid:
        """The latents of a video of this size in pixels and frames, padding included."""
        ...

    def padding_frames(self, num_frames: int) -> int:
        """Latent frames at the start that are there for the patches' sake and are dropped before decoding."""
        ...

    def offset(self, dtype: torch.dtype, device: torch.device) -> Tensor | None:
        """A second conditioning beside the timestep, [1], or None."""
        ...

    def condition_on_image(self, image_1FCHW: Tensor, grid: Grid, num_frames: int) -> Tensor:
        """Latents of the first picture, [1, 1, C, H, W], to what is joined to the model's input, [1, F, C, H, W]."""
        ...

    def scheduler_config(self) -> dict[str, object]: ...
    def tokenize(self, text: str) -> Tensor: ...
    def load_transformer(
        self, shard: Shard, *, dtype: torch.dtype, device: torch.device, offloaded: bool, stream: bool, on_bytes: OnBytes
    ) -> Transformer: ...
    def load_text_encoder(
        self, *, share: int, shares: int, dtype: torch.dtype, device: torch.device, on_bytes: OnBytes
    ) -> T5Encoder: ...
    def load_vae(self, *, dtype: torch.dtype, device: torch.device, offloaded: bool, on_bytes: OnBytes) -> Vae: ...
    def bytes_to_read(self, shard: Shard, *, text_encoder_shares: int | None) -> int:
        """Stored bytes that loading reads: a shard, the VAE, and a share of the text encoder unless None."""
        ...


