"""The optimizer: Muon for the blocks' matrices, AdamW for everything else.

Muon: K. Jordan and others, 2024 (momentum made orthogonal by five Newton-Schulz steps), with the update scaled to the
size of AdamW's as in Liu and others, "Muon is scalable for LLM training", 2025. All matrices of a shape go through one
batched product, and learning rates are tensors, so that a whole step can be captured in a CUDA graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)


def orthogonalize(g_NAB: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly (singular values between 0.7 and 1.2)."""
    a, b, c = _COEFFICIENTS
    x = g_NAB.bfloat16() if g_NAB.is_cuda else g_NAB
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = (x.mT if tall else x).to(g_NAB.dtype)
    return result


class Muon:
    """Nesterov momentum 0.95 and decoupled weight decay over lists of 2-D parameters."""

    def __init__(self, parameters: Sequence[nn.Parameter], rate: Tensor, weight_decay: float) -> None:
        self.rate = rate
        self.weight_decay = weight_decay
        groups: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
        for parameter in parameters:
            groups[parameter.shape].append(parameter)
        self.groups = list(groups.values())
        self.momentum = [torch.zeros(len(group), *group[0].shape, device=group[0].device) for group in self.groups]

    @torch.no_grad()
    def step(self) -> None:
        for group, momentum in zip(self.groups, self.momentum, strict=True):
            gradient = torch.stack([p.grad.float() for p in group if p.grad is not None])
            momentum.lerp_(gradient, 0.05)
            update = orthogonalize(gradient.lerp(momentum, 0.95))
            scale = 0.2 * max(group[0].shape) ** 0.5
            torch._foreach_mul_([p.data for p in group], 1 - self.rate * self.weight_decay)
            torch._foreach_sub_([p.data for p in group], list((update * (scale * self.rate)).unbind(0)))


class Optimizer:
    """Both optimizers behind one `step`; `set_rate` takes the shared learning rate."""

    def __init__(
        self, matrices: Sequence[nn.Parameter], others: Sequence[nn.Parameter], weight_decay: float = 0.01
    ) -> None:
        device = others[0].device
        self.parameters = [*matrices, *others]
        self.rate = torch.zeros((), device=device)
        self.muon = Muon(matrices, self.rate, weight_decay)
        on_gpu = device.type == "cuda"
        self.adam = torch.optim.AdamW(
            others,
            lr=self.rate if on_gpu else 0.0,
            betas=(0.9, 0.98),
            weight_decay=weight_decay,
            fused=on_gpu,
            capturable=on_gpu,
        )

    def set_rate(self, rate: float) -> None:
        self.rate.fill_(rate)
        if self.rate.device.type != "cuda":
            for group in self.adam.param_groups:
                group["lr"] = rate

    def step(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.muon.step()
        self.adam.step()
