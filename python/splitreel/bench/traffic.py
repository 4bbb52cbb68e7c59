"""Bytes that one rank sends in one denoising step, computed from shapes. docs/performance.md explains the terms."""

from __future__ import annotations

from dataclasses import dataclass

from splitreel.contract.types import Plan
from splitreel.parallel.spans import split_evenly


@dataclass(frozen=True, slots=True)
class StepShape:
    """The shape of one denoising step with guidance, as the transformer sees it."""

    text_tokens: int
    video_tokens: int
    width: int  # heads x their dimension
    blocks: int
    patch_values: int  # per token, from the last projection
    prediction_values: int  # of one half of the batch
    element_bytes: int


def has_formula(plan: Plan) -> bool:
    """For plans with CFG, Ulysses and Ring."""
    return plan.tp == plan.pp == plan.dp == 1


def bytes_sent(shape: StepShape, plan: Plan) -> int:
    """Bytes sent by the rank that sends the most."""
    ranks = plan.ring * plan.ulysses
    return max(_by_rank(shape, plan, ring, ulysses) for ring in range(plan.ring) for ulysses in range(plan.ulysses)) + (
        0 if ranks == 1 else _gather(shape, plan, ranks)
    )


def _by_rank(shape: StepShape, plan: Plan, ring: int, ulysses: int) -> int:
    """Bytes that one rank sends for Ulysses, Ring and CFG."""
    batch = 2 // plan.cfg
    cut = (
        split_evenly(shape.text_tokens, plan.ring * plan.ulysses),
        split_evenly(shape.video_tokens, plan.ring * plan.ulysses),
    )
    tokens = [text + video for text, video in zip(*cut, strict=True)]
    groups = [tokens[i * plan.ulysses : (i + 1) * plan.ulysses] for i in range(plan.ring)]
    own, held = groups[ring][ulysses], [sum(group) for group in groups]
    heads_width = shape.width // plan.ulysses
    # Queries, keys and values of this rank's tokens for other ranks' heads, then attention outputs in return.
    exchanged = 3 * own * (shape.width - heads_width) + (held[ring] - own) * heads_width
    # Each rank passes keys and values on: its own, then all it received except the last.
    passed = sum(2 * held[(ring - hop) % plan.ring] * heads_width for hop in range(plan.ring - 1))
    values = shape.blocks * batch * (exchanged + passed) + (plan.cfg - 1) * shape.prediction_values
    return values * shape.element_bytes


def _gather(shape: StepShape, plan: Plan, ranks: int) -> int:
    """The last projection's result, sent to every other rank of the sequence and padded to the longest part."""
    longest = max(split_evenly(shape.video_tokens, ranks))
    return (ranks - 1) * (2 // plan.cfg) * longest * shape.patch_values * shape.element_bytes
