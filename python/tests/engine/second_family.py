"""The smallest possible second family: it implements `models/family.py` and uses nothing of CogVideoX.

Its text encoder averages bytes, its transformer is two blocks of attention over 4-channel latents, its VAE repeats each
latent as 8 x 8 pixels. It splits guidance and tokens over ranks, and no weights.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL.Image import Image
from safetensors.torch import save_file
from torch import nn

from splitreel.contract.types import SamplingParams
from splitreel.models.family import (
    Components,
    Denoised,
    DenoisingRun,
    Family,
    Frames,
    LoadedComponents,
    TextEmbeddings,
)
from splitreel.parallel.collectives import Traffic, all_gather
from splitreel.parallel.groups import SEQUENCE, Mesh
from splitreel.parallel.kernels import SDPA, AttentionKernel
from splitreel.parallel.pipefusion import StepResult
from splitreel.parallel.sequence import shared_attention
from splitreel.parallel.spans import split_evenly, split_into_spans

HEADS, HEAD_DIM, CHANNELS, SCALE = 4, 8, 4, 8
WIDTH = HEADS * HEAD_DIM


class Block(nn.Module):
    """Attention, then a hidden layer, both with a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x_BSD: torch.Tensor, attend: Callable[..., torch.Tensor]) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (HEADS, HEAD_DIM)).transpose(1, 2) for part in self.qkv(x_BSD).chunk(3, dim=-1))
        x_BSD = x_BSD + self.out(attend(q, k, v).transpose(1, 2).flatten(2))
        hidden: torch.Tensor = self.down(F.gelu(self.up(x_BSD)))
        return x_BSD + hidden


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.predict = nn.Linear(CHANNELS, WIDTH), nn.Linear(WIDTH, CHANNELS)
        self.blocks = nn.ModuleList(Block() for _ in range(2))


def _empty_components(_folder: Path) -> dict[str, nn.Module]:
    return {
        "text_encoder": nn.Embedding(256, WIDTH),
        "transformer": Transformer(),
        "vae": nn.Linear(CHANNELS, 3),
    }


class Decoder:
    """The writer decodes, frame by frame."""

    def __init__(self, vae: nn.Module, latents_BFCHW: torch.Tensor) -> None:
        self._vae = vae
        self._latents = latents_BFCHW
        self.units, self.rounds = 1, 1

    def decode(self, _round: int, unit_done: Callable[[], None]) -> None:
        unit_done()

    def collect(self, _round: int, unit_done: Callable[[], None]) -> None:
        """Nothing to send: every rank has the latents."""

    def frames(self) -> Iterator[Frames]:
        for latent_CHW in self._latents[0]:
            rgb_HWC = self._vae(latent_CHW.permute(1, 2, 0)).sigmoid().mul(255).round().to(torch.uint8).numpy()
            yield np.repeat(np.repeat(rgb_HWC, SCALE, axis=0), SCALE, axis=1)[None]


class SecondModel:
    """Implements `VideoModel`."""

    head_dim = HEAD_DIM
    fused_problem: str | None = "this family has no fused kernels"

    def __init__(self, loaded: LoadedComponents) -> None:
        self._text_encoder, self._vae = loaded.modules["text_encoder"], loaded.modules["vae"]
        self._transformer: Any = loaded.modules["transformer"]
        self._traffic: Traffic = loaded.tp_group.traffic
        self._mesh: Mesh | None = None
        self._kernel = SDPA
        blocks: Any = self._transformer.blocks
        self.components = Components(self._text_encoder, [], self._transformer, blocks, self._vae)

    @property
    def dtype(self) -> torch.dtype:
        return torch.float32

    def fuse(self) -> None:
        raise NotImplementedError

    def use(self, mesh: Mesh, kernel: AttentionKernel) -> None:
        self._mesh, self._kernel = mesh, kernel

    def encode_prompt(self, prompt: str, negative_prompt: str | None) -> TextEmbeddings:
        def encode(text: str) -> torch.Tensor:
            embedded: torch.Tensor = self._text_encoder(torch.tensor(list(text.encode() or b" ")))
            return embedded.mean(0)[None, None]

        return TextEmbeddings(encode(prompt), None if negative_prompt is None else encode(negative_prompt))

    def denoise(
        self, params: SamplingParams, seed: int, text: TextEmbeddings, _image: Image | None, run: DenoisingRun
    ) -> Denoised:
        shape = (1, params.num_frames, CHANNELS, params.height // SCALE, params.width // SCALE)
        latents = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        texts = [text.positive] if text.negative is None else [text.negative, text.positive]
        with run.on_device.transformer():
            for index in range(params.num_inference_steps):
                began = time.perf_counter()
                predictions = self._predict(latents, torch.cat(texts)).chunk(len(texts))
                guided = predictions[0] + params.guidance_scale * (predictions[-1] - predictions[0])
                latents = latents - guided / params.num_inference_steps
                run.on_step(StepResult(index, time.perf_counter() - began, latents))
                run.replica.raise_if_any(run.cancel_requested())
        return Denoised(latents, is_approximate=False)

    def _predict(self, latents_BFCHW: torch.Tensor, text_B1D: torch.Tensor) -> torch.Tensor:
        assert self._mesh is not None
        cfg, sequence = self._mesh["cfg"], self._mesh[SEQUENCE]
        halves = text_B1D.shape[0]
        rows = latents_BFCHW.permute(0, 1, 3, 4, 2).flatten(1, 3)
        lengths = split_evenly(rows.shape[1], sequence.size)
        own = split_into_spans(rows.shape[1], sequence.size)[sequence.index]
        x = self._transformer.embed(rows[:, own.slice]) + text_B1D.chunk(cfg.size)[cfg.index]
        for block in self._transformer.blocks:
            x = block(x, self._attend(lengths))
        x = all_gather(self._transformer.predict(x), lengths, 1, sequence, self._traffic)
        x = all_gather(x, split_evenly(halves, cfg.size), 0, cfg, self._traffic)
        frames, _, height, width = latents_BFCHW.shape[1:]
        prediction: torch.Tensor = x.reshape(halves, frames, height, width, CHANNELS).permute(0, 1, 4, 2, 3)
        return prediction

    def _attend(self, lengths: tuple[int, ...]) -> Callable[..., torch.Tensor]:
        mesh = self._mesh
        assert mesh is not None
        return lambda q, k, v: shared_attention(q, k, v, lengths, mesh, self._traffic, self._kernel)

    def decoder(self, latents_BFCHW: torch.Tensor) -> Decoder:
        return Decoder(self._vae, latents_BFCHW)

    def preview(self, latents_BFCHW: torch.Tensor) -> Frames:
        image: Frames = next(self.decoder(latents_BFCHW).frames())[0]
        return image


SECOND = Family(
    pipelines=frozenset({"SecondPipeline"}),
    empty_components=_empty_components,
    shard={},
    make=SecondModel,
)


def make_second_model(folder: Path) -> None:
    torch.manual_seed(5)
    names = {"text_encoder": "model", "transformer": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
    for component, module in _empty_components(folder).items():
        (folder / component).mkdir(parents=True)
        save_file(module.state_dict(), folder / component / f"{names[component]}.safetensors")
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "SecondPipeline"}), encoding="utf-8")
