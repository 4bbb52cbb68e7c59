"""A benchmark's ranks: forked once, controlled over pipes, and ended with the benchmark.

As in the product, they are forked from a process that has imported everything and not touched CUDA, and they meet through
a file store. They inherit the whole environment.
"""

from __future__ import annotations

import gc
import multiprocessing as mp
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

import torch
import torch.distributed as dist

from splitreel.contract.errors import SplitreelError
from splitreel.engine.engine import Engine
from splitreel.machine.topology import visible_island_size
from splitreel.models.tensor_files import OpenTensors, open_safetensors
from splitreel.worker.rank.parent import die_with_parent

A = TypeVar("A")
R = TypeVar("R")

Device = Literal["cuda", "cpu"]


class RunRefused(Exception):
    """Every rank raised the same SplitreelError. The ranks are ready for the next run."""


class WorldLost(Exception):
    """A rank failed, died or timed out. Others could hang in a collective, so all ranks were killed."""


# How long the other ranks may take after one has failed.
_AFTER_FAILURE_S = 20.0


@dataclass(slots=True)
class RankContext:
    """One rank, and the engine that it keeps between runs."""

    rank: int
    size: int
    device: torch.device
    engine: Engine
    open_tensors: OpenTensors


@dataclass(frozen=True, slots=True)
class _Task(Generic[A, R]):
    function: Callable[[RankContext, A], R]
    argument: A


@dataclass(frozen=True, slots=True)
class _Failure:
    line: str
    is_refusal: bool


# How ranks open weight files. Called on each rank with its device.
Opener = Callable[[torch.device], OpenTensors]


def from_files(_device: torch.device) -> OpenTensors:
    return open_safetensors


class World:
    """`size` ranks, one per GPU or all on the CPU. Use it as a context manager."""

    def __init__(
        self, size: int, device: Device, *, weights: Opener = from_files, timeout_s: float = 120.0, threads: int = 1
    ) -> None:
        self.size = size
        self.device = device
        self._folder = tempfile.TemporaryDirectory(prefix="splitreel-bench-")
        store = str(Path(self._folder.name) / "store")
        self._pipes: list[Connection] = []
        self._processes: list[mp.process.BaseProcess] = []
        context = mp.get_context("fork")
        setting = _WorldSettings(size, device, store, timeout_s, threads, weights, os.getpid())
        # As in the product: a rank's garbage collections don't visit the objects of this process.
        gc.freeze()
        for rank in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(rank, setting, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.join(10)
        self._processes.clear()
        self._folder.cleanup()

    def run(self, function: Callable[[RankContext, A], R], argument: A, *, timeout_s: float) -> list[R]:
        """Runs a module-level function on all ranks. Returns their results in rank order. Raises RunRefused, WorldLost."""
        try:
            for pipe in self._pipes:
                pipe.send(_Task(function, argument))
            answers = self._answers(time.monotonic() + timeout_s)
        except (OSError, EOFError, WorldLost) as error:
            self.close()
            raise WorldLost(str(error) or "a rank died") from error
        failures = [answer for answer in answers if isinstance(answer, _Failure)]
        if failures and all(isinstance(answer, _Failure) and answer.is_refusal for answer in answers):
            raise RunRefused(failures[0].line)
        if failures:
            self.close()
            raise WorldLost(failures[0].line)
        return answers

    def _answers(self, deadline: float) -> list[Any]:
        """Results in rank order. The first failure shortens the other ranks' deadline."""
        answers: dict[int, Any] = {}
        failure = ""
        while len(answers) < self.size:
            waiting = [pipe for rank, pipe in enumerate(self._pipes) if rank not in answers]
            ready = wait(waiting, max(0.0, deadline - time.monotonic()))
            if not ready:
                missing = ", ".join(str(rank) for rank in range(self.size) if rank not in answers)
                raise WorldLost(failure or f"rank {missing} did not answer in time")
            for pipe in ready:
                assert isinstance(pipe, Connection)
                answer = answers[self._pipes.index(pipe)] = pipe.recv()
                if isinstance(answer, _Failure):
                    failure = failure or answer.line
                    deadline = min(deadline, time.monotonic() + _AFTER_FAILURE_S)
        return [answers[rank] for rank in range(self.size)]


@dataclass(frozen=True, slots=True)
class _WorldSettings:
    size: int
    device: Device
    store: str
    timeout_s: float
    threads: int
    weights: Opener
    parent: int


def _serve(rank: int, setting: _WorldSettings, pipe: Connection) -> None:
    die_with_parent(setting.parent)
    # Libraries print to stdout, which is reserved for the table.
    os.dup2(2, 1)
    torch.set_num_threads(setting.threads)
    context: RankContext | None = None
    while True:
        try:
            task: _Task[object, object] = pipe.recv()
        except EOFError:
            os._exit(0)
        try:
            context = context or _join_world(rank, setting)
            pipe.send(task.function(context, task.argument))
        except Exception as error:  # noqa: BLE001 - reported to the parent, which ends all ranks
            traceback.print_exc()
            sys.stderr.flush()
            line = f"{type(error).__name__}: {error}".split("\n")[0][:300]
            pipe.send(_Failure(line, is_refusal=isinstance(error, SplitreelError)))


def _join_world(rank: int, setting: _WorldSettings) -> RankContext:
    device = torch.device("cpu")
    if setting.device == "cuda":
        device = torch.device("cuda", rank)
        torch.cuda.set_device(device)
    dist.init_process_group(
        backend="cpu:gloo,cuda:nccl" if setting.device == "cuda" else "gloo",
        init_method=f"file://{setting.store}",
        rank=rank,
        world_size=setting.size,
        timeout=timedelta(seconds=setting.timeout_s),
    )
    open_tensors = setting.weights(device)
    is_nvlinked = setting.device == "cuda" and visible_island_size(setting.size) > 1
    engine = Engine(
        rank=rank, world_size=setting.size, device=device, open_tensors=open_tensors, is_nvlinked=is_nvlinked
    )
    return RankContext(rank, setting.size, device, engine, open_tensors)
