"""Contact sheets: a row of frames for each clip, its sentence above."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

_BAR = 14


def write_sheet(clips_T3HW: Sequence[Tensor], captions: Sequence[str], path: Path, frames: int = 9) -> None:
    _, _, height, width = clips_T3HW[0].shape
    sheet = Image.new("RGB", (frames * width, len(clips_T3HW) * (height + _BAR)), (30, 30, 30))
    for row, (clip, caption) in enumerate(zip(clips_T3HW, captions, strict=True)):
        top = row * (height + _BAR)
        ImageDraw.Draw(sheet).text((3, top + 1), caption, fill=(255, 255, 255))
        for column, index in enumerate(torch.linspace(0, len(clip) - 1, frames).round().long().tolist()):
            pixels = (clip[index] * 255).round().byte().permute(1, 2, 0).contiguous()
            image = Image.frombytes("RGB", (width, height), pixels.numpy().tobytes())
            sheet.paste(image, (column * width, top + _BAR))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, optimize=True)
