"""How ranks agree: on a cancel at the same step, and on the end of what only some of them do."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import torch
import torch.distributed as dist

from splitreel.contract.errors import Cancelled, SplitreelError
from splitreel.parallel.peer_wait import waiting_for_peers


class _End(IntEnum):
    """How a rank came out of something; the worst of all ranks counts."""

    DONE = 0
    CANCELLED = 1
    FAILED = 2


class Agreement:
    """Among the ranks of one process group (None with a size above 1: the whole world).

    Flags travel as CPU tensors, over gloo also beside NCCL, so that no GPU is waited for.
    """

    def __init__(self, group: dist.ProcessGroup | None, size: int) -> None:
        self._group = group
        self._size = size

    def raise_if_any(self, cancelled: bool) -> None:
        """Raises Cancelled on every rank when it is asked for on one."""
        if self._worst(_End.CANCELLED if cancelled else _End.DONE) is not _End.DONE:
            raise Cancelled

    def together(self, do: Callable[[], None]) -> None:
        """Runs `do` on this rank and ends alike on all: the first error of the group is raised on each of them."""
        error: BaseException | None = None
        try:
            do()
        except (Cancelled, SplitreelError, OSError, RuntimeError, ValueError) as caught:
            error = caught
        end = _End.DONE if error is None else _End.CANCELLED if isinstance(error, Cancelled) else _End.FAILED
        worst = self._worst(end)
        if error is not None and end is worst:
            raise error
        if worst is _End.CANCELLED:
            raise Cancelled
        if worst is _End.FAILED:
            raise SplitreelError("INTERNAL", {"problem": "another rank could not go on; its own error says why"})

    def _worst(self, end: _End) -> _End:
        if self._size == 1:
            return end
        flag = torch.tensor([int(end)], dtype=torch.int32)
        with waiting_for_peers():
            dist.all_reduce(flag, op=dist.ReduceOp.MAX, group=self._group)
        return _End(int(flag.item()))


class LateAgreement:
    """Agreement without a barrier: what was asked for in one step is known to all at the start of the next.

    For loops in which ranks run ahead of each other by less than a step: the answer of a step before is there by then,
    so nobody waits for it, and everybody stops at the same step.
    """

    def __init__(self, group: dist.ProcessGroup | None, cancel_requested: Callable[[], bool]) -> None:
        self._group = group
        self._cancel_requested = cancel_requested
        self._asked: tuple[dist.Work, torch.Tensor] | None = None

    def ask(self) -> None:
        """Tells the others whether a cancel is wanted here. Once a step, after `is_stopped`."""
        flag = torch.tensor([int(self._cancel_requested())], dtype=torch.int32)
        work = dist.all_reduce(flag, op=dist.ReduceOp.MAX, group=self._group, async_op=True)
        assert work is not None
        self._asked = (work, flag)

    def is_stopped(self) -> bool:
        """Whether any rank asked for it in the step before; the same answer on every rank."""
        if self._asked is None:
            return False
        work, flag = self._asked
        self._asked = None
        with waiting_for_peers():
            work.wait()
        return bool(flag.item())

    def settle(self) -> None:
        """After the last step: whatever was asked came too late for this loop. Raises Cancelled on all, or on none."""
        if self.is_stopped():
            raise Cancelled
