"""One training step of text encoder and transformer: the loss, the batches, and the CUDA graph around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

from splitreel.demo.corpus import Corpus
from splitreel.demo.latents import Bucket, LatentBank
from splitreel.demo.model import new_scheduler, new_transformer
from splitreel.demo.optimizer import Optimizer
from splitreel.demo.text import Probes, new_text_encoder
from splitreel.demo.tokenizer import TEXT_LENGTH

OBJECT_WEIGHT: Final = 2.0
PROBE_WEIGHT: Final = 0.02


@dataclass(frozen=True, slots=True)
class Sample:
    """One batch, in fixed buffers that a CUDA graph reads on every replay."""

    z: Tensor
    noise: Tensor
    mask: Tensor
    t: Tensor
    ids: Tensor
    said: Tensor


class Model(nn.Module):
    """Everything that is trained, and the loss."""

    alphas: Tensor

    def __init__(self, pieces: int, layers: int) -> None:
        super().__init__()
        self.text = new_text_encoder(pieces)
        self.transformer = new_transformer(layers)
        self.probes = Probes()
        self.register_buffer("alphas", new_scheduler().alphas_cumprod.float(), persistent=False)

    def forward(self, sample: Sample, rope: tuple[Tensor, Tensor]) -> Tensor:
        """v-prediction, with more weight on the object while the noise still shows it; beyond that the weight would bias."""
        alpha = self.alphas[sample.t].view(-1, 1, 1, 1, 1)
        noised = alpha.sqrt() * sample.z + (1 - alpha).sqrt() * sample.noise
        v = alpha.sqrt() * sample.noise - (1 - alpha).sqrt() * sample.z
        states = self.text(input_ids=sample.ids)[0]
        predicted = self.transformer(
            hidden_states=noised,
            encoder_hidden_states=states,
            timestep=sample.t,
            image_rotary_emb=rope,
            return_dict=False,
        )[0]
        weight = 1 + OBJECT_WEIGHT * sample.mask * (sample.t < 800).view(-1, 1, 1, 1, 1)
        error = (weight * (predicted.float() - v) ** 2).mean() / weight.mean()
        return torch.stack((error + PROBE_WEIGHT * self.probes(states, sample.said), error.detach()))

    def split(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """The blocks' matrices, for Muon, and all other parameters."""
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, parameter in self.named_parameters():
            inner = "transformer_blocks" in name and parameter.ndim == 2 and "norm" not in name
            (matrices if inner else others).append(parameter)
        return matrices, others


def sample_timesteps(count: int, device: torch.device) -> Tensor:
    """Stratified over the batch; a quarter at 900 and above, where colors and paths are decided."""
    u = (torch.randperm(count, device=device) + torch.rand(count, device=device)) / count
    late = 900 + 100 * (u / 0.25)
    early = 1000 * ((u - 0.25) / 0.75).clamp(min=0) ** 0.8
    return torch.where(u < 0.25, late, early).long().clamp(0, 999)


class Feeder:
    """Fills a bucket's buffers with a random batch from its bank."""

    def __init__(self, bucket: Bucket, bank: LatentBank, corpus: Corpus, batch: int) -> None:
        self.bank, self.corpus, self.bucket = bank, corpus, bucket
        device = bank.z.device
        z, mask = bank.z[:1].float(), bank.mask[:1].float()
        self.sample = Sample(
            z=z.expand(batch, -1, -1, -1, -1).clone(),
            noise=z.expand(batch, -1, -1, -1, -1).clone(),
            mask=mask.expand(batch, -1, -1, -1, -1).clone(),
            t=torch.zeros(batch, dtype=torch.int64, device=device),
            ids=torch.zeros(batch, bucket.text_length, dtype=torch.int64, device=device),
            said=torch.zeros(batch, corpus.said_SKA.shape[-1], dtype=torch.int64, device=device),
        )

    @torch.no_grad()
    def fill(self) -> None:
        s, device = self.sample, self.bank.z.device
        count = len(s.t)
        at = torch.randint(len(self.bank.z), (count,), device=device)
        scene = self.bank.scene[at]
        wording = torch.randint(self.corpus.ids_SKL.shape[1], (count,), device=device)
        s.z.copy_(self.bank.z[at])
        s.mask.copy_(self.bank.mask[at])
        s.noise.normal_()
        s.t.copy_(sample_timesteps(count, device))
        s.ids[:, :TEXT_LENGTH].copy_(self.corpus.ids_SKL[scene, wording])
        s.said.copy_(self.corpus.said_SKA[scene, wording])


class Stepper:
    """One training step on a bucket. After a few steps it becomes a CUDA graph, if that works.

    `compiled`: whether compiling is worthwhile for this bucket. The others run the blocks uncompiled.
    """

    def __init__(
        self, model: Model, optimizer: Optimizer, feeder: Feeder, rope: tuple[Tensor, Tensor], pool: Any, compiled: bool
    ) -> None:
        """`pool`: the memory that all graphs share, as only one runs at a time; None for no graphs."""
        self._pool = pool
        self._stance: Literal["default", "force_eager"] = "default" if compiled else "force_eager"
        self.model, self.optimizer, self.feeder, self.rope = model, optimizer, feeder, rope
        self.loss = torch.zeros(2, device=rope[0].device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._eager_left = 3 if pool is not None else -1

    def _run(self) -> None:
        device = self.loss.device.type
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda", cache_enabled=False):
            losses = self.model(self.feeder.sample, self.rope)
        for parameter in self.optimizer.parameters:
            parameter.grad = None
        losses[0].backward()
        self.optimizer.step()
        self.loss.copy_(losses.detach())

    def _run_compiled_or_eager(self) -> None:
        try:
            with torch.compiler.set_stance(self._stance):
                self._run()
        except Exception as error:
            if self._stance == "force_eager":
                raise
            print(f"not compiled: {self.feeder.bucket}: {str(error)[:300]}", flush=True)
            self._stance = "force_eager"
            self._run_compiled_or_eager()

    def __call__(self) -> None:
        self.feeder.fill()
        if self._graph is not None:
            self._graph.replay()
            return
        if self._eager_left == 0:
            self._eager_left = -1
            torch.cuda.synchronize()
            try:
                graph = torch.cuda.CUDAGraph()
                with torch.compiler.set_stance(self._stance), torch.cuda.graph(graph, pool=self._pool):
                    self._run()
            except RuntimeError as error:
                print(f"no CUDA graph for {self.feeder.bucket}: {str(error)[:300]}", flush=True)
                torch.cuda.synchronize()
            else:
                self._graph = graph
                graph.replay()
                return
        elif self._eager_left > 0:
            self._eager_left -= 1
        self._run_compiled_or_eager()
