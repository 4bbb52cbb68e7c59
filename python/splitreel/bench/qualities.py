"""The qualities on the demo model: distance from the exact clips, and whether they still match the captions."""

from __future__ import annotations

import statistics
from dataclasses import replace

from splitreel.bench.demo_videos import ClipSettings, as_tensor, make_videos, psnr_db
from splitreel.bench.table import Table, Value
from splitreel.bench.world import World
from splitreel.contract.types import Plan, Quality
from splitreel.demo.captions import held_out_captions
from splitreel.demo.recognizer import recognize, score

_COLUMNS = {
    "quality": "quality",
    "psnr_db": "PSNR from exact, dB",
    "least_db": "least",
    "color": "color",
    "direction": "direction",
    "motion": "motion",
    "shape": "shape",
}


def measure_qualities(exact: ClipSettings, captions: int, ranks: int) -> list[dict[str, Value]]:
    """Prints one row per quality, the exact one first. Each rank makes its own clips."""
    scenes, prompts = (list(column) for column in zip(*held_out_captions(captions), strict=True))
    table = Table(_COLUMNS)
    print(f"\nQualities, {captions} held-out captions, {exact.steps} steps\n")
    table.start()
    with World(ranks, "cpu") as world:
        settings = replace(exact, plan=Plan(dp=ranks))
        originals = make_videos(world, settings, prompts)
        for quality in Quality:
            is_exact = quality is Quality.EXACT
            clips = originals if is_exact else make_videos(world, replace(settings, quality=quality), prompts)
            distances = [psnr_db(found, expected) for found, expected in zip(clips, originals, strict=True)]
            scores = score([recognize(as_tensor(clip)) for clip in clips], scenes)
            table.add({
                "quality": quality.value,
                **({} if is_exact else {"psnr_db": statistics.mean(distances), "least_db": min(distances)}),
                "color": scores.color,
                "direction": scores.direction,
                "motion": scores.motion,
                "shape": scores.shape,
            })  # fmt: skip
    return table.rows
