"""The stage in which kernels are compiled and compared with torch. Slow the first time on a machine, then cached."""

from __future__ import annotations

from splitreel.contract.errors import Canceled
from splitreel.contract.types import Stage
from splitreel.engine.api import Hooks


class OptimizingStage:
    """Counts kernels. Nothing is reported until the first is about to be checked."""

    def __init__(self, hooks: Hooks, total: int) -> None:
        self._hooks = hooks
        self._total = total
        self._done = 0
        self._has_begun = False

    def begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._hooks.stage_started(0, Stage.OPTIMIZING, self._total)

    def kernel_checked(self) -> None:
        """Raises Canceled on this rank when a cancel is requested."""
        if not self._has_begun:
            return
        self._done += 1
        self._hooks.stage_progressed(0, Stage.OPTIMIZING, min(self._done, self._total))
        if self._hooks.cancel_requested():
            raise Canceled

    def end(self) -> None:
        if self._has_begun:
            self._has_begun = False
            self._hooks.stage_finished(0, Stage.OPTIMIZING)
