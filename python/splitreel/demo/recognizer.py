"""Recognizes what a clip shows from its frames alone, by plain image analysis, without learning or the caption.

It is what the demo model is scored with, so it is itself scored on drawn clips (`evaluate.py` prints that too).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from splitreel.demo.captions import Scene
from splitreel.demo.clips import shape_distances
from splitreel.demo.words import COLOR_NAMES, COLORS, DIRECTIONS, SHAPES

OBJECT_CONTRAST: Final = 0.30
"""RGB distance from the background above which a pixel belongs to the object."""
FEWEST_PIXELS: Final = 8
TRAVELED: Final = 0.16
"""Share of the frame's height that the center must move to count as motion."""
SIDEWAYS_RATIO: Final = 2.6
"""How much longer the longer of both components must be for a straight direction rather than a diagonal."""
LEAST_OVERLAP: Final = 0.70
"""Intersection over union with an ideal shape below which an object counts as no shape at all."""
_GRID: Final = 48
_EXTENT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was recognized; None if the frames show nothing definite."""

    shape: str | None
    motion: str | None
    color: str | None
    background: str | None


@lru_cache(maxsize=1)
def _templates() -> tuple[Tensor, Tensor, Tensor]:
    """Ideal shapes of unit area, turned in steps of 5 degrees: masks (N, G*G), shape index (N), angle (N)."""
    axis = (torch.arange(_GRID) + 0.5) / _GRID * 2 * _EXTENT - _EXTENT
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    masks, shapes, angles = [], [], []
    for degrees in range(0, 120, 5):
        turn = math.radians(degrees)
        c, s = math.cos(turn), math.sin(turn)
        for index in range(len(SHAPES)):
            if degrees and SHAPES[index] == "ball":
                continue
            fine = torch.linspace(-1.6, 1.6, 129)
            fy, fx = torch.meshgrid(fine, fine, indexing="ij")
            inside = (shape_distances(fx, fy)[index] < 0).float()
            cell = (fine[1] - fine[0]).item() ** 2
            scale = math.sqrt(inside.sum().item() * cell)
            cx, cy = ((inside * fx).sum() / inside.sum()).item(), ((inside * fy).sum() / inside.sum()).item()
            a, b = (x * c + y * s) * scale + cx, (-x * s + y * c) * scale + cy
            masks.append((shape_distances(a, b)[index] < 0).float().flatten())
            shapes.append(index)
            angles.append(turn)
    return torch.stack(masks), torch.tensor(shapes), torch.tensor(angles)


def _overlaps(cover_HW: Tensor) -> Tensor:
    """Intersection over union of an object with every template, after moving it to the origin and to unit area."""
    height, width = cover_HW.shape
    total = cover_HW.sum()
    rows, columns = torch.arange(height) + 0.5, torch.arange(width) + 0.5
    cy, cx = (cover_HW.sum(1) @ rows / total).item(), (cover_HW.sum(0) @ columns / total).item()
    side = math.sqrt(total.item())
    axis = ((torch.arange(_GRID) + 0.5) / _GRID * 2 * _EXTENT - _EXTENT) * side
    y, x = torch.meshgrid((axis + cy) / height * 2 - 1, (axis + cx) / width * 2 - 1, indexing="ij")
    sampled = functional.grid_sample(cover_HW[None, None], torch.stack((x, y), -1)[None], align_corners=False)
    mask = (sampled.flatten() > 0.5).float()
    masks, _, _ = _templates()
    both = masks @ mask
    return both / (masks.sum(1) + mask.sum() - both)


def _shape_of(cover_THW: Tensor, frames: Sequence[int]) -> str | None:
    _, shapes, _ = _templates()
    votes = torch.zeros(len(SHAPES))
    for frame in frames:
        overlaps = _overlaps(cover_THW[frame])
        for index in range(len(SHAPES)):
            votes[index] += overlaps[shapes == index].max()
    votes /= len(frames)
    best = int(votes.argmax())
    return SHAPES[best] if votes[best] >= LEAST_OVERLAP else None


def _motion_of(cover_THW: Tensor, seen: Sequence[int]) -> str:
    _frames, height, width = cover_THW.shape
    area = cover_THW.sum((1, 2))
    cy = (cover_THW.sum(2) @ (torch.arange(height) + 0.5) / area.clamp(min=1e-6)) / height
    cx = (cover_THW.sum(1) @ (torch.arange(width) + 0.5) / area.clamp(min=1e-6)) / height
    first, last = seen[0], seen[-1]
    dx, dy = (cx[last] - cx[first]).item(), (cy[last] - cy[first]).item()
    if max(abs(dx), abs(dy)) >= TRAVELED:
        if abs(dx) > SIDEWAYS_RATIO * abs(dy):
            return "right" if dx > 0 else "left"
        if abs(dy) > SIDEWAYS_RATIO * abs(dx):
            return "down" if dy > 0 else "up"
        return ("up " if dy < 0 else "down ") + ("right" if dx > 0 else "left")
    heights = cy[list(seen)]
    if (heights.max() - heights.min()).item() > TRAVELED:
        return "bounce"
    growth = (area[last] / area[first]).item()
    if growth > 1.7:
        return "grow"
    if growth < 0.6:
        return "shrink"
    start = cover_THW[first] > 0.5
    changes = []
    for frame in seen:
        shift = (round((cy[first] - cy[frame]).item() * height), round((cx[first] - cx[frame]).item() * height))
        now = torch.roll(cover_THW[frame] > 0.5, shift, (0, 1))
        changes.append(((start ^ now).sum() / (start | now).sum().clamp(min=1)).item())
    return "spin" if max(changes) > 0.20 else "stay"


def recognize(clip_T3HW: Tensor) -> Seen:
    """Recognizes one clip. `clip_T3HW`: float32 in [0, 1] on the CPU."""
    palette = torch.tensor(tuple(COLORS.values()))
    nearest = ((clip_T3HW[:, None] - palette[None, :, :, None, None]) ** 2).sum(2).argmin(1)
    border = (
        torch.cat([nearest[:, 0], nearest[:, -1]], 1).flatten(),
        torch.cat([nearest[:, :, 0], nearest[:, :, -1]], 1).flatten(),
    )
    background = int(torch.bincount(torch.cat(border), minlength=len(COLOR_NAMES)).argmax())
    distance_THW = (clip_T3HW - palette[background][None, :, None, None]).square().sum(1).sqrt()
    inside = (distance_THW > OBJECT_CONTRAST) & (nearest != background)
    if not inside.any():
        return Seen(None, None, None, COLOR_NAMES[background])
    color = int(torch.bincount(nearest[inside], minlength=len(COLOR_NAMES)).argmax())
    span = (palette[color] - palette[background]).norm()
    cover_THW = ((distance_THW / span).clamp(0, 1)) * (distance_THW > 0.5 * OBJECT_CONTRAST)
    seen = [frame for frame in range(len(cover_THW)) if cover_THW[frame].sum() >= FEWEST_PIXELS]
    if len(seen) < max(3, len(cover_THW) * 2 // 3):
        return Seen(None, None, COLOR_NAMES[color], COLOR_NAMES[background])
    looked_at = [seen[len(seen) // 4], seen[len(seen) // 2], seen[len(seen) * 3 // 4]]
    return Seen(
        _shape_of(cover_THW, looked_at), _motion_of(cover_THW, seen), COLOR_NAMES[color], COLOR_NAMES[background]
    )


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares of clips, 0 to 1. `direction` counts only scenes that move in one of the eight directions."""

    color: float
    background: float
    direction: float
    motion: float
    shape: float
    all: float
    """Color, background, motion and shape all at once."""
    clips: int


def score(seen: Sequence[Seen], scenes: Sequence[Scene]) -> Scores:
    pairs = list(zip(seen, scenes, strict=True))
    traveling = [(found, scene) for found, scene in pairs if scene.motion in DIRECTIONS]

    def share(hits: Sequence[bool]) -> float:
        return sum(hits) / len(hits) if hits else math.nan

    return Scores(
        color=share([found.color == scene.color for found, scene in pairs]),
        background=share([found.background == scene.background for found, scene in pairs]),
        direction=share([found.motion == scene.motion for found, scene in traveling]),
        motion=share([found.motion == scene.motion for found, scene in pairs]),
        shape=share([found.shape == scene.shape for found, scene in pairs]),
        all=share(
            [
                (found.color, found.background, found.motion, found.shape)
                == (scene.color, scene.background, scene.motion, scene.shape)
                for found, scene in pairs
            ]
        ),
        clips=len(pairs),
    )
