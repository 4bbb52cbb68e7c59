"""PipeFusion's drift on the demo model: distance from the exact clips, and whether they still match the captions.

After the first `warmup_steps`, patches attend to keys and values of the previous step.
"""

from __future__ import annotations

import statistics
from dataclasses import replace

from splitreel.bench.demo_videos import ClipSettings, as_tensor, make_videos, psnr_db
from splitreel.bench.table import Table, Value
from splitreel.bench.world import World
from splitreel.contract.types import Plan
from splitreel.demo.captions import held_out_captions
from splitreel.demo.recognizer import recognize, score

_COLUMNS = {
    "stages": "stages",
    "patches": "patches",
    "warmup": "warm-up steps",
    "psnr_db": "PSNR from exact, dB",
    "least_db": "least",
    "color": "color",
    "direction": "direction",
    "motion": "motion",
    "shape": "shape",
}
# (stages, patches, warm-up steps)
SETTINGS = ((2, 2, 1), (2, 2, 4), (2, 4, 1), (2, 4, 4), (2, 4, 8))


def measure_drift(
    exact: ClipSettings, captions: int, settings: tuple[tuple[int, int, int], ...]
) -> list[dict[str, Value]]:
    """`exact` is the run on one rank. Prints one row per setting, the exact one first."""
    scenes, prompts = (list(column) for column in zip(*held_out_captions(captions), strict=True))
    table = Table(_COLUMNS)
    ranks = max(stages for stages, _, _ in settings)
    print(f"\nPipeFusion's drift, {captions} held-out captions, {exact.steps} steps\n")
    table.start()
    with World(ranks, "cpu") as world:
        originals = make_videos(world, replace(exact, plan=Plan(dp=ranks)), prompts)
        scores = score([recognize(as_tensor(clip)) for clip in originals], scenes)
        table.add({"stages": 1, **_seen(scores.color, scores.direction, scores.motion, scores.shape)})
        for stages, patches, warmup in settings:
            pipelined = replace(exact, plan=Plan(pp=stages), num_pipeline_patch=patches, warmup_steps=warmup)
            clips = make_videos(world, pipelined, prompts)
            distances = [psnr_db(found, expected) for found, expected in zip(clips, originals, strict=True)]
            scores = score([recognize(as_tensor(clip)) for clip in clips], scenes)
            table.add({
                "stages": stages,
                "patches": patches,
                "warmup": warmup,
                "psnr_db": statistics.mean(distances),
                "least_db": min(distances),
                **_seen(scores.color, scores.direction, scores.motion, scores.shape),
            })  # fmt: skip
    return table.rows


def _seen(color: float, direction: float, motion: float, shape: float) -> dict[str, Value]:
    return {"color": color, "direction": direction, "motion": motion, "shape": shape}
