"""CogVideoX (2B, 5B, 1.5; text and image to video): its transformer, cut for a mesh.

Follows diffusers 0.42.1, models/transformers/cogvideox_transformer_3d.py (forward) and models/attention_processor.py
(CogVideoXAttnProcessor2_0): the same operations in the same order, with the batch cut by CFG and the tokens by Ring
and Ulysses between the patch embedding and the final projection.
"""

from __future__ import annotations

from types import MethodType

import torch
from diffusers import CogVideoXTransformer3DModel
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import apply_rotary_emb

from splitreel.parallel.collectives import Traffic, all_gather, shares
from splitreel.parallel.groups import SEQUENCE, Mesh
from splitreel.parallel.kernels import SDPA, AttentionKernel
from splitreel.parallel.sequence import shared_attention

Rotary = tuple[torch.Tensor, torch.Tensor]


class SplitTransformer:
    """Puts a mesh into a loaded transformer and takes it out again; weights are not touched."""

    def __init__(self, transformer: CogVideoXTransformer3DModel, traffic: Traffic) -> None:
        self._model = transformer
        self._traffic = traffic
        self._mesh: Mesh | None = None
        self._kernel = SDPA
        self._lengths: list[int] = []
        # The pipeline calls the module; this is what it reaches.
        transformer.forward = MethodType(lambda _model, *args, **kwargs: self._forward(*args, **kwargs), transformer)
        for block in transformer.transformer_blocks:
            block.attn1.processor = _SharedProcessor(self)

    def use(self, mesh: Mesh, kernel: AttentionKernel) -> None:
        self._mesh = mesh
        self._kernel = kernel

    @property
    def mesh(self) -> Mesh:
        assert self._mesh is not None, "a mesh is set before the first step"
        return self._mesh

    def _forward(
        self,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        timestep: torch.Tensor,
        ofs: torch.Tensor | None = None,
        image_rotary_emb: Rotary | None = None,
        attention_kwargs: dict[str, object] | None = None,
        return_dict: bool = False,
    ) -> tuple[torch.Tensor]:
        """As diffusers': latents (B, F, C, H, W), text (B, T, D), timestep (B,); returns the prediction, whole."""
        assert not return_dict
        assert not attention_kwargs
        mesh, model = self.mesh, self._model
        cfg, sequence = mesh["cfg"], mesh[SEQUENCE]
        latents = hidden_states.chunk(cfg.size)[cfg.index]
        text = encoder_hidden_states.chunk(cfg.size)[cfg.index]
        time = model.time_embedding(model.time_proj(timestep.chunk(cfg.size)[cfg.index]).to(latents.dtype))
        if model.ofs_embedding is not None:
            time = time + model.ofs_embedding(model.ofs_proj(ofs).to(latents.dtype))

        tokens = model.embedding_dropout(model.patch_embed(text, latents))
        text_length = text.shape[1]
        text_cut = shares(text_length, sequence.size)
        image_cut = shares(tokens.shape[1] - text_length, sequence.size)
        self._lengths = [own_text + own_image for own_text, own_image in zip(text_cut, image_cut, strict=True)]
        text_part = torch.split(tokens[:, :text_length], text_cut, dim=1)[sequence.index].contiguous()
        image_part = torch.split(tokens[:, text_length:], image_cut, dim=1)[sequence.index].contiguous()
        rotary = _cut_rotary(image_rotary_emb, image_cut, sequence.index)

        for block in model.transformer_blocks:
            image_part, text_part = block(image_part, text_part, time, rotary)

        # Norms and the projection work on each token alone, so only their result is gathered.
        image_part = model.proj_out(model.norm_out(model.norm_final(image_part), temb=time))
        whole = all_gather(image_part, image_cut, 1, sequence, self._traffic)
        prediction = _unpatchify(whole, latents, model.config.patch_size, model.config.patch_size_t)
        batches = shares(hidden_states.shape[0], cfg.size)
        return (all_gather(prediction, batches, 0, cfg, self._traffic),)

    def attend(
        self,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        image_rotary_emb: Rotary | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The attention of one block on this rank's tokens: image (B, S, D), text (B, T, D)."""
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
        out = shared_attention(q_BHSD, k_BHSD, v_BHSD, self._lengths, self.mesh, self._traffic, self._kernel)
        out = attn.to_out[1](attn.to_out[0](out.transpose(1, 2).flatten(2)))
        return out[:, text_length:], out[:, :text_length]


class _SharedProcessor:
    """What a block's attention calls. A class, because diffusers reads the names of `__call__`'s parameters."""

    def __init__(self, split: SplitTransformer) -> None:
        self._split = split

    def __call__(
        self,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        image_rotary_emb: Rotary | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        assert attention_mask is None, "CogVideoX has no mask"
        return self._split.attend(attn, hidden_states, encoder_hidden_states, image_rotary_emb)


def _cut_rotary(rotary: Rotary | None, lengths: list[int], index: int) -> Rotary | None:
    if rotary is None:
        return None
    cosine, sine = rotary
    return torch.split(cosine, lengths)[index], torch.split(sine, lengths)[index]


def _unpatchify(tokens: torch.Tensor, latents: torch.Tensor, patch: int, patch_time: int | None) -> torch.Tensor:
    """(B, S, values of a patch) to (B, F, C, H, W), the shape of `latents` but for its channels."""
    batch, frames, _, height, width = latents.shape
    if patch_time is None:
        grid = tokens.reshape(batch, frames, height // patch, width // patch, -1, patch, patch)
        return grid.permute(0, 1, 4, 2, 5, 3, 6).flatten(5, 6).flatten(3, 4)
    steps = (frames + patch_time - 1) // patch_time
    grid = tokens.reshape(batch, steps, height // patch, width // patch, -1, patch_time, patch, patch)
    return grid.permute(0, 1, 5, 4, 2, 6, 3, 7).flatten(6, 7).flatten(4, 5).flatten(1, 2)
