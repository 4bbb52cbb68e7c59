"""Trains text encoder and transformer together: `python -m splitreel.demo.train --tokenizer T --vae V --out OUT`.

Training stops by itself: the learning rate falls to zero at the end of `--seconds`. Then the averaged weights are written
as a diffusers folder (OUT/model) and as a checkpoint (OUT/checkpoint) from which `--resume` continues, and are scored.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from diffusers import AutoencoderKLCogVideoX
from safetensors.torch import load_file
from transformers import AutoTokenizer

from splitreel.demo.captions import held_out_captions
from splitreel.demo.checkpoint import load_parts, save_parts
from splitreel.demo.clips import Frame
from splitreel.demo.corpus import Corpus, build_corpus
from splitreel.demo.evaluate import make_clips
from splitreel.demo.latents import Bucket, LatentBank
from splitreel.demo.model import new_pipeline, save_folder
from splitreel.demo.optimizer import Optimizer
from splitreel.demo.recognizer import recognize, score
from splitreel.demo.sheet import write_sheet
from splitreel.demo.tokenizer import TEXT_LENGTH
from splitreel.demo.training_step import Feeder, Model, Stepper

BUCKETS: Final = (
    Bucket(Frame(17, 64, 96), TEXT_LENGTH, 0.42),
    Bucket(Frame(9, 64, 96), TEXT_LENGTH, 0.20),
    Bucket(Frame(17, 64, 96), 226, 0.03),  # the length that diffusers' pipeline pads to by default
    Bucket(Frame(25, 64, 96), TEXT_LENGTH, 0.05),
    Bucket(Frame(33, 64, 96), TEXT_LENGTH, 0.05),
    Bucket(Frame(49, 64, 96), TEXT_LENGTH, 0.07),
    Bucket(Frame(9, 96, 128), TEXT_LENGTH, 0.05),
    Bucket(Frame(17, 96, 128), TEXT_LENGTH, 0.09),
    Bucket(Frame(49, 96, 128), TEXT_LENGTH, 0.04),
)
AVERAGE_EVERY: Final = 4


def train_text(model: Model, corpus: Corpus, seconds: float, batch: int) -> None:
    """Trains the encoder alone, on the probes, so that the transformer starts with meaningful embeddings."""
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
        scores = score([recognize(clip) for clip in clips], scenes)
        print(f"eval {width}x{height} {frames} frames guidance {guidance} dynamic {dynamic}: {scores}", flush=True)
        write_sheet(
            clips[:14], prompts[:14], out / f"sheet-{width}-{frames}-{guidance:g}{'-dynamic' if dynamic else ''}.png"
        )


class Banks:
    """Latents of clips for every bucket, encoded from the corpus's scenes in order."""

    def __init__(self, buckets: tuple[Bucket, ...], vae: Any, corpus: Corpus, options: argparse.Namespace) -> None:
        self._vae, self._corpus = vae, corpus
        self._device = corpus.labels_SA.device
        self._generator = torch.Generator(self._device).manual_seed(options.seed + 1)
        self._next_scene = 0
        self.by_frame: dict[Frame, LatentBank] = {}
        for bucket in buckets:
            size = max(2, min(128, options.batch_tokens // 2 // bucket.tokens()))
            self.by_frame.setdefault(bucket.frame, LatentBank(bucket.frame, size))

    def fill(self, buckets: tuple[Bucket, ...], random: Random, seconds: float) -> None:
        for bank in self.by_frame.values():
            self._extend(bank)
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            bucket = random.choices(buckets, [b.share for b in buckets])[0]
            self._extend(self.by_frame[bucket.frame])
            self.synchronize()
        for bank in self.by_frame.values():
            bank.seal()

    def _extend(self, bank: LatentBank) -> None:
        bank.extend(self._vae, self._corpus.labels_SA, self._next_scene, self._generator)
        self._next_scene += bank.batch

    def renew(self, frame: Frame) -> None:
        bank = self.by_frame[frame]
        bank.renew(self._vae, self._corpus.labels_SA, self._next_scene, self._generator)
        self._next_scene += bank.batch
        self.synchronize()

    def synchronize(self) -> None:
        """Without it the clock would run ahead of the work."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def normalize(self, frame: Frame) -> None:
        """Scales all latents, and the VAE's factor, so that this frame size's latents have unit variance."""
        deviation = self.by_frame[frame].z.float().std()
        self._vae.register_to_config(scaling_factor=round(self._vae.config.scaling_factor / deviation.item(), 4))
        for bank in self.by_frame.values():
            bank.z /= deviation

    @property
    def clips(self) -> list[int]:
        return [bank.clips for bank in self.by_frame.values()]


class Training:
    """One run of the command, from its options to the written model."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._begun = time.monotonic()
        self._options = options
        self._device = torch.device(options.device)
        tokens = options.tokenizer / "tokenizer.json"
        self._corpus = build_corpus(tokens, options.scenes, 3, os.cpu_count() or 1, options.seed).to(self._device)
        torch.manual_seed(options.seed)
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
        self._tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
        vae = AutoencoderKLCogVideoX.from_pretrained(options.vae, dtype=torch.float32)
        self._vae = vae.to(self._device).eval().requires_grad_(False)
        self._model = Model(len(self._tokenizer), options.layers).to(self._device)
        self._load_start()
        self._random = Random(options.seed + 1)
        self._buckets = BUCKETS[: options.buckets]
        self._banks = Banks(self._buckets, self._vae, self._corpus, options)
        self._samples = 0

    def _log(self, text: str) -> None:
        print(f"[{time.monotonic() - self._begun:.0f} s] {text}", flush=True)

    def _load_start(self) -> None:
        if self._options.resume:
            self._model.load_state_dict(load_parts(self._options.resume, "weights"), strict=True)
        elif self._options.init:
            started = load_file(self._options.init / "diffusion_pytorch_model.safetensors")
            self._model.transformer.load_state_dict({key: value.float() for key, value in started.items()})
        counts = [sum(p.numel() for p in part.parameters()) for part in (self._model.transformer, self._model.text)]
        self._log(f"{counts[0]} + {counts[1]} parameters")

    def run(self) -> None:
        options = self._options
        self._banks.fill(self._buckets, self._random, options.bank_seconds)
        if not options.resume:  # runs that resume keep the first run's scale
            self._banks.normalize(self._buckets[0].frame)
            train_text(self._model, self._corpus, options.text_seconds, 512 if self._device.type == "cuda" else 16)
        self._log(f"banks {self._banks.clips} scale {self._vae.config.scaling_factor}")
        optimizer = Optimizer(*self._model.split())
        begun = time.monotonic()
        steps = self._train(optimizer, self._steppers(optimizer))
        self._log(f"trained {steps} steps, {self._samples} samples, bank {sum(self._banks.clips)} clips")
        run = {"steps": steps, "samples": self._samples, "seconds": round(time.monotonic() - begun)}
        self._write(run)

    def _steppers(self, optimizer: Optimizer) -> list[Stepper]:
        options, model = self._options, self._model
        pipeline = new_pipeline(self._tokenizer, model.text, self._vae, model.transformer)
        if options.compile:
            for block in model.transformer.transformer_blocks:
                block.compile(dynamic=False)
            torch._dynamo.config.cache_size_limit = 64
        worth_compiling = sorted(self._buckets, key=lambda b: -b.share)[:2]
        pool = torch.cuda.graph_pool_handle() if options.compile and self._device.type == "cuda" else None
        return [
            Stepper(
                model,
                optimizer,
                Feeder(
                    b,
                    self._banks.by_frame[b.frame],
                    self._corpus,
                    max(2, options.batch_tokens // b.tokens() // 8 * 8),
                ),
                pipeline._prepare_rotary_positional_embeddings(
                    b.frame.height, b.frame.width, (b.frame.frames - 1) // 4 + 1, self._device
                ),
                pool,
                b in worth_compiling,
            )
            for b in self._buckets
        ]

    def _train(self, optimizer: Optimizer, steppers: list[Stepper]) -> int:
        """Trains until the time is up, then gives the model its averaged weights. Returns the number of steps."""
        options, average = self._options, [p.detach().clone() for p in optimizer.parameters]
        begun = time.monotonic()
        budget = max(0.0, options.seconds - (begun - self._begun))
        step, mark, mark_step = 0, begun, 0
        while (elapsed := time.monotonic() - begun) < budget or step < AVERAGE_EVERY:
            left = max(0.0, 1 - elapsed / max(budget, 1e-6))
            rate = options.rate * min(1.0, (step + 1) / 300) * min(1.0, left / max(options.fall, 1e-6))
            optimizer.set_rate(rate)
            stepper = self._random.choices(steppers, [b.share for b in self._buckets])[0]
            stepper()
            step, self._samples = step + 1, self._samples + len(stepper.feeder.sample.t)
            if step % AVERAGE_EVERY == 0:
                decay = min(0.9990, step / (step + 40)) ** AVERAGE_EVERY
                torch._foreach_lerp_(average, [p.data for p in optimizer.parameters], 1 - decay)
            if step % 25 == 0 and options.bank_seconds > 0:
                self._banks.renew(stepper.feeder.bucket.frame)
            if step % 200 == 0 or (step < 200 and step % 50 == 0):
                now = time.monotonic()
                speed = (step - mark_step) / (now - mark)
                losses = " ".join(f"{s.loss[1].item():.4f}" for s in steppers)
                probe = (stepper.loss[0] - stepper.loss[1]).item()
                self._log(
                    f"step {step} samples {self._samples} {speed:.1f}/s rate {rate:.1e} probe {probe:.4f} losses {losses}"
                )
                mark, mark_step = now, step
        with torch.no_grad():
            for parameter, mean in zip(optimizer.parameters, average, strict=True):
                parameter.copy_(mean)
        return step

    def _write(self, run: dict[str, int]) -> None:
        """The checkpoint, the VAE with its scale, and the diffusers folder, which is then scored."""
        options = self._options
        checkpoint = options.out / "checkpoint"
        save_parts(self._model.state_dict(), checkpoint, "weights")
        (checkpoint / "run.json").write_text(json.dumps(run) + "\n", "utf-8")
        fresh = Model(len(self._tokenizer), options.layers)
        fresh.load_state_dict(load_parts(checkpoint, "weights"))
        self._vae.save_pretrained(options.out / "vae")
        exported = AutoencoderKLCogVideoX.from_pretrained(options.out / "vae", dtype=torch.float32)
        pipeline = new_pipeline(self._tokenizer, fresh.text, exported, fresh.transformer)
        self._log(f"wrote {save_folder(pipeline, options.out / 'model')} bytes")
        text, transformer = fresh.text.float().to(self._device), fresh.transformer.float().to(self._device)
        trial = new_pipeline(self._tokenizer, text, self._vae, transformer)
        trial.set_progress_bar_config(disable=True)
        deadline = time.monotonic() + options.eval_seconds
        evaluate(trial.to(self._device), options.out, deadline, options.captions)
        self._log("done")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="checkpoint folder to continue from")
    parser.add_argument(
        "--init", type=Path, help="transformer folder to start from; the text encoder starts from scratch"
    )
    parser.add_argument("--seconds", type=float, default=480, help="total training time")
    parser.add_argument("--eval-seconds", type=float, default=60)
    parser.add_argument("--text-seconds", type=float, default=15)
    parser.add_argument("--bank-seconds", type=float, default=40)
    parser.add_argument(
        "--fall",
        type=float,
        default=0.5,
        help="final share of the training during which the learning rate decays to zero",
    )
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch-tokens", type=int, default=135_000)
    parser.add_argument("--scenes", type=int, default=200_000)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--buckets", type=int, default=len(BUCKETS), help="use only this many of the size buckets")
    parser.add_argument("--captions", type=int, default=128, help="held-out captions to score with")
    parser.add_argument("--compile", action="store_true", help="compile the blocks and capture CUDA graphs")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    Training(_parser().parse_args()).run()


if __name__ == "__main__":
    main()
