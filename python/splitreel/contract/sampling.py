"""From one class that holds sampling parameters to another."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from splitreel.contract.protocol import StartJob, WorkerVideo
from splitreel.contract.types import GenerateRequest, SamplingParams


def sampling_values(params: SamplingParams) -> dict[str, Any]:
    """Keyword arguments for SamplingParams or a subclass, without the fields that a subclass adds."""
    return {field.name: getattr(params, field.name) for field in fields(SamplingParams)}


def request_of(job: StartJob, video: WorkerVideo) -> GenerateRequest:
    """What was asked for this one video of the job."""
    return GenerateRequest(
        **sampling_values(job.settings),
        model_id=job.model_id,
        prompt=video.prompt,
        rewritten_from=video.rewritten_from,
        negative_prompt=video.negative_prompt,
        image_path=video.image_path,
        seed=video.seed,
        video_count=1,
    )
