"""`splitreel serve`: commands on stdin, events on file descriptor 3, a heartbeat every second."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import BinaryIO

from splitreel.contract.limits import EVENT_FD, HEARTBEAT_INTERVAL_MS, MAX_LINE_BYTES
from splitreel.contract.lines import event_line, parse_command
from splitreel.contract.protocol import Event, Heartbeat, Logged
from splitreel.worker.rank.parent import die_with_parent
from splitreel.worker.supervisor.supervisor import Closed, Options, Supervisor

# The loop ticks five times a second. Heartbeats stop if it doesn't, because they must show that the loop runs.
_STUCK_S = 10.0
_SHOWN = 200


class EventPipe:
    """Numbers events and writes whole lines, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._seq = 0
        self.is_broken = False

    def emit(self, event: Event) -> None:
        with self._lock:
            if self.is_broken:
                return
            self._seq += 1
            try:
                self._stream.write(event_line(event, self._seq))
                self._stream.flush()
            except OSError:
                # The app is gone. It closes stdin as well, which ends this process.
                self.is_broken = True


def serve(options: Options | None = None) -> int:
    die_with_parent(os.getppid())
    pipe = EventPipe(os.fdopen(EVENT_FD, "wb"))
    os.set_inheritable(EVENT_FD, False)
    supervisor = Supervisor(pipe.emit, options)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.post(Closed()))
    threading.Thread(target=_read_commands, args=(supervisor, pipe), name="commands", daemon=True).start()
    threading.Thread(target=_send_heartbeats, args=(supervisor, pipe), name="heartbeat", daemon=True).start()
    supervisor.run()
    return 0


def _read_commands(supervisor: Supervisor, pipe: EventPipe) -> None:
    stdin = sys.stdin.buffer
    while line := stdin.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            pipe.emit(Logged("error", "a command exceeded the maximum line length and was ignored"))
            while line and not line.endswith(b"\n"):
                line = stdin.readline(MAX_LINE_BYTES)
            continue
        if not line.strip():
            continue
        try:
            supervisor.post(parse_command(line))
        except (ValueError, RecursionError) as error:
            pipe.emit(Logged("error", f"an invalid command was ignored: {str(error)[:_SHOWN]}"))
    supervisor.post(Closed())


def _send_heartbeats(supervisor: Supervisor, pipe: EventPipe) -> None:
    while not pipe.is_broken:
        if time.monotonic() - supervisor.last_tick < _STUCK_S:
            pipe.emit(Heartbeat())
        time.sleep(HEARTBEAT_INTERVAL_MS / 1000)
    supervisor.post(Closed())
