"""Trains text encoder and transformer together: `python -m splitreel.demo.train --tokenizer T --vae V --out OUT`.

Stops by itself: the rate falls to zero at the end of `--seconds`, then the averaged weights are written as a diffusers
folder (OUT/model) and as a checkpoint (OUT/checkpoint) that `--resume` goes on from, and scored.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import torch
from diffusers import AutoencoderKLCogVideoX
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoTokenizer

from splitreel.demo.captions import held_out_captions
from splitreel.demo.clips import Frame
from splitreel.demo.corpus import Corpus, build_corpus
from splitreel.demo.evaluate import make_clips
from splitreel.demo.latents import Bucket, LatentBank
from splitreel.demo.model import new_pipeline, new_scheduler, new_transformer, save_folder
from splitreel.demo.optimizer import Optimizer
from splitreel.demo.recogniser import recognise, score
from splitreel.demo.sheet import write_sheet
from splitreel.demo.text import Probes, new_text_encoder
from splitreel.demo.tokenizer import TEXT_LENGTH

BUCKETS: Final = (
    Bucket(Frame(17, 64, 96), TEXT_LENGTH, 0.42),
    Bucket(Frame(9, 64, 96), TEXT_LENGTH, 0.20),
    Bucket(Frame(17, 64, 96), 226, 0.03),  # the length that diffusers' pipeline pads to unless told
    Bucket(Frame(25, 64, 96), TEXT_LENGTH, 0.05),
    Bucket(Frame(33, 64, 96), TEXT_LENGTH, 0.05),
    Bucket(Frame(49, 64, 96), TEXT_LENGTH, 0.07),
    Bucket(Frame(9, 96, 128), TEXT_LENGTH, 0.05),
    Bucket(Frame(17, 96, 128), TEXT_LENGTH, 0.09),
    Bucket(Frame(49, 96, 128), TEXT_LENGTH, 0.04),
)
OBJECT_WEIGHT: Final = 2.0
PROBE_WEIGHT: Final = 0.02
AVERAGE_EVERY: Final = 4
PART_BYTES: Final = 14_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One batch, as fixed buffers that a CUDA graph can read again and again."""

    z: Tensor
    noise: Tensor
    mask: Tensor
    t: Tensor
    ids: Tensor
    said: Tensor


class Model(nn.Module):
    """Everything with gradients, and the loss."""

    alphas: Tensor

    def __init__(self, pieces: int, layers: int) -> None:
        super().__init__()
        self.text = new_text_encoder(pieces)
        self.transformer = new_transformer(layers)
        self.probes = Probes()
        self.register_buffer("alphas", new_scheduler().alphas_cumprod.float(), persistent=False)

    def forward(self, sample: Sample, rope: tuple[Tensor, Tensor]) -> Tensor:
        """v-prediction, with more weight on the object where the noise still lets it be seen (elsewhere it would bias)."""
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
        """The blocks' matrices, which Muon takes, and all else."""
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, parameter in self.named_parameters():
            inner = "transformer_blocks" in name and parameter.ndim == 2 and "norm" not in name
            (matrices if inner else others).append(parameter)
        return matrices, others


def sample_timesteps(count: int, device: torch.device) -> Tensor:
    """Stratified over the batch; a quarter at 900 and above, where colours and paths are decided."""
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
    """One training step on a bucket; after a few steps it becomes a CUDA graph where that works.

    `compiled` says whether this bucket is worth the compiler's time; the others run the blocks as they are.
    """

    def __init__(
        self, model: Model, optimizer: Optimizer, feeder: Feeder, rope: tuple[Tensor, Tensor], pool: Any, compiled: bool
    ) -> None:
        """`pool` is the memory that all graphs share, since one runs at a time; None does without graphs."""
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

    def _run_or_give_up_compiling(self) -> None:
        try:
            with torch.compiler.set_stance(self._stance):
                self._run()
        except Exception as error:
            if self._stance == "force_eager":
                raise
            print(f"not compiled: {self.feeder.bucket}: {str(error)[:300]}", flush=True)
            self._stance = "force_eager"
            self._run_or_give_up_compiling()

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
        self._run_or_give_up_compiling()


