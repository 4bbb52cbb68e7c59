"""A small engine behind the real interface. It has no torch, so tests of processes start at once.

The prompt sets its behavior: `sleep 5` per step, `frame 0.1` per frame, `hang 1` (rank 1 sleeps for ever in step 2), `boom 1`
(rank 1 raises in step 2), `oom`, `full` (the disk is full). Ranks meet at a file barrier at each step.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from splitreel.contract import failures
from splitreel.contract.errors import Canceled, SplitreelError
from splitreel.contract.types import Plan, Stage, TextEncoderPolicy
from splitreel.engine.api import EngineJob, EngineReport, Hooks, LoadOptions, LoadReport, StageFigures, VideoOutcome
from splitreel.parallel.peer_wait import waiting_for_peers
from splitreel.worker.rank.messages import Join
from splitreel.worker.rank.port import RankEngine

_TILES = 2
_BYTES = 1000


def preload() -> None:
    import splitreel.worker.rank.hooks

    _ = splitreel.worker.rank.hooks


def join_world(join: Join, before: RankEngine | None) -> RankEngine:
    return FakeEngine(join.rank, join.world_size, Path(join.store))


@dataclass
class FakeEngine:
    rank: int
    world: int
    folder: Path
    model: str | None = None
    job: int = 0
    round: int = 0
    partners: int = 0
    unwritten: int | None = None

    def meet(self, wants_cancel: bool = False) -> bool:
        """Waits until all ranks are here; true when any of them wants to cancel."""
        self.round += 1
        barrier = self.folder.with_name(f"{self.folder.name}-{self.job}-{self.round}")
        barrier.mkdir(exist_ok=True)
        (barrier / f"part-{self.rank}").write_text(str(int(wants_cancel)))
        (barrier / f"part-{self.rank}").rename(barrier / str(self.rank))
        with waiting_for_peers():
            while len([p for p in barrier.iterdir() if p.name.isdigit()]) < self.partners:
                time.sleep(0.002)
        return any((barrier / str(r)).read_text() == "1" for r in range(self.partners))

    def load(
        self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks, job: EngineJob | None = None
    ) -> LoadReport:
        self.job, self.round, self.partners = self.job + 1, 0, self.world
        self.unwritten = None
        if self.model == str(model):
            return LoadReport(True, 0, _BYTES, _BYTES, _BYTES, 0.0)
        hooks.stage_started(0, Stage.LOADING, _BYTES)
        for part in range(1, 5):
            time.sleep(0.02)
            hooks.stage_progressed(0, Stage.LOADING, _BYTES * part // 4)
            if self.meet(hooks.cancel_requested()):
                raise Canceled
        hooks.stage_finished(0, Stage.LOADING)
        self.model = str(model)
        return LoadReport(False, _BYTES, _BYTES, _BYTES, _BYTES, 0.1)

    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport:
        outcomes = []
        if self.rank >= plan.world_size:
            return EngineReport(False, (), {}, (), False, TextEncoderPolicy.KEPT, job.attention)
        self.partners = plan.world_size
        for video, wanted in enumerate(job.videos):
            error = self._video(job, video, wanted.prompt, hooks)
            outcomes.append(VideoOutcome(video, 0, None if error is None else error.error))
        self._wait_for_file(hooks)
        figures = {"denoising": StageFigures(1.0, 0, 12345, 0, 0.0)}
        return EngineReport(True, tuple(outcomes), figures, (), False, TextEncoderPolicy.KEPT, job.attention)

    def _video(self, job: EngineJob, video: int, prompt: str, hooks: Hooks) -> SplitreelError | None:
        options = dict(re.findall(r"(\w+) ([\d.]+)", prompt))
        hooks.stage_started(video, Stage.ENCODING, 1)
        hooks.stage_progressed(video, Stage.ENCODING, 1)
        hooks.stage_finished(video, Stage.ENCODING)
        hooks.stage_started(video, Stage.DENOISING, job.num_inference_steps)
        for step in range(1, job.num_inference_steps + 1):
            time.sleep(float(options.get("sleep", 0.01)))
            if step == 2:
                self._inject_fault(options, prompt)
            if self.meet(hooks.cancel_requested()):
                raise Canceled
            hooks.stage_progressed(video, Stage.DENOISING, step)
            if self.rank == 0 and step in job.preview_steps:
                hooks.preview(video, step, np.zeros((8, 8, 3), np.uint8))
        hooks.memory_measured(video, Stage.DENOISING, 12345)
        hooks.stage_finished(video, Stage.DENOISING)
        if self.rank != 0:
            return None
        try:
            self._decode(job, video, prompt, float(options.get("frame", 0.01)), hooks)
        except SplitreelError as error:
            return error
        return None

    def _decode(self, job: EngineJob, video: int, prompt: str, frame_s: float, hooks: Hooks) -> None:
        hooks.stage_started(video, Stage.DECODING, _TILES)
        self._wait_for_file(hooks)
        for index in range(job.num_frames):
            if "full" in prompt and index == 3:
                raise failures.disk_full(folder="x", needed_bytes=1, free_bytes=0)
            frame = np.full((job.height, job.width, 3), (index * 16) % 256, np.uint8)
            time.sleep(frame_s)
            hooks.frame(video, index, frame)
        hooks.stage_progressed(video, Stage.DECODING, _TILES)
        hooks.stage_finished(video, Stage.DECODING)
        self.unwritten = video

    def _wait_for_file(self, hooks: Hooks) -> None:
        video, self.unwritten = self.unwritten, None
        if video is not None:
            hooks.video_written(video)

    def _inject_fault(self, options: dict[str, str], prompt: str) -> None:
        if options.get("hang") == str(self.rank):
            time.sleep(10_000)
        if options.get("spin") == str(self.rank):
            until = time.monotonic() + 4
            while time.monotonic() < until:
                pass
        if options.get("boom") == str(self.rank):
            raise RuntimeError("boom")
        if options.get("exit") == str(self.rank):
            os._exit(7)
        if "oom" in prompt:
            raise failures.host_oom(rank=0, stage="denoising")
