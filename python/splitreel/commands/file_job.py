"""Runs a command that writes one file. Prints one line at the end, or progress as JSON for the app."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TypeAlias

from splitreel.contract import failures
from splitreel.contract.errors import Canceled, SplitreelError
from splitreel.contract.exports import Event, ExportFailed, ExportFinished, ExportProgressed
from splitreel.contract.limits import EVENT_FD
from splitreel.contract.lines import export_event_line

Progressed: TypeAlias = Callable[[int, int], None]
Write: TypeAlias = Callable[[Progressed], Path]


def run_file_job(write: Write, *, events: bool) -> int:
    """`write` gets a function that takes (done, in total) and raises Canceled after a signal."""
    stopped = _stopped_by_signals()
    if events:
        return _with_events(write, stopped)

    def check(_done: int, _total: int) -> None:
        if stopped.is_set():
            raise Canceled

    print(write(check))
    return 0


def _with_events(write: Write, stopped: threading.Event) -> int:
    """Progress as lines of JSON on descriptor 3. Closing stdin cancels."""

    def wait_for_stdin_eof() -> None:
        sys.stdin.buffer.read()
        stopped.set()

    threading.Thread(target=wait_for_stdin_eof, daemon=True).start()
    with os.fdopen(EVENT_FD, "wb") as out:

        def send(event: Event) -> None:
            out.write(export_event_line(event))
            out.flush()

        def progressed(done: int, total: int) -> None:
            if stopped.is_set():
                raise Canceled
            send(ExportProgressed(done, total))

        try:
            send(ExportFinished(str(write(progressed))))
        except SplitreelError as error:
            send(ExportFailed(error.error))
        except Canceled:
            send(ExportFailed(failures.canceled().error))
    return 0


def _stopped_by_signals() -> threading.Event:
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    return stopped