def save_parts(tensors: dict[str, Tensor], folder: Path, name: str) -> None:
    """Safetensors files of at most PART_BYTES (and one tensor)."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(f"{name}-*.safetensors"):
        stale.unlink()
    part: dict[str, Tensor] = {}
    size, number = 0, 0
    for key, tensor in tensors.items():
        if part and size + tensor.nbytes > PART_BYTES:
            save_file(part, folder / f"{name}-{number}.safetensors")
            part, size, number = {}, 0, number + 1
        part[key] = tensor.detach().cpu().contiguous().clone()
        size += tensor.nbytes
    save_file(part, folder / f"{name}-{number}.safetensors")


def load_parts(folder: Path, name: str) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob(f"{name}-*.safetensors")):
        found |= load_file(path)
    return found


def train_text(model: Model, corpus: Corpus, seconds: float, batch: int) -> None:
    """The encoder alone, on the probes, so that the transformer never meets text that says nothing."""
    parameters = [*model.text.parameters(), *model.probes.parameters()]
    device = parameters[0].device
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    begun, step = time.monotonic(), 0
    while (elapsed := time.monotonic() - begun) < seconds or step < 2:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * max(0.05, 1 - elapsed / max(seconds, 1e-6))
        scene = torch.randint(len(corpus.ids_SKL), (batch,), device=device)
        wording = torch.randint(corpus.ids_SKL.shape[1], (batch,), device=device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            states = model.text(input_ids=corpus.ids_SKL[scene, wording].long())[0]
        loss = model.probes(states, corpus.said_SKA[scene, wording].long())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        if step % 200 == 0:
            print(f"text {elapsed:.0f} s step {step} probe loss {loss.item():.4f}", flush=True)


def evaluate(pipeline: Any, out: Path, deadline: float, captions: int) -> None:
    scenes, prompts = (list(column) for column in zip(*held_out_captions(captions), strict=True))
    for width, height, frames, guidance, dynamic in (
        (96, 64, 17, 6.0, True),
        (96, 64, 17, 3.0, True),
        (96, 64, 17, 3.0, False),
        (96, 64, 9, 6.0, True),
        (128, 96, 17, 6.0, True),
        (96, 64, 49, 6.0, True),
        (96, 64, 17, 1.5, False),
    ):
        if time.monotonic() > deadline:
            return
        clips = make_clips(pipeline, prompts, Frame(frames, height, width), 25, guidance, dynamic, 32)
        scores = score([recognise(clip) for clip in clips], scenes)
        print(f"eval {width}x{height} {frames} frames guidance {guidance} dynamic {dynamic}: {scores}", flush=True)
        write_sheet(
            clips[:14], prompts[:14], out / f"sheet-{width}-{frames}-{guidance:g}{'-dynamic' if dynamic else ''}.png"
        )


def main() -> None:
    begun = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="checkpoint folder to go on from")
    parser.add_argument("--init", type=Path, help="transformer folder to start from (its text is learned anew)")
    parser.add_argument("--seconds", type=float, default=480, help="in all, from the start to the end of training")
    parser.add_argument("--eval-seconds", type=float, default=60)
    parser.add_argument("--text-seconds", type=float, default=15)
    parser.add_argument("--bank-seconds", type=float, default=40)
    parser.add_argument("--fall", type=float, default=0.5, help="share of the training in which the rate falls to zero")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch-tokens", type=int, default=135_000)
    parser.add_argument("--scenes", type=int, default=200_000)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--buckets", type=int, default=len(BUCKETS), help="use only the first of them")
    parser.add_argument("--captions", type=int, default=128, help="held-out captions to score with")
    parser.add_argument("--compile", action="store_true", help="compile the blocks and capture CUDA graphs")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    log: Callable[[str], None] = lambda text: print(f"[{time.monotonic() - begun:.0f} s] {text}", flush=True)  # noqa: E731

    corpus = build_corpus(options.tokenizer / "tokenizer.json", options.scenes, 3, os.cpu_count() or 1, options.seed)
    device = torch.device(options.device)
    corpus = corpus.to(device)
    torch.manual_seed(options.seed)
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
    vae = (
        AutoencoderKLCogVideoX.from_pretrained(options.vae, dtype=torch.float32).to(device).eval().requires_grad_(False)
    )
    model = Model(len(tokenizer), options.layers).to(device)
    if options.resume:
        model.load_state_dict(load_parts(options.resume, "weights"), strict=True)
    elif options.init:
        started = load_file(options.init / "diffusion_pytorch_model.safetensors")
        model.transformer.load_state_dict({key: value.float() for key, value in started.items()})
    log(
        f"{sum(p.numel() for p in model.transformer.parameters())} + {sum(p.numel() for p in model.text.parameters())} parameters"
    )

    random, generator = Random(options.seed + 1), torch.Generator(device).manual_seed(options.seed + 1)
    buckets = BUCKETS[: options.buckets]
    banks: dict[Frame, LatentBank] = {}
    for bucket in buckets:
        size = max(2, min(128, options.batch_tokens // 2 // bucket.tokens()))
        banks.setdefault(bucket.frame, LatentBank(bucket.frame, size))
    next_scene = 0
    for bank in banks.values():
        bank.extend(vae, corpus.labels_SA, next_scene, generator)
        next_scene += bank.batch
    bank_begun = time.monotonic()
    while time.monotonic() - bank_begun < options.bank_seconds:
        bucket = random.choices(buckets, [b.share for b in buckets])[0]
        banks[bucket.frame].extend(vae, corpus.labels_SA, next_scene, generator)
        next_scene += banks[bucket.frame].batch
        if device.type == "cuda":
            torch.cuda.synchronize()
    for bank in banks.values():
        bank.seal()
    if not options.resume:  # one scale for all runs that follow each other
        first = banks[buckets[0].frame].z.float()
        vae.register_to_config(scaling_factor=round(vae.config.scaling_factor / first.std().item(), 4))
        for bank in banks.values():
            bank.z /= first.std()
        train_text(model, corpus, options.text_seconds, 512 if device.type == "cuda" else 16)
    log(f"banks {[bank.clips for bank in banks.values()]} scale {vae.config.scaling_factor}")

    pipeline = new_pipeline(tokenizer, model.text, vae, model.transformer)
    pipeline.set_progress_bar_config(disable=True)
    ropes = {
        bucket.frame: pipeline._prepare_rotary_positional_embeddings(
            bucket.frame.height, bucket.frame.width, (bucket.frame.frames - 1) // 4 + 1, device
        )
        for bucket in buckets
    }
    optimizer = Optimizer(*model.split())
    average = [p.detach().clone() for p in optimizer.parameters]
    if options.compile:
        for block in model.transformer.transformer_blocks:
            block.compile(dynamic=False)
        torch._dynamo.config.cache_size_limit = 64
    worth_compiling = sorted(buckets, key=lambda b: -b.share)[:2]
    pool = torch.cuda.graph_pool_handle() if options.compile and device.type == "cuda" else None
    steppers = [
        Stepper(
            model,
            optimizer,
            Feeder(b, banks[b.frame], corpus, max(2, options.batch_tokens // b.tokens() // 8 * 8)),
            ropes[b.frame],
            pool,
            b in worth_compiling,
        )
        for b in buckets
    ]
    train_begun = time.monotonic()
    budget = max(0.0, options.seconds - (train_begun - begun))
    step, samples, mark, mark_step = 0, 0, train_begun, 0
    while (elapsed := time.monotonic() - train_begun) < budget or step < AVERAGE_EVERY:
        left = max(0.0, 1 - elapsed / max(budget, 1e-6))
        rate = options.rate * min(1.0, (step + 1) / 300) * min(1.0, left / max(options.fall, 1e-6))
        optimizer.set_rate(rate)
        stepper = random.choices(steppers, [b.share for b in buckets])[0]
        stepper()
        step, samples = step + 1, samples + len(stepper.feeder.sample.t)
        if step % AVERAGE_EVERY == 0:
            decay = min(0.9990, step / (step + 40)) ** AVERAGE_EVERY
            torch._foreach_lerp_(average, [p.data for p in optimizer.parameters], 1 - decay)
        if step % 25 == 0 and options.bank_seconds > 0:
            bank = banks[stepper.feeder.bucket.frame]
            bank.renew(vae, corpus.labels_SA, next_scene, generator)
            next_scene += bank.batch
            if device.type == "cuda":
                torch.cuda.synchronize()  # or the clock runs ahead of the work
        if step % 200 == 0 or (step < 200 and step % 50 == 0):
            losses = [f"{s.loss[1].item():.4f}" for s in steppers]
            now = time.monotonic()
            log(
                f"step {step} samples {samples} {(step - mark_step) / (now - mark):.1f}/s rate {rate:.1e} probe {(stepper.loss[0] - stepper.loss[1]).item():.4f} losses {' '.join(losses)}"
            )
            mark, mark_step = now, step
    log(f"trained {step} steps, {samples} samples, bank {sum(bank.clips for bank in banks.values())} clips")

    with torch.no_grad():
        for parameter, mean in zip(optimizer.parameters, average, strict=True):
            parameter.copy_(mean)
    save_parts(model.state_dict(), options.out / "checkpoint", "weights")
    (options.out / "checkpoint" / "run.json").write_text(
        json.dumps({"steps": step, "samples": samples, "seconds": round(time.monotonic() - train_begun)}) + "\n",
        "utf-8",
    )
    fresh = Model(len(tokenizer), options.layers)
    fresh.load_state_dict(load_parts(options.out / "checkpoint", "weights"))
    vae.save_pretrained(options.out / "vae")
    exported = AutoencoderKLCogVideoX.from_pretrained(options.out / "vae", dtype=torch.float32)
    size = save_folder(new_pipeline(tokenizer, fresh.text, exported, fresh.transformer), options.out / "model")
    log(f"wrote {size} bytes")
    trial = new_pipeline(tokenizer, fresh.text.float().to(device), vae, fresh.transformer.float().to(device))
    trial.set_progress_bar_config(disable=True)
    evaluate(trial.to(device), options.out, time.monotonic() + options.eval_seconds, options.captions)
    log("done")


if __name__ == "__main__":
    main()
