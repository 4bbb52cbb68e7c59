"""Ranks for tests: started once, sent many requests, over gloo and a file store like the product's own."""

from __future__ import annotations

import gc
import multiprocessing as mp
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkServerContext
from pathlib import Path
from threading import Timer
from typing import Any, NoReturn, Self
from unittest.mock import patch

import numpy as np
import pytest
import torch
import torch.distributed as dist

from splitreel.contract import failures
from splitreel.contract.errors import Canceled
from splitreel.contract.types import Plan, Stage
from splitreel.engine.api import EngineJob, EngineReport, LoadOptions, LoadReport
from splitreel.engine.engine import Engine
from splitreel.models.cogvideox import fused_attention
from splitreel.parallel.kv_cache import BlockKVCache

# Triton's interpreter takes half a minute for its first video, and more on a busy machine.
_ANSWER_S = 240


@dataclass(slots=True)
class RecordingHooks:
    """Records what the engine reports. Requests a cancel when a stage reaches `cancel_at`."""

    cancel_at: tuple[Stage, int] | None = None
    events: list[tuple[str, int]] = field(default_factory=list)
    final: list[torch.Tensor] = field(default_factory=list)
    frames: list[np.ndarray[Any, Any]] = field(default_factory=list)
    previews: list[int] = field(default_factory=list)
    steps: int = 0
    steps_after_cancel: int = 0
    unwritable: int | None = None  # a video whose file can't be written
    _canceled: bool = False

    def cancel(self) -> None:
        """From any thread."""
        self._canceled = True

    def stage_started(self, video: int, stage: Stage, total: int) -> None:
        self.events.append((f"{video} {stage.value} of", total))

    def stage_progressed(self, video: int, stage: Stage, completed: int) -> None:
        self.events.append((f"{video} {stage.value}", completed))
        if stage is Stage.DENOISING:
            self.steps += 1
            self.steps_after_cancel += self._canceled
        if self.cancel_at is not None and stage is self.cancel_at[0] and completed >= self.cancel_at[1]:
            self._canceled = True

    def stage_finished(self, video: int, stage: Stage) -> None:
        self.events.append((f"{video} {stage.value} finished", 0))

    def memory_measured(self, video: int, stage: Stage, peak_bytes: int) -> None:
        self.events.append((f"{video} {stage.value} peak", peak_bytes))

    def cancel_requested(self) -> bool:
        return self._canceled

    def preview(self, video: int, step: int, image_u8_HWC: np.ndarray[Any, Any]) -> None:
        assert image_u8_HWC.dtype == np.uint8
        self.previews.append(step)

    def latents(self, video: int, latents_BFCHW: torch.Tensor) -> None:
        self.final.append(latents_BFCHW)

    def frame(self, video: int, index: int, frame_u8_HWC: np.ndarray[Any, Any]) -> None:
        self.frames.append(frame_u8_HWC)
        if index == 0:
            self.events.append((f"{video} first frame", 0))

    def video_written(self, video: int) -> None:
        self.events.append((f"{video} written", 0))
        if self.cancel_at == (Stage.WRITING, video):
            raise Canceled
        if video == self.unwritable:
            raise failures.disk_ran_full(folder="videos", details="played")


