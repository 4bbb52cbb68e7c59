"""Clips as latents, rendered, encoded and kept on the training device, by clip size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from splitreel.demo.clips import Frame, draw
from splitreel.demo.words import COLORS


@dataclass(frozen=True, slots=True)
class Bucket:
    """A size of clip, the text length it is trained with, and its share of the steps."""

    frame: Frame
    text_length: int
    share: float

    def tokens(self) -> int:
        """Tokens of one sample: patches of 8x8 pixels in each latent frame, and text."""
        return ((self.frame.frames - 1) // 4 + 1) * (self.frame.height // 8) * (
            self.frame.width // 8
        ) + self.text_length


@torch.no_grad()
def encode(vae: Any, labels_B5: Tensor, frame: Frame, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Scaled latents (B, F, C, h, w) and where the object is or nearly is (B, F, 1, h, w), both bfloat16."""
    x = draw(labels_B5, frame, generator)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=x.device.type == "cuda"):
        z = vae.encode(x).latent_dist.mean.float() * vae.config.scaling_factor
    palette = torch.tensor(tuple(COLORS.values()), device=x.device) * 2 - 1
    far = (x - palette[labels_B5[:, 4]][:, :, None, None, None]).abs().amax(1, keepdim=True)
    inside = (far > 0.05).float()
    inside = torch.cat((inside[:, :, :1].expand(-1, -1, 3, -1, -1), inside), 2)  # the first latent frame is one frame
    inside = functional.max_pool3d(functional.max_pool3d(inside, (4, 4, 4)), (1, 3, 3), 1, (0, 1, 1))
    return z.transpose(1, 2).bfloat16().contiguous(), inside.transpose(1, 2).bfloat16().contiguous()


class LatentBank:
    """Latents of one bucket with the index of the scene each shows; `renew` replaces the oldest."""

    def __init__(self, frame: Frame, batch: int) -> None:
        self.frame = frame
        self.batch = batch
        self.clips = 0
        self._latents: list[Tensor] = []
        self._masks: list[Tensor] = []
        self._scenes: list[Tensor] = []
        self._oldest = 0
        self.z = torch.empty(0)
        self.mask = torch.empty(0)
        self.scene = torch.empty(0)

    def extend(self, vae: Any, labels_S5: Tensor, first: int, generator: torch.Generator) -> None:
        """Encodes one more batch, of the scenes from index `first` (wrapping around)."""
        scene = (torch.arange(self.batch, device=labels_S5.device) + first) % len(labels_S5)
        z, mask = encode(vae, labels_S5[scene].long(), self.frame, generator)
        self._latents.append(z)
        self._masks.append(mask)
        self._scenes.append(scene)
        self.clips += self.batch

    def seal(self) -> None:
        self.z, self.mask, self.scene = (torch.cat(parts) for parts in (self._latents, self._masks, self._scenes))
        self._latents, self._masks, self._scenes = [], [], []

    def renew(self, vae: Any, labels_S5: Tensor, first: int, generator: torch.Generator) -> None:
        scene = (torch.arange(self.batch, device=labels_S5.device) + first) % len(labels_S5)
        z, mask = encode(vae, labels_S5[scene].long(), self.frame, generator)
        at = slice(self._oldest, self._oldest + self.batch)
        self.z[at], self.mask[at], self.scene[at] = z, mask, scene
        self._oldest = (self._oldest + self.batch) % len(self.z)
