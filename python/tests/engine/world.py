"""Ranks for tests: started once, sent many plans, over gloo and a file store like the product's own."""

from __future__ import annotations

import multiprocessing as mp
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer
from typing import Any, Self

import numpy as np
import torch
import torch.distributed as dist

from splitreel.contract.errors import Cancelled
from splitreel.contract.types import Plan, Stage
from splitreel.engine.api import EngineJob, LoadOptions, LoadReport
from splitreel.engine.engine import Engine
from splitreel.parallel.kv_cache import BlockKVCache


@dataclass(slots=True)
class RecordingHooks:
    """Keeps what the engine tells; asks for a cancel once `cancel_at` of a stage is reached."""

    cancel_at: tuple[Stage, int] | None = None
    told: list[tuple[str, int]] = field(default_factory=list)
    final: list[torch.Tensor] = field(default_factory=list)
    frames: list[np.ndarray[Any, Any]] = field(default_factory=list)
    previews: list[int] = field(default_factory=list)
    wished_at: float | None = None
    longest_step: float = 0.0
    _cancelled: bool = False
    _stepped_at: float | None = None

    def cancel(self) -> None:
        """From any thread."""
        self.wished_at = time.monotonic()
        self._cancelled = True

    def stage_started(self, video: int, stage: Stage, total: int) -> None:
        self.told.append((f"{video} {stage.value} of", total))

    def stage_progressed(self, video: int, stage: Stage, completed: int) -> None:
        self.told.append((f"{video} {stage.value}", completed))
        if stage is Stage.DENOISING:
            now = time.monotonic()
            if self._stepped_at is not None:
                self.longest_step = max(self.longest_step, now - self._stepped_at)
            self._stepped_at = now
        if self.cancel_at is not None and stage is self.cancel_at[0] and completed >= self.cancel_at[1]:
            self._cancelled = True

    def stage_finished(self, video: int, stage: Stage) -> None:
        self.told.append((f"{video} {stage.value} finished", 0))

    def memory_measured(self, video: int, stage: Stage, peak_bytes: int) -> None:
        self.told.append((f"{video} {stage.value} peak", peak_bytes))

    def cancel_requested(self) -> bool:
        return self._cancelled

    def preview(self, video: int, step: int, image_u8_HWC: np.ndarray[Any, Any]) -> None:
        assert image_u8_HWC.dtype == np.uint8
        self.previews.append(step)

    def latents(self, video: int, latents_BFCHW: torch.Tensor) -> None:
        self.final.append(latents_BFCHW)

    def frame(self, video: int, index: int, frame_u8_HWC: np.ndarray[Any, Any]) -> None:
        self.frames.append(frame_u8_HWC)


@dataclass(frozen=True, slots=True)
class Order:
    model: Path
    plan: Plan
    job: EngineJob
    cancel: tuple[int, Stage, int] | None = None  # rank, stage, count
    cancel_after: tuple[int, float] | None = None  # rank, seconds
    blind: bool = False  # a wrong engine: patches of a pipeline see only themselves
    options: LoadOptions = field(default_factory=LoadOptions)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rank has to tell of an order."""

    cancelled: bool
    load: LoadReport
    told: list[tuple[str, int]]
    latents: list[np.ndarray[Any, Any]]
    frame_count: int
    picture: str  # of all frames, by content
    previews: list[int]
    approximate: bool
    bytes_sent_per_step: tuple[int, ...]
    seconds: float
    seconds_to_stop: float  # from the wish of this rank to its end; 0 where it had none
    longest_step: float
    errors: tuple[str, ...]  # codes of the videos that failed


def _rank(rank: int, world: int, store: str, pipe: Connection) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=world, timeout=timedelta(seconds=60)
    )
    engine = Engine(rank=rank, world_size=world, device=torch.device("cpu"))
    while True:
        order = pipe.recv()
        if order is None:
            return
        cancel = None if order.cancel is None or order.cancel[0] != rank else order.cancel[1:]
        hooks = RecordingHooks(cancel_at=cancel)
        load = engine.load(order.model, order.plan, order.options, hooks)
        cancelled = False
        report = None
        began = time.monotonic()
        if order.cancel_after is not None and order.cancel_after[0] == rank:
            wish = Timer(order.cancel_after[1], hooks.cancel)
            wish.daemon = True
            wish.start()
        try:
            with patches_see_only_themselves() if order.blind else nullcontext():
                report = engine.generate(order.job, order.plan, hooks)
        except Cancelled:
            cancelled = True
        ended = time.monotonic()
        latents = [tensor.numpy() for tensor in hooks.final]
        pipe.send(
            Answer(
                cancelled,
                load,
                hooks.told,
                latents,
                len(hooks.frames),
                picture_of(hooks.frames),
                hooks.previews,
                report is not None and report.approximate,
                () if report is None else report.bytes_sent_per_step,
                ended - began,
                0.0 if hooks.wished_at is None else max(0.0, ended - hooks.wished_at),
                hooks.longest_step,
                () if report is None else tuple(one.error_code for one in report.outcomes if one.error_code),
            )
        )


@contextmanager
def patches_see_only_themselves() -> Iterator[None]:
    """PipeFusion as it would be if it kept no keys: what a test of drift must be able to tell from the right one."""
    right = BlockKVCache.update
    BlockKVCache.update = lambda _self, k_BHSD, v_BHSD: (k_BHSD, v_BHSD)  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        BlockKVCache.update = right  # type: ignore[method-assign]


def picture_of(frames: list[np.ndarray[Any, Any]]) -> str:
    return sha256(b"".join(frame.tobytes() for frame in frames)).hexdigest()


class World:
    """`size` warm ranks. Use as a context."""

    def __init__(self, size: int, folder: Path) -> None:
        context = mp.get_context("fork")
        self._pipes: list[Connection] = []
        self._processes = []
        for rank in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_rank, args=(rank, size, str(folder / "store"), theirs), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(5)
            process.kill()

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes if process.pid is not None]

    def run(self, order: Order) -> list[Answer]:
        for pipe in self._pipes:
            pipe.send(order)
        answers = []
        for pipe in self._pipes:
            assert pipe.poll(120), "a rank gave no answer"
            answers.append(pipe.recv())
        return answers
