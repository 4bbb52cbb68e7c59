"""CogVideoX 2B, 5B and 1.5-5B, text and image to video: one adapter, as their configs tell them apart.

After diffusers 0.42 `pipelines/cogvideo/pipeline_cogvideox.py` and `..._image2video.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import T5Tokenizer

from splitreel.models.adapter import OnBytes
from splitreel.models.checkpoint import Checkpoint
from splitreel.models.cogvideox_transformer import CogVideoXTransformer, Grid, cut_of, shard_names
from splitreel.models.configs import read_config, wrong_config
from splitreel.models.t5 import T5Config, T5Encoder, encoder_names
from splitreel.models.t5 import cut_of as t5_cut_of
from splitreel.models.transformer_config import TransformerConfig
from splitreel.models.vae import Vae
from splitreel.parallel.groups import Shard

_DIFFUSERS_STEM = "diffusion_pytorch_model"
_TRANSFORMERS_STEM = "model"


class CogVideoX:
    """See `Adapter`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = TransformerConfig.read(folder / "transformer")
        index = read_config(folder / "model_index.json")
        vae_file = folder / "vae" / "config.json"
        vae = read_config(vae_file)
        try:
            self._compression = 2 ** (len(vae["block_out_channels"]) - 1)
            self._temporal_compression = int(vae["temporal_compression_ratio"])
            self.latent_channels = int(vae["latent_channels"])
        except (KeyError, TypeError, ValueError) as problem:
            raise wrong_config(vae_file, problem) from problem
        self.needs_image = index.get("_class_name") == "CogVideoXImageToVideoPipeline"
        self.heads = self.config.num_attention_heads
        self.head_dim = self.config.attention_head_dim
        self.width = self.config.inner_dim
        self.text_length = self.config.max_text_seq_length
        self.text_width = self.config.text_embed_dim
        self._tokenizer: Any = None

    def grid(self, width: int, height: int, num_frames: int) -> Grid:
        frames = self._latent_frames(num_frames) + self.padding_frames(num_frames)
        patch_size_t = self.config.patch_size_t or 1
        return Grid(
            frames, height // self._compression, width // self._compression, self.config.patch_size, patch_size_t
        )

    def _latent_frames(self, num_frames: int) -> int:
        return (num_frames - 1) // self._temporal_compression + 1

    def padding_frames(self, num_frames: int) -> int:
        patch = self.config.patch_size_t
        return 0 if patch is None else -self._latent_frames(num_frames) % patch

    def offset(self, dtype: torch.dtype, device: torch.device) -> Tensor | None:
        # The value that 1.5's image to video was trained with.
        return None if self.config.ofs_embed_dim is None else torch.full((1,), 2.0, dtype=dtype, device=device)

    def condition_on_image(self, image_1FCHW: Tensor, grid: Grid, num_frames: int) -> Tensor:
        # The pipeline pads the frames first and then repeats the first latents where the padded count is odd;
        # as it pads to whole patches, that never comes to more than nothing.
        padding = image_1FCHW.new_zeros(1, grid.frames - 1, *image_1FCHW.shape[2:])
        return torch.cat([image_1FCHW, padding], dim=1)

    def scheduler_config(self) -> dict[str, object]:
        return read_config(self.folder / "scheduler" / "scheduler_config.json")

    def tokenize(self, text: str) -> Tensor:
        """Ids [1, text_length], padded or cut."""
        if self._tokenizer is None:
            self._tokenizer = T5Tokenizer.from_pretrained(self.folder / "tokenizer", local_files_only=True)
        ids: Tensor = self._tokenizer(
            text,
            padding="max_length",
            max_length=self.text_length,
            truncation=True,
            add_special_tokens=True,
            return_tensors="pt",
        ).input_ids
        return ids

    def load_transformer(
        self, shard: Shard, *, dtype: torch.dtype, device: torch.device, offloaded: bool, stream: bool, on_bytes: OnBytes
    ) -> CogVideoXTransformer:
        folder = self.folder / "transformer"
        checkpoint = Checkpoint(folder, _DIFFUSERS_STEM, on_bytes)
        return CogVideoXTransformer.load(
            folder, checkpoint, shard, dtype=dtype, device=device, offloaded=offloaded, stream_blocks=stream
        )

    def load_text_encoder(
        self, *, share: int, shares: int, dtype: torch.dtype, device: torch.device, on_bytes: OnBytes
    ) -> T5Encoder:
        folder = self.folder / "text_encoder"
        checkpoint = Checkpoint(folder, _TRANSFORMERS_STEM, on_bytes)
        return T5Encoder.load(folder, checkpoint, share=share, shares=shares, dtype=dtype, device=device)

    def load_vae(self, *, dtype: torch.dtype, device: torch.device, offloaded: bool, on_bytes: OnBytes) -> Vae:
        folder = self.folder / "vae"
        return Vae.load(
            folder, Checkpoint(folder, _DIFFUSERS_STEM, on_bytes), dtype=dtype, device=device, offloaded=offloaded
        )

    def bytes_to_read(self, shard: Shard, *, text_encoder_shares: int | None) -> int:
        transformer = Checkpoint(self.folder / "transformer", _DIFFUSERS_STEM)
        names = shard_names(self.config, shard, transformer.names)
        total = sum(transformer.stored_bytes(name, cut_of(self.config, shard, name)) for name in names)
        vae = Checkpoint(self.folder / "vae", _DIFFUSERS_STEM)
        total += sum(vae.stored_bytes(name) for name in vae.names)
        if text_encoder_shares is not None:
            folder = self.folder / "text_encoder"
            text, config = Checkpoint(folder, _TRANSFORMERS_STEM), T5Config.read(folder)
            for name in encoder_names(config, text):
                total += text.stored_bytes(name, t5_cut_of(config, name, shard.share, text_encoder_shares))
        return total
