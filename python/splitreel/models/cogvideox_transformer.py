"""CogVideoX's transformer, one shard of it: some of the blocks (pp), of each block some heads (tp).

Equal to diffusers 0.42 `CogVideoXTransformer3DModel` up to rounding. It is written over tokens rather than
over a picture: latents come and go as rows, one for each token, so that any set of rows can be embedded,
passed through blocks and read out. What text and image tokens do differently (modulation, rotation) follows
from how many of the rows in a pack are text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers.models.embeddings import (
    apply_rotary_emb,
    get_3d_rotary_pos_embed,
    get_3d_sincos_pos_embed,
    get_timestep_embedding,
)
from diffusers.pipelines.cogvideo.pipeline_cogvideox import get_resize_crop_region_for_grid
from torch import Tensor

from splitreel.models.checkpoint import Checkpoint
from splitreel.models.transformer_config import TransformerConfig
from splitreel.models.weights import Weights
from splitreel.parallel.attention import SharedAttention
from splitreel.parallel.mesh import Shard
from splitreel.parallel.shares import Span, share_spans
from splitreel.parallel.team import Team
from splitreel.parallel.tensor import Cut, cut_units, summed_linear


@dataclass(frozen=True, slots=True)
class Grid:
    """Latents of one video: frames, rows and columns, and the transformer's patch in each."""

    frames: int
    height: int
    width: int
    patch_size: int
    patch_size_t: int

    @property
    def tokens(self) -> int:
        return (self.frames // self.patch_size_t) * (self.height // self.patch_size) * (self.width // self.patch_size)

    def to_rows(self, x_BFCHW: Tensor) -> Tensor:
        """A picture to tokens: [B, N, C * patch_size_t * patch_size**2]."""
        p, pt = self.patch_size, self.patch_size_t
        batch, frames, channels, height, width = x_BFCHW.shape
        x = x_BFCHW.reshape(batch, frames // pt, pt, channels, height // p, p, width // p, p)
        return x.permute(0, 1, 4, 6, 3, 2, 5, 7).reshape(batch, self.tokens, channels * pt * p * p)

    def to_picture(self, rows_BNP: Tensor) -> Tensor:
        """The way back: [B, F, C, H, W]."""
        p, pt = self.patch_size, self.patch_size_t
        shape = (rows_BNP.shape[0], self.frames // pt, self.height // p, self.width // p, -1, pt, p, p)
        x = rows_BNP.reshape(shape).permute(0, 1, 5, 4, 2, 6, 3, 7)
        return x.reshape(rows_BNP.shape[0], self.frames, -1, self.height, self.width)


@dataclass(frozen=True, slots=True)
class Rotation:
    """RoPE's factors for some image rows, each [rows, head_dim] in float32."""

    cos: Tensor
    sin: Tensor

    def rows(self, image_spans: tuple[Span, ...]) -> Rotation:
        return Rotation(
            torch.cat([self.cos[span.slice] for span in image_spans]),
            torch.cat([self.sin[span.slice] for span in image_spans]),
        )


@dataclass(frozen=True, slots=True)
class Pack:
    """Tokens on their way through the blocks: the first `text` rows are text. x_BSD."""

    x_BSD: Tensor
    text: int


class CogVideoXTransformer:
    """One shard. Collective over the tensor-parallel team (and what `attention` says) in `run_blocks`."""

    def __init__(self, config: TransformerConfig, shard: Shard, weights: Weights, *, stream_blocks: bool) -> None:
        self.config = config
        self.shard = shard
        self.weights = weights
        self.blocks = share_spans(config.num_layers, shard.stages)[shard.stage]
        self._stream_blocks = stream_blocks

    @classmethod
    def load(
        cls,
        folder: Path,
        checkpoint: Checkpoint,
        shard: Shard,
        *,
        dtype: torch.dtype,
        device: torch.device,
        offloaded: bool,
        stream_blocks: bool,
    ) -> CogVideoXTransformer:
        """Reads this shard and nothing else. `stream_blocks`: one block on the device at a time."""
        config = TransformerConfig.read(folder)
        weights = Weights(device, offloaded=offloaded or stream_blocks)
        for name in shard_names(config, shard, checkpoint.names):
            home = weights.home_for(checkpoint.shape(name))
            weights.add(name, checkpoint.read(name, cut_of(config, shard, name), dtype, home))
        return cls(config, shard, weights, stream_blocks=stream_blocks)

    # Before the blocks

    def embed_time(self, timestep_B: Tensor, ofs_B: Tensor | None, dtype: torch.dtype) -> Tensor:
        """Timesteps to the conditioning of every norm: silu(emb), [B, time_embed_dim]."""
        c, w = self.config, self.weights

        def embed(values: Tensor, width: int, name: str) -> Tensor:
            flow = get_timestep_embedding(
                values, width, flip_sin_to_cos=c.flip_sin_to_cos, downscale_freq_shift=c.freq_shift
            )
            hidden = F.silu(F.linear(flow.to(dtype), w[f"{name}.linear_1.weight"], w[f"{name}.linear_1.bias"]))
            return F.linear(hidden, w[f"{name}.linear_2.weight"], w[f"{name}.linear_2.bias"])

        emb = embed(timestep_B, c.inner_dim, "time_embedding")
        if c.ofs_embed_dim is not None:
            assert ofs_B is not None, "this model wants an offset"
            emb = emb + embed(ofs_B, c.ofs_embed_dim, "ofs_embedding")
        return F.silu(emb)

    def embed_text(self, text_BLE: Tensor, positions_ND: Tensor | None) -> Tensor:
        """Rows of text embeddings (any of them, with their positions) to text tokens."""
        w = self.weights
        x = F.linear(text_BLE, w["patch_embed.text_proj.weight"], w["patch_embed.text_proj.bias"])
        return x if positions_ND is None else x + positions_ND.to(x.dtype)

    def embed_rows(self, rows_BNP: Tensor, positions_ND: Tensor | None) -> Tensor:
        """Rows of latents (any of them, with their positions) to image tokens."""
        weight = self.weights["patch_embed.proj.weight"].flatten(1)
        x = F.linear(rows_BNP, weight, self.weights.get("patch_embed.proj.bias"))
        return x if positions_ND is None else x + positions_ND.to(x.dtype)

    def positions(self, grid: Grid) -> Tensor | None:
        """What is added to text and image tokens, [max_text + N, D]: sincos, learned, or nothing."""
        c = self.config
        if c.use_learned_positional_embeddings:
            learned = self.weights["patch_embed.pos_embedding"][0]
            if learned.shape[0] == c.max_text_seq_length + grid.tokens:
                return learned
        elif c.use_rotary_positional_embeddings:
            return None
        p = grid.patch_size
        table = get_3d_sincos_pos_embed(
            c.inner_dim,
            (grid.width // p, grid.height // p),
            grid.frames,
            c.spatial_interpolation_scale,
            c.temporal_interpolation_scale,
            device=self.weights.device,
            output_type="pt",
        )
        image = table.flatten(0, 1)
        return torch.cat([image.new_zeros(c.max_text_seq_length, c.inner_dim), image])

    def rotation(self, grid: Grid) -> Rotation | None:
        """RoPE for all image tokens of this grid, as the pipelines of diffusers make it."""
        c = self.config
        if not c.use_rotary_positional_embeddings:
            return None
        p = c.patch_size
        size = (grid.height // p, grid.width // p)
        base_height, base_width = c.sample_height // p, c.sample_width // p
        if c.patch_size_t is None:
            cos, sin = get_3d_rotary_pos_embed(
                embed_dim=c.attention_head_dim,
                crops_coords=get_resize_crop_region_for_grid(size, base_width, base_height),
                grid_size=size,
                temporal_size=grid.frames,
                device=self.weights.device,
            )
        else:
            cos, sin = get_3d_rotary_pos_embed(
                embed_dim=c.attention_head_dim,
                crops_coords=None,
                grid_size=size,
                temporal_size=grid.frames // c.patch_size_t,
                grid_type="slice",
                max_size=(base_height, base_width),
                device=self.weights.device,
            )
        return Rotation(cos, sin)

    # The blocks

    def run_blocks(
        self, pack: Pack, condition_BT: Tensor, rotation: Rotation | None, attention: SharedAttention, tp: Team
    ) -> Pack:
        """Passes a pack through this shard's blocks. `rotation` is that of the pack's image rows."""
        x = pack.x_BSD
        for block in range(self.blocks.start, self.blocks.stop):
            with self._on_device(block):
                x = self._block(block, Pack(x, pack.text), condition_BT, rotation, attention, tp)
        return Pack(x, pack.text)

    @contextmanager
    def _on_device(self, block: int) -> Iterator[None]:
        """Sequential offload: a block's weights are on the device while it computes and no longer."""
        if not self._stream_blocks:
            yield
            return
        self.weights.bring(_prefix(block))
        yield
        self.weights.send_home(_prefix(block))

    def _block(
        self,
        block: int,
        pack: Pack,
        condition_BT: Tensor,
        rotation: Rotation | None,
        attention: SharedAttention,
        tp: Team,
    ) -> Tensor:
        x, w, name = pack.x_BSD, self.weights, _prefix(block)
        shift_scale_gate = self._modulation(f"{name}norm1", condition_BT, tp)
        normed = self._norm(x, f"{name}norm1.norm", shift_scale_gate, pack.text)
        q, k, v = self._heads(normed, name, pack.text, rotation)
        out = attention(block, q, k, v).transpose(1, 2).flatten(2)
        out = summed_linear(out, w[f"{name}attn1.to_out.0.weight"], w.get(f"{name}attn1.to_out.0.bias"), tp)
        x = _gated(x, out, shift_scale_gate, pack.text)

        shift_scale_gate = self._modulation(f"{name}norm2", condition_BT, tp)
        normed = self._norm(x, f"{name}norm2.norm", shift_scale_gate, pack.text)
        hidden = F.linear(normed, w[f"{name}ff.net.0.proj.weight"], w.get(f"{name}ff.net.0.proj.bias"))
        hidden = F.gelu(hidden, approximate="tanh")
        out = summed_linear(hidden, w[f"{name}ff.net.2.weight"], w.get(f"{name}ff.net.2.bias"), tp)
        return _gated(x, out, shift_scale_gate, pack.text)

    def _modulation(self, name: str, condition_BT: Tensor, tp: Team) -> tuple[Tensor, ...]:
        """Shift, scale, gate of image tokens and of text tokens, each [B, 1, D].

        The layer is cut by its outputs, as it is a third of a block's weights; what it gives is small.
        """
        out = F.linear(condition_BT, self.weights[f"{name}.linear.weight"], self.weights.get(f"{name}.linear.bias"))
        width = 6 * self.config.inner_dim
        sizes = [span.length for span in share_spans(width, tp.size)]
        return tp.gather(out, sizes, 1).unsqueeze(1).chunk(6, dim=2)

    def _norm(self, x_BSD: Tensor, name: str, modulation: tuple[Tensor, ...], text: int) -> Tensor:
        shift, scale, _, text_shift, text_scale, _ = modulation
        w = self.weights
        x = F.layer_norm(
            x_BSD, x_BSD.shape[-1:], w.get(f"{name}.weight"), w.get(f"{name}.bias"), self.config.norm_eps
        )
        image = x[:, text:] * (1 + scale) + shift
        return torch.cat([x[:, :text] * (1 + text_scale) + text_shift, image], dim=1) if text else image

    def _heads(
        self, x_BSD: Tensor, name: str, text: int, rotation: Rotation | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        w, dim = self.weights, self.config.attention_head_dim

        def project(part: str) -> Tensor:
            weight, bias = w[f"{name}attn1.to_{part}.weight"], w.get(f"{name}attn1.to_{part}.bias")
            return F.linear(x_BSD, weight, bias).unflatten(-1, (-1, dim)).transpose(1, 2)

        def normed(x_BHSD: Tensor, part: str) -> Tensor:
            norm = f"{name}attn1.norm_{part}"
            # 1e-6 is what diffusers gives the norms of queries and keys, whatever the config's norm_eps.
            x = F.layer_norm(x_BHSD, (dim,), w.get(f"{norm}.weight"), w.get(f"{norm}.bias"), 1e-6)
            if rotation is None:
                return x
            turned = apply_rotary_emb(x[:, :, text:], (rotation.cos, rotation.sin))
            return torch.cat([x[:, :, :text], turned], dim=2) if text else turned

        return normed(project("q"), "q"), normed(project("k"), "k"), project("v")

    # After the blocks

    def read_out(self, pack: Pack, condition_BT: Tensor) -> Tensor:
        """Image tokens of a pack to rows of the prediction, [B, n, out_channels * patch]."""
        w, eps = self.weights, self.config.norm_eps
        x = pack.x_BSD[:, pack.text :]
        width = x.shape[-1:]
        x = F.layer_norm(x, width, w.get("norm_final.weight"), w.get("norm_final.bias"), eps)
        shift, scale = F.linear(condition_BT, w["norm_out.linear.weight"], w["norm_out.linear.bias"]).chunk(2, dim=1)
        x = F.layer_norm(x, width, w.get("norm_out.norm.weight"), w.get("norm_out.norm.bias"), eps)
        x = x * (1 + scale[:, None]) + shift[:, None]
        return F.linear(x, w["proj_out.weight"], w["proj_out.bias"])


def _gated(x_BSD: Tensor, out_BSD: Tensor, modulation: tuple[Tensor, ...], text: int) -> Tensor:
    _, _, gate, _, _, text_gate = modulation
    image = x_BSD[:, text:] + gate * out_BSD[:, text:]
    return torch.cat([x_BSD[:, :text] + text_gate * out_BSD[:, :text], image], dim=1) if text else image


def _prefix(block: int) -> str:
    return f"transformer_blocks.{block}."


def shard_names(config: TransformerConfig, shard: Shard, names: tuple[str, ...]) -> list[str]:
    """Weights that a shard holds: its stage's blocks, and the small ends of the model on every stage.

    Blocks are read in order, as they lie in the files.
    """
    blocks = share_spans(config.num_layers, shard.stages)[shard.stage]

    def block_of(name: str) -> int | None:
        return int(name.split(".")[1]) if name.startswith("transformer_blocks.") else None

    chosen = [name for name in names if (at := block_of(name)) is None or blocks.start <= at < blocks.stop]
    return sorted(chosen, key=lambda name: (block_of(name) is not None, block_of(name) or 0))


def cut_of(config: TransformerConfig, shard: Shard, name: str) -> Cut | None:
    """How tensor parallelism cuts a weight of a block; everything else is held whole."""
    if shard.shares == 1 or not name.startswith("transformer_blocks."):
        return None
    part = name.split(".", 2)[2]
    heads, dim = config.num_attention_heads, config.attention_head_dim
    if part.startswith(("attn1.to_q.", "attn1.to_k.", "attn1.to_v.")):
        return cut_units(0, heads, dim, shard.share, shard.shares)
    if part == "attn1.to_out.0.weight":
        return cut_units(1, heads, dim, shard.share, shard.shares)
    if part.startswith("ff.net.0.proj."):
        return cut_units(0, 4 * config.inner_dim, 1, shard.share, shard.shares)
    if part == "ff.net.2.weight":
        return cut_units(1, 4 * config.inner_dim, 1, shard.share, shard.shares)
    if part.startswith(("norm1.linear.", "norm2.linear.")):
        return cut_units(0, 6 * config.inner_dim, 1, shard.share, shard.shares)
    return None
