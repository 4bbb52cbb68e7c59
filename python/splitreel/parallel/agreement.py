"""How ranks agree: to cancel at the same step, and on whether a local operation succeeded on all of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

import torch
import torch.distributed as dist

from splitreel.contract.errors import Canceled, PeerError, SplitreelError
from splitreel.parallel.peer_wait import waiting_for_peers

T = TypeVar("T")


class _Outcome(IntEnum):
    """How an operation ended on one rank. The worst outcome of all ranks counts."""

    DONE = 0
    CANCELED = 1
    FAILED = 2


class Agreement:
    """Agreement among the ranks of one process group (None with a size above 1: the default group).

    Flags are CPU tensors, reduced over gloo even where NCCL is available, so that no rank waits for a GPU.
    """

    def __init__(self, group: dist.ProcessGroup | None, size: int) -> None:
        self._group = group
        self._size = size

    def raise_if_any(self, canceled: bool) -> None:
        """Collective. Raises Canceled on every rank if any rank passes True."""
        if self._worst(_Outcome.CANCELED if canceled else _Outcome.DONE) is not _Outcome.DONE:
            raise Canceled

    def all(self, is_true: bool) -> bool:
        """Collective. Whether it is true on every rank."""
        return self._worst(_Outcome.DONE if is_true else _Outcome.FAILED) is _Outcome.DONE

    def first(self, text: str | None) -> str | None:
        """Collective. The text of the first rank that passes one."""
        if self._size == 1:
            return text
        texts: list[str | None] = [None] * self._size
        with waiting_for_peers():
            dist.all_gather_object(texts, text, group=self._group)
        return next((found for found in texts if found is not None), None)

    def of_first(self, number: int) -> int:
        """Collective. The number that the first rank passes."""
        if self._size == 1:
            return number
        given = torch.tensor([number], dtype=torch.int64)
        with waiting_for_peers():
            dist.broadcast(given, group_src=0, group=self._group)
        return int(given.item())

    def together(self, operation: Callable[[], T]) -> T:
        """Collective. Runs a local operation on each rank; if it fails on one, every rank raises.

        A rank on which the operation itself failed raises its own error, the others raise Canceled or PeerError.
        """
        results: list[T] = []
        error: BaseException | None = None
        try:
            results.append(operation())
        except (Canceled, SplitreelError, OSError, RuntimeError, ValueError) as caught:
            error = caught
        outcome = (
            _Outcome.DONE if error is None else _Outcome.CANCELED if isinstance(error, Canceled) else _Outcome.FAILED
        )
        worst = self._worst(outcome)
        if error is not None and outcome is worst:
            raise error
        if worst is _Outcome.CANCELED:
            raise Canceled
        if worst is _Outcome.FAILED:
            raise PeerError
        return results[0]

    def _worst(self, outcome: _Outcome) -> _Outcome:
        if self._size == 1:
            return outcome
        flag = torch.tensor([int(outcome)], dtype=torch.int32)
        with waiting_for_peers():
            dist.all_reduce(flag, op=dist.ReduceOp.MAX, group=self._group)
        return _Outcome(int(flag.item()))


class DeferredCancel:
    """Agreement to cancel without a barrier: a request posted in one step is known to all ranks in the next.

    For loops in which ranks run ahead of each other by less than a step. By the time a rank reads the result of the
    step before, every rank has posted, so no rank waits and all stop at the same step.
    """

    def __init__(self, group: dist.ProcessGroup | None, cancel_requested: Callable[[], bool]) -> None:
        self._group = group
        self._cancel_requested = cancel_requested
        self._posted: tuple[dist.Work, torch.Tensor] | None = None

    def post(self) -> None:
        """Starts sharing whether this rank has a cancel request. Call it once per step, after `is_canceled`."""
        flag = torch.tensor([int(self._cancel_requested())], dtype=torch.int32)
        work = dist.all_reduce(flag, op=dist.ReduceOp.MAX, group=self._group, async_op=True)
        assert work is not None
        self._posted = (work, flag)

    def is_canceled(self) -> bool:
        """Whether any rank requested a cancel in the step before. The same answer on every rank."""
        if self._posted is None:
            return False
        work, flag = self._posted
        self._posted = None
        with waiting_for_peers():
            work.wait()
        return bool(flag.item())

    def finish(self) -> None:
        """After the last step: takes the last request into account. Raises Canceled on all ranks or on none."""
        if self.is_canceled():
            raise Canceled
