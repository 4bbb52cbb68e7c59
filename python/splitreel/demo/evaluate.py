"""Scores the demo model: `python -m splitreel.demo.evaluate [MODEL]`.

Prints what the recognizer sees in clips made from held-out sentences, and what it sees in the true clips, in the true
clips after the VAE alone, and in the made clips when the sentences are shuffled (chance).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from torch import Tensor

from splitreel.demo.captions import Scene, held_out_captions
from splitreel.demo.clips import Frame, draw, label_tensor
from splitreel.demo.recognizer import Scores, recognize, score
from splitreel.demo.vae import held_out_psnr

FOLDER: Final = Path(__file__).resolve().parents[3] / "resources" / "demo"
AIMS: Final = {"color": 0.97, "background": 0.99, "direction": 0.95, "shape": 0.85}


def load(folder: Path, device: torch.device) -> Any:
    """The pipeline in fp32, with the text length from its transformer's config."""
    from diffusers import CogVideoXPipeline

    pipeline = CogVideoXPipeline.from_pretrained(folder, dtype=torch.float32).to(device)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@torch.no_grad()
def make_clips(
    pipeline: Any, prompts: Sequence[str], frame: Frame, steps: int, guidance: float, dynamic: bool, batch: int
) -> list[Tensor]:
    """Clips (T, 3, H, W) in [0, 1] on the CPU. Prompt i of a batch of b starts from the noise of seed i // b."""
    clips: list[Tensor] = []
    device = pipeline.transformer.device
    for first in range(0, len(prompts), batch):
        group = list(prompts[first : first + batch])
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            frames = pipeline(
                prompt=group,
                negative_prompt=[""] * len(group),
                height=frame.height,
                width=frame.width,
                num_frames=frame.frames,
                num_inference_steps=steps,
                guidance_scale=guidance,
                use_dynamic_cfg=dynamic,
                max_sequence_length=pipeline.transformer.config.max_text_seq_length,
                generator=torch.Generator().manual_seed(first // batch),
                output_type="pt",
            ).frames
        clips += list(frames.float().cpu().clamp(0, 1))
    return clips


def _line(name: str, scores: Scores) -> str:
    values = asdict(scores)
    return (
        f"{name:<34}"
        + " ".join(f"{key} {value:.3f}" for key, value in values.items() if key != "clips")
        + f" n {scores.clips}"
    )


def _shuffled(scenes: Sequence[Scene]) -> list[Scene]:
    mixed = list(scenes)
    Random(1).shuffle(mixed)
    return mixed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--captions", type=int, default=128)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--height", type=int, default=64)
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=6.0)
    parser.add_argument("--no-dynamic", action="store_true", help="use the same guidance at every step")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--sheet", type=Path, help="write the first clips as a contact sheet (PNG)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    device = torch.device(options.device)
    frame = Frame(options.frames, options.height, options.width)
    scenes, prompts = (list(column) for column in zip(*held_out_captions(options.captions), strict=True))
    figures: dict[str, Any] = {}

    def note(name: str, scores: Scores) -> None:
        figures[name] = asdict(scores)
        print(_line(name, scores), flush=True)

    true_clips = (draw(label_tensor(scenes), frame, torch.Generator().manual_seed(1)) + 1) / 2
    note("drawn clips", score([recognize(clip.transpose(0, 1)) for clip in true_clips], scenes))
    pipeline = load(options.model, device)
    mean, least = held_out_psnr(pipeline.vae, frame, 16, device)
    figures["vae_psnr_db"] = {"mean": mean, "least": least}
    print(f"VAE alone, 16 held-out clips: mean {mean:.2f} dB, least {least:.2f} dB", flush=True)
    begun = time.monotonic()
    clips = make_clips(pipeline, prompts, frame, options.steps, options.guidance, not options.no_dynamic, options.batch)
    figures["seconds"] = time.monotonic() - begun
    seen = [recognize(clip) for clip in clips]
    note("made clips", score(seen, scenes))
    note("made clips, sentences shuffled", score(seen, _shuffled(scenes)))
    for key, aim in AIMS.items():
        value = figures["made clips"][key]
        print(f"{key}: {value:.3f}, aim {aim:.2f}: {'reached' if value >= aim else 'not reached'}")
    if options.sheet:
        from splitreel.demo.sheet import write_sheet

        write_sheet(clips[:14], prompts[:14], options.sheet)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
