"""Combines the progress of many ranks: a stage starts with its first rank, ends with its last, and counts real work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from splitreel.contract.protocol import Event, RankProgressed, StageFinished, StageProgressed, StageReport, StageStarted
from splitreel.contract.types import Stage
from splitreel.worker.rank.messages import Progress

# Stages that all videos of a job share.
_SHARED = frozenset({Stage.STARTING, Stage.LOADING, Stage.OPTIMIZING})


@dataclass(slots=True)
class _StageState:
    began: float
    totals: dict[int, int] = field(default_factory=dict)
    completed: dict[int, int] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    duration_ms: float | None = None
    sent: int = -1  # what the last event counted


class StageTracker:
    def __init__(self, job_id: str, video_count: int, emit: Callable[[Event], None]) -> None:
        self._job_id = job_id
        self._videos = range(video_count)
        self._emit = emit
        self._states: dict[tuple[int, Stage], _StageState] = {}
        self._lanes: dict[int, tuple[int, Stage, int, int]] = {}  # by rank: the video and its progress

    def begin(self, stage: Stage, total: int) -> None:
        """Starts a stage that all videos of the job share."""
        for video in self._videos:
            if (video, stage) not in self._states:
                self._states[video, stage] = _StageState(time.monotonic(), {-1: total})
                self._emit(StageStarted(self._job_id, video, stage, total))

    def count(self, stage: Stage, completed: int, total: int) -> None:
        for video in self._videos:
            state = self._states[video, stage]
            elapsed_ms = 1000 * (time.monotonic() - state.began)
            self._emit(StageProgressed(self._job_id, video, stage, completed, total, elapsed_ms))

    def end(self, stage: Stage) -> None:
        for video in self._videos:
            state = self._states.get((video, stage))
            if state is not None and state.duration_ms is None:
                self._end(video, stage, state)

    def update(self, rank: int, progress: Progress) -> None:
        """Takes in the progress of one rank."""
        self._update_lane(rank, progress)
        if progress.stage in {Stage.LOADING, Stage.OPTIMIZING}:
            self._update_shared(rank, progress)
            return
        key = (progress.video, progress.stage)
        state = self._states.get(key)
        if state is None:
            # A warm engine reads and compiles nothing and sends no progress, but these stages are part of every job.
            self.begin(Stage.LOADING, 0)
            self.begin(Stage.OPTIMIZING, 0)
            self._end_earlier(progress.video, progress.stage)
            state = self._states[key] = _StageState(time.monotonic())
            self._emit(StageStarted(self._job_id, progress.video, progress.stage, progress.total))
        if state.duration_ms is not None:
            return
        state.totals[rank] = progress.total
        state.completed[rank] = progress.completed
        completed, total = _combined(progress.stage, state)
        if progress.status != "started" and completed != state.sent:
            state.sent = completed
            elapsed_ms = 1000 * (time.monotonic() - state.began)
            self._emit(StageProgressed(self._job_id, progress.video, progress.stage, completed, total, elapsed_ms))
        if progress.status == "finished":
            state.finished.add(rank)
            if state.finished >= state.totals.keys():
                self._end(progress.video, progress.stage, state)

    def reports(self) -> tuple[StageReport, ...]:
        """The time of each stage over all videos of the job; shared stages count once."""
        sums: dict[Stage, float] = {}
        for (video, stage), state in self._states.items():
            if state.duration_ms is not None and (video == 0 or stage not in _SHARED):
                sums[stage] = sums.get(stage, 0.0) + state.duration_ms
        return tuple(StageReport(stage, sums[stage]) for stage in Stage if stage in sums)

    @property
    def is_writing(self) -> bool:
        """Whether a video that is decoded has no file yet."""
        return any(
            stage is Stage.WRITING
            and state.duration_ms is None
            and (decoding := self._states.get((video, Stage.DECODING))) is not None
            and decoding.duration_ms is not None
            for (video, stage), state in self._states.items()
        )

    def stage_of(self, rank: int) -> Stage:
        return self._lanes[rank][1] if rank in self._lanes else Stage.STARTING

    def _update_lane(self, rank: int, progress: Progress) -> None:
        before = self._lanes.get(rank)
        lane = (progress.video, progress.stage, progress.completed, progress.total)
        # A rank writes a video while it makes the next one, and the lane shows what it computes.
        is_behind = progress.stage is Stage.WRITING and before is not None and before[0] > progress.video
        if before != lane and not is_behind:
            self._lanes[rank] = lane
            self._emit(RankProgressed(self._job_id, rank, *lane[1:]))

    def _update_shared(self, rank: int, progress: Progress) -> None:
        stage = progress.stage
        if stage is Stage.OPTIMIZING:
            self.begin(Stage.LOADING, 0)
            self.end(Stage.LOADING)
        self.begin(stage, progress.total)
        first = self._states[0, stage]
        first.totals.pop(-1, None)
        first.totals[rank] = progress.total
        first.completed[rank] = progress.completed
        completed, total = _combined(stage, first)
        if first.duration_ms is None and completed != first.sent:
            first.sent = completed
            self.count(stage, completed, total)

    def _end_earlier(self, video: int, stage: Stage) -> None:
        """A stage starts only when the previous one has ended on all ranks, even if some have not reported it yet."""
        if stage is Stage.WRITING:
            return  # frames are written while later ones are decoded
        for (other, earlier), state in self._states.items():
            if other == video and state.duration_ms is None:
                total = _combined(earlier, state)[1] if state.completed else max(state.totals.values(), default=0)
                if state.sent != total:
                    elapsed_ms = 1000 * (time.monotonic() - state.began)
                    self._emit(StageProgressed(self._job_id, video, earlier, total, total, elapsed_ms))
                self._end(video, earlier, state)

    def _end(self, video: int, stage: Stage, state: _StageState) -> None:
        state.duration_ms = 1000 * (time.monotonic() - state.began)
        self._emit(StageFinished(self._job_id, video, stage, state.duration_ms))


def _combined(stage: Stage, state: _StageState) -> tuple[int, int]:
    if stage is Stage.LOADING:
        return sum(state.completed.values()), sum(state.totals.values())
    if stage is Stage.DECODING:
        # The writer counts every tile, its own and those it receives. The other ranks count none.
        return max(state.completed.values()), max(state.totals.values())
    return min(state.completed.values()), max(state.totals.values())
