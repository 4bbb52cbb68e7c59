"""Renders scenes as clips, entirely in torch, so that CPU tests and GPU training run the same code.

Lengths are in units of the frame's height with the origin in the center, so any size and number of frames works.
Suffixes name axes: B clips, T frames, H height, W width, C color.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from splitreel.demo.captions import Scene
from splitreel.demo.words import COLORS, DIRECTIONS, MOTIONS, RADII, SHAPES

SQUARE_HALF_SIDE: Final = 0.88
_DIRECTION_TABLE: Final = tuple(DIRECTIONS.get(motion, (0.0, 0.0)) for motion in MOTIONS)


@dataclass(frozen=True, slots=True)
class Frame:
    """Size of a clip in pixels and frames."""

    frames: int
    height: int
    width: int


def label_tensor(scenes: Sequence[Scene], device: torch.device | str = "cpu") -> Tensor:
    """(B, 5) int64 in the order of captions.ATTRIBUTES."""
    return torch.tensor([scene.labels() for scene in scenes], dtype=torch.int64, device=device)


def _uniform(count: int, low: float, high: float, generator: torch.Generator, device: torch.device) -> Tensor:
    return torch.rand(count, 1, generator=generator, device=device) * (high - low) + low


def _paths(labels_B5: Tensor, frame: Frame, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Center x and y, radius and angle of every object in every frame, each (B, T)."""
    device, count = labels_B5.device, len(labels_B5)
    half_width = frame.width / frame.height / 2
    u_T = torch.linspace(0, 1, frame.frames, device=device)[None]
    radius = torch.tensor(tuple(RADII.values()), device=device)[labels_B5[:, 2]][:, None]
    motion = labels_B5[:, 1][:, None]
    step = torch.tensor(_DIRECTION_TABLE, device=device)[labels_B5[:, 1]]
    dx, dy = step[:, :1], step[:, 1:]
    reach = _uniform(count, 0.92, 1.0, generator, device)
    reach_y = (0.49 - radius) * reach
    reach_across = (half_width - 0.01 - radius) * reach
    # A diagonal across the whole of a wide frame would look horizontal.
    reach_x = torch.where(dy != 0, torch.minimum(reach_across, 1.6 * reach_y), reach_across)
    home_x = _uniform(count, -0.10, 0.10, generator, device)
    home_y = _uniform(count, -0.06, 0.06, generator, device)
    x = torch.where(dx != 0, (2 * u_T - 1) * reach_x * dx.sign(), home_x.expand(-1, frame.frames))
    y = torch.where(dy != 0, (2 * u_T - 1) * reach_y * dy.sign(), home_y.expand(-1, frame.frames))

    floor = 0.5 - radius - 0.03
    height = torch.clamp(2 * floor, max=0.62)
    y = torch.where(motion == MOTIONS.index("bounce"), floor - height * torch.sin(2 * math.pi * u_T).abs(), y)
    grown = radius * (0.55 + 0.95 * u_T)
    r = torch.where(motion == MOTIONS.index("grow"), grown, radius.expand(-1, frame.frames))
    r = torch.where(motion == MOTIONS.index("shrink"), grown.flip(1), r)
    angle = _uniform(count, -0.03, 0.03, generator, device).expand(-1, frame.frames)
    angle = torch.where(motion == MOTIONS.index("spin"), angle + math.pi * u_T, angle)
    return x, y, r, angle


def shape_distances(a: Tensor, b: Tensor) -> Tensor:
    """Signed distance to each of SHAPES in units of the object's radius, negative inside; adds a leading axis.

    `a` and `b` are coordinates in the object's own frame, b downward.
    """
    r = torch.sqrt(a * a + b * b)
    square = torch.maximum(a.abs(), b.abs()) - SQUARE_HALF_SIDE
    low = b - 0.18
    sides = torch.maximum(0.866 * a - 0.5 * low, -0.866 * a - 0.5 * low)
    triangle = torch.maximum(low, sides) - 0.62
    fifth = 2 * math.pi / 5
    folded = (torch.remainder(torch.atan2(a, -b) + fifth / 2, fifth) - fifth / 2).abs()
    inner_x, inner_y = 0.45 * math.cos(fifth / 2), 0.45 * math.sin(fifth / 2)
    length = math.hypot(inner_x - 1, inner_y)
    normal_x, normal_y = inner_y / length, (1 - inner_x) / length
    reach = r * 1.2 / 1.32
    star = normal_x * reach * torch.cos(folded) + normal_y * reach * torch.sin(folded) - normal_x
    return torch.stack((r - 1, square, triangle, star))


def draw(labels_B5: Tensor, frame: Frame, generator: torch.Generator) -> Tensor:
    """Clips of these scenes, (B, 3, T, H, W) float32 in [-1, 1], with edges smoothed over one pixel.

    `generator` lives on the labels' device and decides only what a sentence does not: exact place, reach and tilt.
    """
    device = labels_B5.device
    x, y, r, angle = (path[:, :, None, None] for path in _paths(labels_B5, frame, generator))
    rows = ((torch.arange(frame.height, device=device) + 0.5) / frame.height - 0.5)[None, None, :, None]
    columns = (((torch.arange(frame.width, device=device) + 0.5) / frame.width - 0.5) * frame.width / frame.height)[
        None, None, None, :
    ]
    cos, sin = torch.cos(angle), torch.sin(angle)
    px, py = columns - x, rows - y
    distances = shape_distances((px * cos + py * sin) / r, (-px * sin + py * cos) / r)
    distance = distances.gather(0, labels_B5[:, 0][None, :, None, None, None].expand(1, *distances.shape[1:]))[0]
    cover = (0.5 - distance * r * frame.height).clamp(0, 1)[:, None]
    palette = torch.tensor(tuple(COLORS.values()), device=device)
    color = palette[labels_B5[:, 3]][:, :, None, None, None]
    background = palette[labels_B5[:, 4]][:, :, None, None, None]
    return (background + (color - background) * cover) * 2 - 1


assert len(SHAPES) == 4, "shape_distances has one formula for each shape"
