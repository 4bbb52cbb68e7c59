"""`bench demo`: the quality of the demo model's videos, by plain image analysis, and the time until they play.

Our own engine makes clips from held-out captions. As controls, the recognizer also judges ground-truth clips (nearly all
must match) and shuffled captions (nearly none may match).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

import torch
from diffusers import AutoencoderKLCogVideoX

from splitreel.bench.demo_videos import ClipSettings, as_tensor, make_videos
from splitreel.bench.drift import SETTINGS, measure_drift
from splitreel.bench.playing import time_to_play
from splitreel.bench.qualities import measure_qualities
from splitreel.bench.table import Table, Value, machine, write_json
from splitreel.bench.world import World
from splitreel.contract.types import Plan
from splitreel.demo.captions import Scene, held_out_captions
from splitreel.demo.clips import Frame, draw, label_tensor
from splitreel.demo.recognizer import Scores, recognize, score
from splitreel.demo.sheet import write_sheet
from splitreel.demo.vae import held_out_psnr
from splitreel.store.find_model import find_model
from splitreel.worker.supervisor.process_environment import core_count

_SCORES = {
    "clips": "clips",
    "what": "what",
    "color": "color",
    "background": "background",
    "direction": "direction",
    "motion": "motion",
    "shape": "shape",
    "all": "all at once",
}
_TIMES = {
    "frames": "frames",
    "ranks": "ranks",
    "plan": "plan",
    "cold_s": "s to a playable file, cold",
    "warm_s": "warm",
    "encoding_s": "of which encoding",
    "denoising_s": "denoising",
    "decoding_s": "decoding",
    "writing_s": "writing",
}
_SHEET_ROWS = 14


def main(arguments: Sequence[str]) -> int:
    args = _parser().parse_args(arguments)
    figures: dict[str, object] = {"machine": machine()}
    if args.small:
        args.captions, args.psnr_clips = min(args.captions, 2), 1
        args.steps = min(args.steps, 2)
    only = set(str(args.only).split(","))
    if "scores" in only:
        figures["scores"] = _scores(args)
    if "times" in only:
        figures["times"] = _times(args)
    if "drift" in only:
        settings = SETTINGS[:1] if args.small else SETTINGS
        exact = ClipSettings(_model(), _frame(args), args.steps, args.guidance)
        figures["drift"] = measure_drift(exact, min(args.captions, args.drift_captions), settings)
    if "qualities" in only:
        exact = ClipSettings(_model(), _frame(args), args.steps, args.guidance)
        figures["qualities"] = measure_qualities(exact, min(args.captions, args.drift_captions), args.ranks)
    if args.out is not None:
        write_json(args.out, figures)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="splitreel.bench demo", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--only",
        default="scores,times,drift,qualities",
        help="comma-separated: scores, times, drift, qualities (default: all)",
    )
    parser.add_argument("--captions", type=int, default=128, help="held-out captions (default: 128)")
    parser.add_argument("--size", default="96x64", help="WIDTHxHEIGHT (default: 96x64)")
    parser.add_argument("--frames", type=int, default=17, help="frames of the scored clips, 8k + 1 (default: 17)")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=6.0)
    parser.add_argument(
        "--ranks", type=int, default=min(2, core_count()), help="number of ranks; each makes its own clips"
    )
    parser.add_argument(
        "--drift-captions", type=int, default=16, help="how many of the captions drift and qualities use"
    )
    parser.add_argument("--psnr-clips", type=int, default=16)
    parser.add_argument("--sheet", type=Path, help="write the first clips as a contact sheet (PNG)")
    parser.add_argument(
        "--small", action="store_true", help="two captions and two steps, to check that everything runs"
    )
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    return parser


def _model() -> Path:
    return find_model("demo")


def _frame(args: argparse.Namespace) -> Frame:
    width, height = (int(side) for side in str(args.size).split("x"))
    return Frame(args.frames, height, width)


def _scores(args: argparse.Namespace) -> dict[str, object]:
    frame, model = _frame(args), _model()
    scenes, prompts = (list(column) for column in zip(*held_out_captions(args.captions), strict=True))
    table = Table(_SCORES)
    print(f"\n{args.size}, {args.frames} frames, {args.steps} steps, guidance {args.guidance:g} dynamic\n")
    with World(args.ranks, "cpu") as world:
        how = ClipSettings(model, frame, args.steps, args.guidance, Plan(dp=args.ranks))
        clips = make_videos(world, how, prompts)
    table.start()
    seen = [recognize(as_tensor(clip)) for clip in clips]
    true_clips = (draw(label_tensor(scenes), frame, torch.Generator().manual_seed(1)) + 1) / 2
    _add(table, "our engine", score(seen, scenes))
    _add(table, "ground-truth clips", score([recognize(clip.transpose(0, 1)) for clip in true_clips], scenes))
    _add(table, "our engine, shuffled captions", score(seen, shuffled(scenes)))
    mean, least = _vae_psnr(model, frame, args.psnr_clips)
    print(f"\nVAE alone, {args.psnr_clips} held-out clips: mean {mean:.2f} dB, minimum {least:.2f} dB")
    if args.sheet is not None:
        write_sheet([as_tensor(clip) for clip in clips[:_SHEET_ROWS]], prompts[:_SHEET_ROWS], args.sheet)
    return {
        "size": args.size,
        "frames": args.frames,
        "steps": args.steps,
        "guidance": args.guidance,
        "rows": table.rows,
        "vae_psnr_db": {"mean": mean, "least": least, "clips": args.psnr_clips},
    }


def _add(table: Table, what: str, scores: Scores) -> None:
    row: dict[str, Value] = {"what": what, **asdict(scores)}
    table.add(row)


def shuffled(scenes: Sequence[Scene]) -> list[Scene]:
    mixed = list(scenes)
    Random(1).shuffle(mixed)
    return mixed


@torch.no_grad()
def _vae_psnr(model: Path, frame: Frame, clips: int) -> tuple[float, float]:
    vae = AutoencoderKLCogVideoX.from_pretrained(model / "vae", dtype=torch.float32)
    return held_out_psnr(vae, frame, clips, torch.device("cpu"))


def _times(args: argparse.Namespace) -> list[dict[str, Value]]:
    """Cold: a new supervisor without ranks. Warm: the second job with the same settings."""
    table = Table(_TIMES)
    print()
    table.start()
    width, height = (int(side) for side in str(args.size).split("x"))
    for frames in (9,) if args.small else (17, 49):
        for plan in (Plan(), Plan(cfg=2)):
            if plan.world_size > args.ranks:
                continue
            times = time_to_play(_model(), Frame(frames, height, width), args.steps, args.guidance, plan)
            table.add({"frames": frames, "ranks": plan.world_size, "plan": "cfg 2" if plan.cfg > 1 else "-", **times})
    return table.rows
