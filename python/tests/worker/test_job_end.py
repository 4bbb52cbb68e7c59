"""Every combination of answers has one end."""

from __future__ import annotations

import pytest

from splitreel.contract.errors import AppError
from splitreel.contract.types import Kernel, TextEncoderPolicy
from splitreel.worker.rank.messages import Done, Stopped
from splitreel.worker.supervisor.job_end import (
    Answer,
    Failed,
    JobEnd,
    JobState,
    Made,
    WasCanceled,
    agreed_end,
    forced_end,
)

FULL = AppError("DISK_FULL", {"folder": "x", "needed": "1 MB", "free": "0 MB"})
OOM = AppError("HOST_OOM", {"rank": 0, "stage": "denoising", "advice": ""})
DONE = Done(1, (), 0.0, 0, (), TextEncoderPolicy.KEPT, Kernel.SDPA)
CANCELED = Stopped(1, None, shared=True)
SHARED = Stopped(1, OOM, shared=True)
OWN = Stopped(1, OOM, shared=False)


def state(
    published: int = 0,
    *,
    failed: dict[int, AppError] | None = None,
    is_canceled: bool = False,
    failure: AppError | None = None,
) -> JobState:
    return JobState(2, published, failed or {}, is_canceled, failure)


@pytest.mark.parametrize(
    ("given", "answers", "end"),
    [
        (state(2), [DONE, None], None),
        (state(2), [DONE, DONE], Made()),
        (state(1, failed={0: FULL}), [DONE, DONE], Made()),
        (state(failed={0: FULL, 1: OOM}), [DONE, DONE], Failed(FULL)),
        (state(is_canceled=True), [CANCELED, CANCELED], WasCanceled()),
        (state(1, is_canceled=True), [CANCELED, CANCELED], WasCanceled()),
        (state(2, is_canceled=True), [DONE, CANCELED], Made()),
        (state(), [DONE, CANCELED], WasCanceled()),
        (state(failure=OOM), [SHARED, SHARED], Failed(OOM)),
        (state(failure=OOM), [OWN, SHARED], None),
        (state(failure=OOM), [OWN, None], None),
    ],
)
def test_the_end_that_ranks_agree_on(given: JobState, answers: list[Answer | None], end: JobEnd | None) -> None:
    assert agreed_end(given, answers) == end


def test_ranks_that_write_nothing_have_failed() -> None:
    end = agreed_end(state(), [DONE, DONE])
    assert isinstance(end, Failed)
    assert end.error.code == "INTERNAL"


@pytest.mark.parametrize(
    ("given", "end"),
    [
        (state(), Failed(OOM)),
        (state(1), Failed(OOM)),
        (state(2), Made()),
        (state(is_canceled=True), WasCanceled()),
    ],
)
def test_the_end_when_ranks_are_lost(given: JobState, end: JobEnd) -> None:
    assert forced_end(given, OOM) == end
