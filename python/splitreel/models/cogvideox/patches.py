"""One video in CogVideoX, patch by patch, for PipeFusion."""

from __future__ import annotations

import torch

from splitreel.contract.types import SamplingParams
from splitreel.models.cogvideox.inputs import DenoisingInputs, guidance_at
from splitreel.models.cogvideox.patch_scheduler import PatchScheduler, Scheduler
from splitreel.models.cogvideox.transformer import SplitTransformer, latents_to_rows, rows_to_latents
from splitreel.parallel.kv_cache import KVCache
from splitreel.parallel.spans import Span
from splitreel.parallel.tokens import LocalTokens, TokenSplit


class CogVideoXPatches:
    """Implements `PatchDenoiser`. `text` (B, T, D): the halves of guidance that this rank computes."""

    def __init__(
        self,
        split: SplitTransformer,
        scheduler: Scheduler,
        params: SamplingParams,
        inputs: DenoisingInputs,
        text: torch.Tensor,
    ) -> None:
        self._split = split
        self._params = params
        self._inputs = inputs
        self._text = text
        config = split.config
        self._patch_sizes = (config.patch_size, config.patch_size_t)
        self._steps = PatchScheduler(scheduler, inputs.latents, self._to_rows, inputs.generator)
        self.rows = self._steps.rows
        self.batch, self.text_tokens = text.shape[:2]
        self.hidden_size = int(config.num_attention_heads * config.attention_head_dim)
        self.block_count = len(split.blocks)
        self.num_inference_steps = params.num_inference_steps

    def close(self) -> None:
        self._steps.close()

    def use_kv_cache(self, kv_cache: KVCache | None) -> None:
        self._split.use_kv_cache(kv_cache)

    def condition(self, step: int) -> torch.Tensor:
        timestep = self._inputs.device_timesteps[step].expand(self.batch)
        return self._split.condition(timestep, self._inputs.ofs, self.rows.dtype)

    def embed(self, rows: torch.Tensor, span: Span, split: TokenSplit) -> LocalTokens:
        latents = torch.cat([self.to_latents(rows)] * self.batch)
        if self._inputs.image_latents is not None:
            latents = torch.cat([latents, torch.cat([self._inputs.image_latents] * self.batch)], dim=2)
        return self._split.local_tokens(self._split.embed(self._text, latents), self.text_tokens, span, split)

    def run_blocks(self, local: LocalTokens, condition: torch.Tensor, span: Span, split: TokenSplit) -> LocalTokens:
        rotary = self._split.local_rotary(self._inputs.rotary, span, split)
        return self._split.run_blocks(local, condition, rotary, split)

    def predict(self, image: torch.Tensor, condition: torch.Tensor, split: TokenSplit) -> torch.Tensor:
        return self._split.predict_rows(image, condition, split)

    def step(self, step: int, span: Span, prediction: torch.Tensor) -> torch.Tensor:
        if prediction.shape[0] == 2:
            negative, positive = prediction.chunk(2)
            guidance = guidance_at(self._params, float(self._inputs.timesteps[step]))
            prediction = negative + guidance * (positive - negative)
        return self._steps.step(step, span, prediction)

    def _to_rows(self, latents: torch.Tensor) -> torch.Tensor:
        return latents_to_rows(latents, *self._patch_sizes)

    def to_latents(self, rows: torch.Tensor) -> torch.Tensor:
        return rows_to_latents(rows, self._inputs.latents, *self._patch_sizes)
