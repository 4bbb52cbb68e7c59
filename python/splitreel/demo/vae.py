"""Trains the demo model's VAE: `python -m splitreel.demo.vae --out FOLDER --seconds 480 [--resume FOLDER]`.

4x in space and time, 8 latent channels. The loss weighs pixels around the object, keeps every latent channel near unit
variance and decodes latents with a little noise on them, since the transformer's will never be exact.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from diffusers import AutoencoderKLCogVideoX
from torch import Tensor
from torch.nn import functional

from splitreel.demo.captions import sample_scene
from splitreel.demo.clips import Frame, draw, label_tensor

LATENT_NOISE: Final = 0.05
_LOG_VARIANCE: Final = math.log(0.01)
_SHAPES: Final = (
    (Frame(1, 64, 96), 64, 1),
    (Frame(9, 64, 96), 24, 4),
    (Frame(17, 64, 96), 12, 3),
    (Frame(9, 96, 128), 12, 1),
    (Frame(17, 96, 128), 6, 1),
)
"""Clip size, clips per batch, relative frequency."""


def new_vae() -> Any:
    return AutoencoderKLCogVideoX(
        in_channels=3,
        out_channels=3,
        down_block_types=("CogVideoXDownBlock3D",) * 3,
        up_block_types=("CogVideoXUpBlock3D",) * 3,
        block_out_channels=(24, 48, 64),
        latent_channels=8,
        layers_per_block=1,
        norm_num_groups=4,
        temporal_compression_ratio=4,
        sample_height=64,
        sample_width=96,
        scaling_factor=1.0,
    )


def vae_loss(vae: Any, x_BCTHW: Tensor) -> tuple[Tensor, Tensor]:
    """Loss and the plain mean squared error on the scale of pixels in [-1, 1]."""
    far = (x_BCTHW - x_BCTHW[:, :, :1, :1, :1]).abs().amax(1, keepdim=True)
    weight = 1 + 3 * functional.max_pool3d((far > 0.02).float(), (1, 5, 5), 1, (0, 2, 2))
    posterior = vae.encode(x_BCTHW).latent_dist
    z = posterior.mean.float()
    error = vae.decode(z + LATENT_NOISE * torch.randn_like(z)).sample.float() - x_BCTHW
    l1 = (weight * error.abs()).mean() / weight.mean()
    l2 = (weight * error * error).mean() / weight.mean()
    unit = (z.mean((0, 2, 3, 4)) ** 2).mean() + ((z.std((0, 2, 3, 4)) - 1) ** 2).mean()
    variance = ((posterior.logvar.float() - _LOG_VARIANCE) ** 2).mean()
    return l1 + 2 * l2 + 0.01 * unit + 1e-3 * variance, (error * error).mean()


def psnr(a: Tensor, b: Tensor) -> float:
    """PSNR of two clips with values in [-1, 1], in dB."""
    return 10 * math.log10(4 / max(((a - b) ** 2).mean().item(), 1e-12))


@torch.no_grad()
def held_out_psnr(vae: Any, frame: Frame, clips: int, device: torch.device) -> tuple[float, float]:
    """Mean and lowest PSNR over clips of held-out scenes."""
    random, generator = Random(12345), torch.Generator(device).manual_seed(12345)
    found = []
    for _ in range(clips):
        x = draw(label_tensor([sample_scene(random, held_out=True)], device), frame, generator)
        y = vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1)
        found.append(psnr(x, y))
    return sum(found) / clips, min(found)


def train_vae(
    start: Path | None, out: Path, seconds: float, peak_rate: float, device: torch.device, small: int
) -> None:
    """Trains for `seconds` and writes the averaged weights. `small` divides the batch sizes (for tests)."""
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    vae = (AutoencoderKLCogVideoX.from_pretrained(start, dtype=torch.float32) if start else new_vae()).to(device)
    vae.train()
    parameters = list(vae.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=peak_rate, betas=(0.9, 0.98), weight_decay=1e-4)
    average = [p.detach().clone() for p in parameters]
    random, generator = Random(7), torch.Generator(device).manual_seed(7)
    begun, step, clips = time.monotonic(), 0, 0
    while (elapsed := time.monotonic() - begun) < seconds:
        rate = peak_rate * min(1, (step + 1) / 100) * (0.5 * (1 + math.cos(math.pi * elapsed / seconds)) + 0.005)
        for group in optimizer.param_groups:
            group["lr"] = rate
        frame, batch, _ = random.choices(_SHAPES, [often for _, _, often in _SHAPES])[0]
        batch = max(1, batch // small)
        scenes = [sample_scene(random) for _ in range(batch)]
        x = draw(label_tensor(scenes, device), frame, generator)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss, error = vae_loss(vae, x)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step, clips = step + 1, clips + batch
        torch._foreach_lerp_(average, [p.data for p in parameters], 1 - min(0.998, step / (step + 20)))
        if step % 200 == 0:
            print(
                f"vae {elapsed:.0f} s step {step} clips {clips} psnr {10 * math.log10(4 / error.item()):.2f}",
                flush=True,
            )
    with torch.no_grad():
        for parameter, mean in zip(parameters, average, strict=True):
            parameter.copy_(mean)
    vae.eval()
    vae.save_pretrained(out)
    print(f"vae done: {step} steps, {clips} clips", flush=True)


def report(folder: Path, clips: int, device: torch.device) -> None:
    vae = AutoencoderKLCogVideoX.from_pretrained(folder, dtype=torch.float32).to(device).eval()
    for frame in (Frame(9, 64, 96), Frame(17, 64, 96), Frame(49, 64, 96), Frame(17, 96, 128)):
        mean, least = held_out_psnr(vae, frame, clips, device)
        print(
            f"vae psnr {frame.width}x{frame.height} {frame.frames} frames: mean {mean:.2f} least {least:.2f} dB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--resume", type=Path, help="VAE folder to continue from")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--small", type=int, default=1, help="divide the batches by this")
    parser.add_argument("--clips", type=int, default=32, help="held-out clips per PSNR measurement")
    options = parser.parse_args()
    device = torch.device(options.device)
    train_vae(options.resume, options.out, options.seconds, options.rate, device, options.small)
    report(options.out, options.clips, device)


if __name__ == "__main__":
    main()
