"""Shares the first error among the ranks of one torchrun, so that rank 0 reports it once.

An error on one rank breaks the collectives of the others, whose own errors then say "connection closed". So the rank
that fails first puts its error into the store that all ranks share, and the others read it from there.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from splitreel.contract import wire
from splitreel.contract.errors import AppError

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

_ERROR: Final = "splitreel/error"
_COUNT: Final = "splitreel/errors"
_POLL_S: Final = 0.2


class ErrorBoard:
    def __init__(self, store: Store, report: Callable[[AppError], None]) -> None:
        self._store = store
        self._report = report
        self._lock = threading.Lock()
        self._is_reported = False

    def post(self, error: AppError) -> AppError:
        """Posts an error unless another rank was first. Returns the first one."""
        if self._store.add(_COUNT, 1) == 1:
            self._store.set(_ERROR, json.dumps(wire.to_wire(error)))
        return self.first()

    def first(self) -> AppError:
        """Waits for the first error of any rank."""
        return wire.from_wire(AppError, json.loads(self._store.get(_ERROR)))

    def report(self, error: AppError) -> None:
        """Reports only once, on whichever thread calls it first."""
        with self._lock:
            if not self._is_reported:
                self._is_reported = True
                self._report(error)

    def watch(self) -> None:
        """On rank 0: reports another rank's error and ends this process, which may be waiting for that rank."""
        threading.Thread(target=self._watch, name="errors", daemon=True).start()

    def _watch(self) -> None:
        try:
            while not self._store.check([_ERROR]):
                time.sleep(_POLL_S)
            error = self.first()
        except RuntimeError:  # the rank or agent that held the store has ended
            return
        self.report(error)
        os._exit(error.exit_code)
