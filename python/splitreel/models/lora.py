"""LoRAs, merged into the weights while they are read.

W becomes W + strength * scale * B @ A (Hu et al., arXiv 2106.09685, section 4.1; scale is alpha / rank, or alpha /
sqrt(rank) for rank-stabilized LoRAs: Kalajdzievski, arXiv 2312.03732). Merged weights cost nothing at run time and work
with every split, because a slice of W only needs the same slice of B or A.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from splitreel.contract.types import Lora
from splitreel.models.tensor_files import TensorFile, open_safetensors
from splitreel.parallel.tensor import WeightSlice
from splitreel.store.lora import LoraFile, LoraLayer, check_alpha, need_lora, not_finite


@dataclass(frozen=True, slots=True)
class _Change:
    """The change that one LoRA makes to one weight."""

    file: Path
    tensors: TensorFile
    layer: LoraLayer
    factor: float


class LoraMerger:
    """Adds the changes of every LoRA to the transformer's weights, whole or by slices."""

    def __init__(self, changes: Mapping[str, Sequence[_Change]], device: torch.device) -> None:
        self._changes = changes
        self._device = device

    def merge(self, component: str, name: str, tensor: torch.Tensor, part: WeightSlice | None) -> torch.Tensor:
        """The changed weight in float32, or `tensor` itself if no LoRA changes it. `part`: the slice that `tensor` is."""
        changes = self._changes.get(name, ()) if component == "transformer" else ()
        if not changes:
            return tensor
        merged = tensor.to(self._device, torch.float32)
        for change in changes:
            up, down = (
                change.tensors.get_tensor(each).to(self._device, torch.float32)
                for each in (change.layer.up, change.layer.down)
            )
            if part is not None and part.dim == 0:
                up = up[part.span.slice]
            elif part is not None:
                down = down[(slice(None), *part.index[1:])]
            delta = change.factor * (up.flatten(1) @ down.flatten(1)).view_as(merged)
            if not torch.isfinite(delta).all():
                raise not_finite(change.file, name.removesuffix(".weight"))
            merged = merged + delta
        return merged


@contextmanager
def open_loras(loras: Sequence[Lora], model: Path, device: torch.device) -> Iterator[LoraMerger]:
    """Opens the files while weights are read.

    Raises LORA_MISSING, LORA_UNUSABLE, or LORA_CHANGED if a file's content isn't the one that was chosen.
    """
    changes: dict[str, list[_Change]] = {}
    with ExitStack() as opened:
        for lora in loras:
            file = need_lora(lora, model)
            tensors = opened.enter_context(open_safetensors(file.path))
            for name, layer in file.layers.items():
                factor = lora.strength * _scale(file, layer, tensors)
                changes.setdefault(name, []).append(_Change(file.path, tensors, layer, factor))
        yield LoraMerger(changes, device)


def _scale(file: LoraFile, layer: LoraLayer, tensors: TensorFile) -> float:
    alpha = layer.alpha
    if layer.alpha_tensor is not None:
        alpha = check_alpha(file.path, float(tensors.get_tensor(layer.alpha_tensor).float().item()))
    if alpha is None:
        return 1.0
    return alpha / (math.sqrt(layer.rank) if file.is_rank_stabilized else layer.rank)