@dataclass(frozen=True, slots=True)
class RunRequest:
    model: Path
    plan: Plan
    job: EngineJob
    cancel: tuple[int, Stage, int] | None = None  # rank, stage, count
    cancel_after: tuple[int, float] | None = None  # rank, seconds
    gathers_keys: bool = False  # Ring over peer memory, which only GPUs have
    without_cache: bool = False  # a deliberately wrong engine: patches of a pipeline attend only to themselves
    options: LoadOptions = field(default_factory=LoadOptions)
    unwritable: int | None = None  # a video whose file can't be written
    kernels_fail_on: int | None = None  # a rank whose kernels can't be launched once they have been compared


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one rank reports of a request."""

    canceled: bool
    load: LoadReport
    events: list[tuple[str, int]]
    latents: list[np.ndarray[Any, Any]]
    frame_count: int
    frames_hash: str
    previews: list[int]
    approximate: bool
    bytes_sent_per_step: tuple[int, ...]
    steps: int  # denoising steps, of all videos
    steps_after_cancel: int  # of these, since this rank requested a cancel
    errors: tuple[str, ...]  # codes of the videos that failed
    failed: tuple[int, ...]
    fused_problem: str | None  # why the model does not run on the fused kernels; None if it does
    notices: tuple[str, ...]


def _rank(rank: int, world: int, store: str, pipe: Connection) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=world, timeout=timedelta(seconds=_ANSWER_S)
    )
    engine = Engine(rank=rank, world_size=world, device=torch.device("cpu"))
    while True:
        request: RunRequest | None = pipe.recv()
        if request is None:
            return
        pipe.send(_run(engine, rank, request))


def _run(engine: Engine, rank: int, request: RunRequest) -> RunResult:
    cancel = None if request.cancel is None or request.cancel[0] != rank else request.cancel[1:]
    hooks = RecordingHooks(cancel_at=cancel, unwritable=request.unwritable)
    load = engine.load(request.model, request.plan, request.options, hooks, request.job)
    report: EngineReport | None = None
    if request.cancel_after is not None and request.cancel_after[0] == rank:
        timer = Timer(request.cancel_after[1], hooks.cancel)
        timer.daemon = True
        timer.start()
    canceled = False
    try:
        with (
            patches_see_only_themselves() if request.without_cache else nullcontext(),
            patch.object(fused_attention, "gathers_keys", return_value=request.gathers_keys),
            kernels_fail() if request.kernels_fail_on == rank else nullcontext(),
        ):
            report = engine.generate(request.job, request.plan, hooks)
    except Canceled:
        canceled = True
    return RunResult(
        canceled,
        load,
        hooks.events,
        [tensor.numpy() for tensor in hooks.final],
        len(hooks.frames),
        frames_hash(hooks.frames),
        hooks.previews,
        report is not None and report.approximate,
        () if report is None else report.bytes_sent_per_step,
        hooks.steps,
        hooks.steps_after_cancel,
        () if report is None else tuple(one.error.code for one in report.outcomes if one.error),
        () if report is None else tuple(one.video for one in report.outcomes if one.error),
        engine.loaded.model.fused_problem,
        () if report is None else report.notices,
    )


@contextmanager
def patches_see_only_themselves() -> Iterator[None]:
    """PipeFusion without its cache, which a test of drift must distinguish from the real one."""
    right = BlockKVCache.update
    BlockKVCache.update = lambda _self, k_BHSD, v_BHSD: (k_BHSD, v_BHSD)  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        BlockKVCache.update = right  # type: ignore[method-assign]


class _NoLauncher:
    def __getitem__(self, grid: object) -> NoReturn:
        raise RuntimeError("out of resource: shared memory")


@contextmanager
def kernels_fail() -> Iterator[None]:
    """Every Triton kernel raises when it is launched. The failures are forgotten afterwards."""
    from splitreel.kernels import block_triton, fallback, vae_triton

    with pytest.MonkeyPatch.context() as patch:
        for module in (block_triton, vae_triton):
            for name in vars(module):
                if name.endswith("_kernel"):
                    patch.setattr(module, name, _NoLauncher())
        yield
    fallback._failed.clear()


def frames_hash(frames: list[np.ndarray[Any, Any]]) -> str:
    return sha256(b"".join(frame.tobytes() for frame in frames)).hexdigest()


@contextmanager
def _interpreting() -> Iterator[None]:
    """Processes that start meanwhile run Triton's kernels by its interpreter."""
    os.environ["TRITON_INTERPRET"] = "1"
    try:
        yield
    finally:
        del os.environ["TRITON_INTERPRET"]


class World:
    """`size` warm ranks. Use as a context. A rank that does not answer makes the world unusable (`is_lost`)."""

    def __init__(self, size: int, folder: Path, *, interprets_kernels: bool = False) -> None:
        """`interprets_kernels`: models run on the fused kernels, by Triton's interpreter."""
        # Triton decides how its own functions run when it is first imported, which torch has already done here. Ranks
        # that interpret them are forked from a process that imports all of it anew, once.
        context: ForkServerContext | ForkContext
        if interprets_kernels:
            context = mp.get_context("forkserver")
            context.set_forkserver_preload(["tests.engine.interpreted_kernels"])
        else:
            context = mp.get_context("fork")
        self.is_lost = False
        self._pipes: list[Connection] = []
        self._processes = []
        # A rank collects garbage whenever it unloads a model. Frozen, the objects of this process take no part in it.
        gc.freeze()
        for rank in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_rank,
                args=(rank, size, str(folder / "store"), theirs),
                daemon=True,
            )
            with _interpreting() if interprets_kernels else nullcontext():
                process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if not self.is_lost:
            for pipe in self._pipes:
                pipe.send(None)
        for process in self._processes:
            if not self.is_lost:
                process.join(5)
            process.kill()

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes if process.pid is not None]

    def run(self, request: RunRequest) -> list[RunResult]:
        assert not self.is_lost, "an earlier answer may still come"
        results = []
        try:
            for pipe in self._pipes:
                pipe.send(request)
            for rank, pipe in enumerate(self._pipes):
                assert pipe.poll(_ANSWER_S), f"rank {rank} did not answer"
                results.append(pipe.recv())
        except BaseException:
            self.is_lost = True
            raise
        return results


class Worlds:
    """Worlds of one to eight ranks, each started for the first plan that needs it, and again after a test that lost it.

    A rank that a plan leaves idle loads its part all the same, so a plan runs in the smallest world that holds it.
    """

    SIZES = (1, 2, 4, 8)

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._worlds: dict[int, World] = {}

    def run(self, request: RunRequest, size: int | None = None) -> list[RunResult]:
        """The result of each rank. `size`: of a world with idle ranks."""
        if size is None:
            size = next(each for each in self.SIZES if each >= request.plan.world_size)
        world = self._worlds.get(size)
        if world is None or world.is_lost:
            if world is not None:
                world.close()
            world = self._worlds[size] = World(size, self._folder())
        return world.run(request)

    def close(self) -> None:
        for world in self._worlds.values():
            world.close()
