"""Checks a request against what a model allows. The same rules as src/shared/request.ts.

Both run resources/golden/request-cases.json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from splitreel.contract import reasons
from splitreel.contract.defaults import SAMPLING_RANGES, SIZE_OF_SQUARE, SPATIAL_DEFAULTS, TEMPORAL_DEFAULTS
from splitreel.contract.errors import Reason
from splitreel.contract.kinds import Side
from splitreel.contract.limits import MAX_LORA_STRENGTH, MAX_LORAS, MAX_SEED, MAX_SIDE, MAX_STEPS
from splitreel.contract.types import GenerateRequest, Lora, SamplingParams
from splitreel.rules.model_shape import ModelShape, Positions, Task

# Half of a character beyond U+FFFF. No UTF-8 text contains one and no tokenizer accepts it.
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RequestLimits:
    size_step: int  # width and height are multiples of this
    min_side: int
    max_side: int
    fixed_size: Size | None
    frame_step: int  # frames are k * frame_step + 1
    min_frames: int
    max_frames: int


def request_limits(shape: ModelShape) -> RequestLimits:
    size_step = shape.spatial_compression * shape.patch_size
    # After the first latent frame the VAE works on two at a time, so diffusers silently changes any other 4k + 1.
    frame_step = 2 * shape.temporal_compression
    learned = shape.positions is Positions.LEARNED
    # CogVideoX 1.5, the family with temporal patches, is published for 5 and for 10 seconds: twice its sample length.
    longest = 2 * (shape.sample_frames - 1) + 1 if shape.patch_size_temporal > 1 else shape.sample_frames
    return RequestLimits(
        size_step=size_step,
        min_side=2 * size_step,
        max_side=MAX_SIDE - MAX_SIDE % size_step,
        fixed_size=Size(shape.sample_width, shape.sample_height) if learned else None,
        frame_step=frame_step,
        min_frames=frame_step + 1,
        max_frames=longest,
    )


def default_params(shape: ModelShape) -> SamplingParams:
    """The settings that the model's authors publish, derived from its shape."""
    is_temporal = shape.patch_size_temporal > 1
    is_square = shape.sample_width == shape.sample_height and shape.sample_width > SIZE_OF_SQUARE["width"]
    values = {
        "width": shape.sample_width,
        "height": shape.sample_height,
        **(SIZE_OF_SQUARE if is_temporal and is_square else {}),
        **(TEMPORAL_DEFAULTS if is_temporal else SPATIAL_DEFAULTS),
    }
    return SamplingParams(num_frames=shape.sample_frames, **values)


def check_request(shape: ModelShape, request: GenerateRequest) -> list[Reason]:
    """Everything in the request that the model doesn't allow; empty if the request is valid."""
    found: list[Reason] = []
    # JavaScript's trim removes the byte order mark too.
    if not request.prompt.strip().strip("\ufeff"):
        found.append(reasons.prompt_empty())
    if _LONE_SURROGATE.search(request.prompt):
        found.append(reasons.prompt_not_unicode())
    if _LONE_SURROGATE.search(request.negative_prompt):
        found.append(reasons.negative_prompt_not_unicode())
    if shape.task is Task.IMAGE_TO_VIDEO and request.image_path is None:
        found.append(reasons.image_missing())
    if shape.task is Task.TEXT_TO_VIDEO and request.image_path is not None:
        found.append(reasons.image_not_used())
    found += _check_size(shape, request)
    found += _check_frames(shape, request.num_frames)
    found += _check_numbers(request)
    found += _check_loras(request.loras)
    return found


def _check_size(shape: ModelShape, request: GenerateRequest) -> list[Reason]:
    limits = request_limits(shape)
    fixed = limits.fixed_size
    if fixed is not None:
        if (request.width, request.height) == (fixed.width, fixed.height):
            return []
        return [reasons.size_fixed(width=fixed.width, height=fixed.height)]
    found: list[Reason] = []
    sides: Mapping[Side, int] = {"width": request.width, "height": request.height}
    for side, value in sides.items():
        step, low, high = limits.size_step, limits.min_side, limits.max_side
        if not low <= value <= high:
            found.append(reasons.size_out_of_range(side=side, value=value, min=low, max=high))
        elif value % step != 0:
            lower = value - value % step
            found.append(reasons.size_not_multiple(side=side, value=value, step=step, lower=lower, upper=lower + step))
    return found


def _check_frames(shape: ModelShape, frames: int) -> list[Reason]:
    limits = request_limits(shape)
    step, low, high = limits.frame_step, limits.min_frames, limits.max_frames
    if not low <= frames <= high:
        return [reasons.frames_out_of_range(frames=frames, min=low, max=high)]
    over = (frames - 1) % step
    if over == 0:
        return []
    lower = frames - over
    # Above the largest possible number, suggest the two numbers below.
    upper = lower - step if lower + step > high else lower + step
    return [reasons.frames_not_allowed(frames=frames, lower=min(lower, upper), upper=max(lower, upper))]


def _check_numbers(request: GenerateRequest) -> list[Reason]:
    found: list[Reason] = []
    steps, videos, warmup = request.num_inference_steps, request.video_count, request.warmup_steps
    # Warm-up counts steps, so it can only be checked if the number of steps is valid.
    if not 1 <= steps <= MAX_STEPS:
        found.append(reasons.steps_out_of_range(steps=steps, min=1, max=MAX_STEPS))
    elif not 0 <= warmup <= steps:
        found.append(reasons.warmup_out_of_range(warmup=warmup, max=steps))
    for limit in SAMPLING_RANGES:
        value = getattr(request, limit.field)
        if not limit.minimum <= value <= limit.maximum:
            found.append(limit.reason(value=value, min=limit.minimum, max=limit.maximum))
    # The last video's seed counts too: seeds run from seed to seed + videos - 1.
    # A whole number from the command line may be too large for a float.
    is_whole = isinstance(request.seed, int) or float(request.seed).is_integer()
    if not (is_whole and request.seed >= 0 and request.seed + videos - 1 <= MAX_SEED):
        found.append(reasons.seed_out_of_range(max=MAX_SEED))
    return found


def _check_loras(loras: Sequence[Lora]) -> list[Reason]:
    found: list[Reason] = []
    if len(loras) > MAX_LORAS:
        found.append(reasons.loras_too_many(loras=len(loras), max=MAX_LORAS))
    seen: set[str] = set()
    for lora in loras:
        file = re.split(r"[\\/]", lora.path)[-1]
        if not abs(lora.strength) <= MAX_LORA_STRENGTH:
            reason = reasons.lora_strength_out_of_range(
                file=file, strength=lora.strength, min=-MAX_LORA_STRENGTH, max=MAX_LORA_STRENGTH
            )
            found.append(reason)
        if lora.sha256 in seen:
            found.append(reasons.lora_twice(file=file))
        seen.add(lora.sha256)
    return found
