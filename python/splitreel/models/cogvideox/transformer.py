"""CogVideoX's transformer, split over a mesh.

Follows diffusers 0.42.1, models/transformers/cogvideox_transformer_3d.py (forward) and models/attention_processor.py
(CogVideoXAttnProcessor2_0): the same operations in the same order, with the batch split by CFG, and the tokens by Ring
and Ulysses between the patch embedding and the final projection. PipeFusion calls the steps one by one instead.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from diffusers import CogVideoXTransformer3DModel
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import apply_rotary_emb

from splitreel.models.cogvideox.sharding import AbsentBlock
from splitreel.parallel.collectives import Traffic, all_gather
from splitreel.parallel.groups import SEQUENCE, Mesh
from splitreel.parallel.kernels import SDPA, AttentionKernel
from splitreel.parallel.kv_cache import KVCache
from splitreel.parallel.sequence import shared_attention
from splitreel.parallel.spans import Span, split_evenly
from splitreel.parallel.tensor import TensorParallelGroup
from splitreel.parallel.tokens import LocalTokens, TokenSplit, split_tokens

if TYPE_CHECKING:
    from splitreel.models.cogvideox.fused_blocks import HiddenStates

Rotary = tuple[torch.Tensor, torch.Tensor]
# Tokens, condition, rotary tables and token split, as `SplitTransformer.run_blocks` takes them.
RunBlocks = Callable[[LocalTokens, torch.Tensor, Rotary | None, TokenSplit], LocalTokens]


class SplitTransformer:
    """Runs a loaded transformer on a mesh. Replaces its forward and attention, never its weights."""

    def __init__(self, transformer: CogVideoXTransformer3DModel, tp_group: TensorParallelGroup) -> None:
        self._model = transformer
        self._tp_group = tp_group
        self._mesh: Mesh | None = None
        self._kernel = SDPA
        self._lengths: list[int] = []
        self._kv_cache: KVCache | None = None
        self._is_fused = False
        self.blocks = [block for block in transformer.transformer_blocks if not isinstance(block, AbsentBlock)]
        for number, block in enumerate(self.blocks):
            block.attn1.processor = _AttentionProcessor(self, number)

    def use(self, mesh: Mesh, kernel: AttentionKernel) -> None:
        self._mesh = mesh
        self._kernel = kernel
        self._kv_cache = None
        self._tp_group.group = mesh["tp"]

    def use_kv_cache(self, kv_cache: KVCache | None) -> None:
        """While a cache is set, attention covers all of its tokens and updates those of the current pass."""
        self._kv_cache = kv_cache

    @property
    def config(self) -> Any:
        return self._model.config

    @property
    def mesh(self) -> Mesh:
        assert self._mesh is not None, "call `use` before the first step"
        return self._mesh

    @property
    def traffic(self) -> Traffic:
        return self._tp_group.traffic

    def predict(
        self,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        timestep: torch.Tensor,
        ofs: torch.Tensor | None,
        image_rotary_emb: Rotary | None,
        run_blocks: RunBlocks | None = None,
    ) -> torch.Tensor:
        """As the model's forward: latents (B, F, C, H, W), text (B, T, D), timestep (B,) to the whole prediction.

        `run_blocks` is called in place of the method of that name.
        """
        cfg = self.mesh["cfg"]
        latents = hidden_states.chunk(cfg.size)[cfg.index]
        text = encoder_hidden_states.chunk(cfg.size)[cfg.index]
        condition = self.condition(timestep.chunk(cfg.size)[cfg.index], ofs, latents.dtype)
        text_length = text.shape[1]
        image_span = Span(0, image_tokens(latents, self._model.config.patch_size, self._model.config.patch_size_t))
        token_split = split_tokens(text_length, image_span.length, self.mesh[SEQUENCE].size)
        rotary = self.local_rotary(image_rotary_emb, image_span, token_split)
        # The embedded tokens get no name here, so that they are freed after the first block: 0.4 GB in 5B.
        local = (run_blocks or self.run_blocks)(
            self.local_tokens(self.embed(text, latents), text_length, image_span, token_split),
            condition,
            rotary,
            token_split,
        )
        whole = self.predict_rows(local.image, condition, token_split)
        prediction = rows_to_latents(whole, latents, self._model.config.patch_size, self._model.config.patch_size_t)
        return all_gather(prediction, split_evenly(hidden_states.shape[0], cfg.size), 0, cfg, self.traffic)

    # The steps of a forward pass, in order

    def condition(self, timestep: torch.Tensor, ofs: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
        """Timesteps (B,) to the embedding that modulates every norm, (B, E)."""
        model = self._model
        condition: torch.Tensor = model.time_embedding(model.time_proj(timestep).to(dtype))
        if model.ofs_embedding is not None:
            condition = condition + model.ofs_embedding(model.ofs_proj(ofs).to(dtype))
        return condition

    def embed(self, text: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """Text (B, T, D) and latents (B, F, C, H, W) to tokens (B, T + S, D), text first, with positional embeddings."""
        tokens: torch.Tensor = self._model.embedding_dropout(self._model.patch_embed(text, latents))
        return tokens

    def local_tokens(
        self, tokens: torch.Tensor, text_length: int, image_span: Span, token_split: TokenSplit
    ) -> LocalTokens:
        """This rank's part of the text (none if the split has none) and of a span of the image tokens."""
        index = self.mesh[SEQUENCE].index
        start = text_length + image_span.start
        image = tokens[:, start : start + image_span.length]
        text = tokens[:, : sum(token_split.text)]
        return LocalTokens(
            torch.split(image, list(token_split.image), dim=1)[index].contiguous(),
            torch.split(text, list(token_split.text), dim=1)[index].contiguous(),
        )

    def local_rotary(self, rotary: Rotary | None, image_span: Span, token_split: TokenSplit) -> Rotary | None:
        if rotary is None:
            return None
        index = self.mesh[SEQUENCE].index
        cosine, sine = (torch.split(table[image_span.slice], list(token_split.image))[index] for table in rotary)
        return cosine, sine

    def run_blocks(
        self, local: LocalTokens, condition: torch.Tensor, rotary: Rotary | None, token_split: TokenSplit
    ) -> LocalTokens:
        """Through the blocks that this rank holds. `rotary`: for this rank's image tokens."""
        if self._is_fused:
            from splitreel.models.cogvideox.fused_blocks import HiddenStates

            text_length, hidden = local.text.shape[1], HiddenStates(torch.cat((local.text, local.image), dim=1))
            del local
            return self._run_fused(hidden, text_length, condition, rotary, token_split)
        self._lengths = token_split.lengths
        image, text = local.image, local.text
        del local
        for block in self.blocks:
            image, text = block(image, text, condition, rotary)
        return LocalTokens(image, text)

    @property
    def is_fused(self) -> bool:
        return self._is_fused

    def fuse(self) -> None:
        """From now on the blocks run on our own kernels (`fused_blocks.py`)."""
        # Triton is not in every environment.
        from splitreel.models.cogvideox.fused_blocks import fused_forward

        self._is_fused = True
        for block in self.blocks:
            block.forward = MethodType(fused_forward, block)

    def _run_fused(
        self,
        hidden: HiddenStates,
        text: int,
        condition: torch.Tensor,
        rotary: Rotary | None,
        token_split: TokenSplit,
    ) -> LocalTokens:
        from splitreel.models.cogvideox.fused_attention import BlockContext
        from splitreel.models.cogvideox.fused_blocks import run_fused

        context = BlockContext(
            self.mesh, self._kernel, self.traffic, token_split.lengths, text, F.silu(condition), _contiguous(rotary)
        )
        tokens = run_fused(self.blocks, hidden, context, self._kv_cache)
        return LocalTokens(tokens[:, text:], tokens[:, :text])

    def predict_rows(self, image: torch.Tensor, condition: torch.Tensor, token_split: TokenSplit) -> torch.Tensor:
        """This rank's image tokens to the predicted rows of all ranks of the SEQUENCE group, (B, S, values)."""
        model = self._model
        # Norms and projection work token by token, so only their result is gathered.
        rows = model.proj_out(model.norm_out(model.norm_final(image), temb=condition))
        return all_gather(rows, token_split.image, 1, self.mesh[SEQUENCE], self.traffic)

    def attend(
        self,
        number: int,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        image_rotary_emb: Rotary | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One block's attention for this rank's tokens: image (B, S, D), text (B, T, D)."""
        text_length = encoder_hidden_states.shape[1]
        tokens = torch.cat((encoder_hidden_states, hidden_states), dim=1)
        q_BHSD, k_BHSD, v_BHSD = (
            project(tokens).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for project in (attn.to_q, attn.to_k, attn.to_v)
        )
        q_BHSD, k_BHSD = attn.norm_q(q_BHSD), attn.norm_k(k_BHSD)
        if image_rotary_emb is not None:
            q_BHSD[:, :, text_length:] = apply_rotary_emb(q_BHSD[:, :, text_length:], image_rotary_emb)
            k_BHSD[:, :, text_length:] = apply_rotary_emb(k_BHSD[:, :, text_length:], image_rotary_emb)
        kv_cache = None if self._kv_cache is None else self._kv_cache.block(number)
        out = shared_attention(q_BHSD, k_BHSD, v_BHSD, self._lengths, self.mesh, self.traffic, self._kernel, kv_cache)
        out = attn.to_out[1](attn.to_out[0](out.transpose(1, 2).flatten(2)))
        return out[:, text_length:], out[:, :text_length]


def _contiguous(rotary: Rotary | None) -> Rotary | None:
    return None if rotary is None else (rotary[0].contiguous(), rotary[1].contiguous())


class _AttentionProcessor:
    """The attention processor. A class, because diffusers inspects the parameter names of `__call__`."""

    def __init__(self, split: SplitTransformer, number: int) -> None:
        self._split = split
        self._number = number

    def __call__(
        self,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        image_rotary_emb: Rotary | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        assert attention_mask is None, "CogVideoX has no mask"
        return self._split.attend(self._number, attn, hidden_states, encoder_hidden_states, image_rotary_emb)


def image_tokens(latents: torch.Tensor, patch: int, patch_time: int | None) -> int:
    """Number of image tokens for latents (B, F, C, H, W)."""
    _, frames, _, height, width = latents.shape
    return -(-frames // (patch_time or 1)) * (height // patch) * (width // patch)


def rows_to_latents(rows: torch.Tensor, like: torch.Tensor, patch: int, patch_time: int | None) -> torch.Tensor:
    """(B, S, values of a patch) to (B, F, C, H, W): F, H and W of `like`, C from the rows."""
    batch, frames, _, height, width = like.shape
    if patch_time is None:
        grid = rows.reshape(batch, frames, height // patch, width // patch, -1, patch, patch)
        return grid.permute(0, 1, 4, 2, 5, 3, 6).flatten(5, 6).flatten(3, 4)
    steps = (frames + patch_time - 1) // patch_time
    grid = rows.reshape(batch, steps, height // patch, width // patch, -1, patch_time, patch, patch)
    return grid.permute(0, 1, 5, 4, 2, 6, 3, 7).flatten(6, 7).flatten(4, 5).flatten(1, 2)


def latents_to_rows(latents: torch.Tensor, patch: int, patch_time: int | None) -> torch.Tensor:
    """(B, F, C, H, W) to (B, S, values of a patch)."""
    batch, frames, channels, height, width = latents.shape
    tokens = image_tokens(latents, patch, patch_time)
    if patch_time is None:
        grid = latents.reshape(batch, frames, channels, height // patch, patch, width // patch, patch)
        return grid.permute(0, 1, 3, 5, 2, 4, 6).reshape(batch, tokens, -1)
    grid = latents.reshape(
        batch, frames // patch_time, patch_time, channels, height // patch, patch, width // patch, patch
    )
    return grid.permute(0, 1, 4, 6, 3, 2, 5, 7).reshape(batch, tokens, -1)
