"""How ranks agree: on a cancel at the same step, and on the end of what only some of them do."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import torch
import torch.distributed as dist

from splitreel.errors import Cancelled, SplitreelError


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
        dist.all_reduce(flag, op=dist.ReduceOp.MAX, group=self._group)
        return _End(int(flag.item()))
