"""Stages of many ranks as one: those that all videos share, and those that a warm engine skips."""

from __future__ import annotations

from splitreel.contract.protocol import Event, RankProgressed, StageFinished, StageProgressed, StageStarted
from splitreel.contract.types import Stage
from splitreel.worker.rank.messages import Progress
from splitreel.worker.supervisor.stages import StageTracker


def track(*reports: tuple[int, Progress], videos: int = 1) -> tuple[StageTracker, list[Event]]:
    events: list[Event] = []
    tracker = StageTracker("job", videos, events.append)
    for rank, progress in reports:
        tracker.update(rank, progress)
    return tracker, events


def progress(stage: Stage, status: str, completed: int, total: int, video: int = 0) -> Progress:
    return Progress(1, video, stage, status, completed, total)  # type: ignore[arg-type]


def test_kernels_count_when_every_rank_has_checked_them() -> None:
    _, events = track(
        *((rank, progress(Stage.OPTIMIZING, "started", 0, 7)) for rank in (0, 1)),
        (0, progress(Stage.OPTIMIZING, "progressed", 3, 7)),
        (1, progress(Stage.OPTIMIZING, "progressed", 2, 7)),
        *((rank, progress(Stage.OPTIMIZING, "finished", 7, 7)) for rank in (0, 1)),
        (0, progress(Stage.ENCODING, "started", 0, 2)),
    )
    counted = [e.completed for e in events if isinstance(e, StageProgressed) and e.stage is Stage.OPTIMIZING]
    assert counted == sorted(set(counted))
    assert 2 in counted
    assert 3 not in counted
    ended = [e.stage for e in events if isinstance(e, StageFinished)]
    assert ended == [Stage.LOADING, Stage.OPTIMIZING]


def test_an_engine_with_known_kernels_still_reports_the_stage() -> None:
    _, events = track((0, progress(Stage.ENCODING, "started", 0, 2)))
    started = [(e.stage, e.total) for e in events if isinstance(e, StageStarted)]
    assert started == [(Stage.LOADING, 0), (Stage.OPTIMIZING, 0), (Stage.ENCODING, 2)]


def test_a_video_is_written_while_its_rank_shows_the_next_one() -> None:
    tracker, events = track(
        (0, progress(Stage.DECODING, "finished", 2, 2)),
        (0, progress(Stage.WRITING, "progressed", 1, 9)),
        (0, progress(Stage.DENOISING, "progressed", 1, 4, video=1)),
        (0, progress(Stage.WRITING, "progressed", 5, 9)),
        (0, progress(Stage.WRITING, "finished", 9, 9)),
        videos=2,
    )
    lanes = [event.stage for event in events if isinstance(event, RankProgressed)]
    assert lanes == [Stage.DECODING, Stage.WRITING, Stage.DENOISING]
    assert tracker.stage_of(0) is Stage.DENOISING
    written = [e.completed for e in events if isinstance(e, StageProgressed) and e.stage is Stage.WRITING]
    assert written == [1, 5, 9]
    assert (0, Stage.WRITING) in [(e.video, e.stage) for e in events if isinstance(e, StageFinished)]
