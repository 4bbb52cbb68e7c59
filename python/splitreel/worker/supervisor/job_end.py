"""How a job ends, as a pure function of what its ranks answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from splitreel.contract import failures
from splitreel.contract.errors import AppError
from splitreel.worker.rank.messages import Done, Stopped

Answer: TypeAlias = Done | Stopped


@dataclass(frozen=True, slots=True)
class JobState:
    """What decides the end. `failure`: the first error that stopped a rank."""

    video_count: int
    published_count: int
    failed_videos: Mapping[int, AppError]
    is_canceled: bool
    failure: AppError | None


@dataclass(frozen=True, slots=True)
class Made:
    """All videos that could be made are in place."""


@dataclass(frozen=True, slots=True)
class Failed:
    error: AppError


@dataclass(frozen=True, slots=True)
class WasCanceled:
    pass


JobEnd: TypeAlias = Made | Failed | WasCanceled


def agreed_end(state: JobState, answers: Sequence[Answer | None]) -> JobEnd | None:
    """The end that all ranks reached together. None while a rank is working, or if one stopped alone."""
    if not all(answer is not None and (isinstance(answer, Done) or answer.shared) for answer in answers):
        return None
    has_stopped = any(isinstance(answer, Stopped) for answer in answers)
    if state.published_count == state.video_count:
        return Made()
    if state.is_canceled or (has_stopped and state.failure is None):
        return WasCanceled()
    if state.failure is not None:
        return Failed(state.failure)
    if state.published_count == 0:
        missing = failures.internal(details="no rank wrote a video").error
        return Failed(next(iter(state.failed_videos.values()), missing))
    return Made()


def forced_end(state: JobState, error: AppError) -> JobEnd:
    """The end when the ranks can't be trusted anymore and are killed."""
    if state.is_canceled:
        return WasCanceled()
    if state.published_count == state.video_count:
        # The ranks were lost after the last video was in place.
        return Made()
    return Failed(error)
