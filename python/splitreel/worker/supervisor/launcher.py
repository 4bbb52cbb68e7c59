"""Starts ranks through the zygote. Each rank gets a socket for messages and a pipe for its output."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

from splitreel.contract import failures
from splitreel.contract.errors import AppError
from splitreel.worker.rank.messages import Channel, RankEvent, read_events
from splitreel.worker.supervisor.process_environment import child_environment

_TAIL_LINES = 60
_LINE_BYTES = 2_000
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[3])


@dataclass(frozen=True, slots=True)
class ZygoteReady:
    pass


@dataclass(frozen=True, slots=True)
class ZygoteExited:
    pid: int


@dataclass(frozen=True, slots=True)
class RankForked:
    serial: int
    pid: int


@dataclass(frozen=True, slots=True)
class RankExited:
    pid: int
    code: int


@dataclass(frozen=True, slots=True)
class RankEventReceived:
    serial: int
    event: RankEvent


@dataclass(frozen=True, slots=True)
class RankDisconnected:
    """The rank's socket is closed: its process is gone, or about to be."""

    serial: int


LauncherEvent: TypeAlias = ZygoteReady | ZygoteExited | RankForked | RankExited | RankEventReceived | RankDisconnected


@dataclass(slots=True)
class Tail:
    """The last lines of a process's output, for an error's details."""

    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))

    def text(self) -> str:
        return "\n".join(self.lines)

    def follow(self, stream: BinaryIO) -> None:
        while line := stream.readline(_LINE_BYTES):
            text = line.decode("utf-8", "replace").rstrip()
            self.lines.append(text)
            with suppress(OSError, ValueError):
                print(text, file=sys.stderr, flush=True)  # noqa: T201 - the app writes our stderr to its log


@dataclass(slots=True)
class LaunchedRank:
    channel: Channel
    tail: Tail


class Launcher:
    """One zygote. Create it on a thread that lives as long as the supervisor: children die with that thread."""

    def __init__(
        self, engine_module: str, notify: Callable[[LauncherEvent], None], extra_path: str | None = None
    ) -> None:
        self._notify = notify
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        paths = [_PACKAGE_PARENT, *([extra_path] if extra_path else [])]
        # -I drops the package's folder from the path as well, so it is added back by name.
        program = (
            f"import sys; sys.path[:0] = {paths!r}; from splitreel.worker.rank.zygote import main; main(sys.argv[1:])"
        )
        command = [sys.executable, "-I", "-c", program, str(theirs.fileno()), str(os.getpid()), engine_module]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
            env=child_environment(),
        )
        theirs.close()
        self._control = ours
        self.tail = Tail()
        assert self._process.stdout is not None
        _start_thread(self.tail.follow, self._process.stdout)
        _start_thread(self._listen)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_exited(self) -> bool:
        """Known before ZygoteExited arrives."""
        return self._process.poll() is not None

    def exit_error(self, *, is_imported: bool) -> AppError:
        """Why the zygote ended. Call it after `close`."""
        if is_imported:
            return failures.worker_died(exit=self._process.poll(), details=self.tail.text()).error
        # An exception's own line is the last one.
        last = next((line for line in reversed(self.tail.lines) if line.strip()), "")
        return failures.worker_start_failed(details=f"{last[:200]}\n{self.tail.text()}").error

    def fork(self, serial: int, environment: dict[str, str]) -> LaunchedRank:
        """Requests a rank; RankForked follows with its pid."""
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        request = json.dumps({"serial": serial, "environment": environment}).encode()
        try:
            socket.send_fds(self._control, [request], [theirs.fileno(), write])
        finally:
            theirs.close()
            os.close(write)
        tail = Tail()
        _start_thread(tail.follow, os.fdopen(read, "rb"))
        _start_thread(self._read_events, serial, ours.makefile("rb"))
        channel = Channel(ours.makefile("wb"))
        ours.close()
        return LaunchedRank(channel, tail)

    def close(self) -> None:
        """Ends the zygote, and with it every rank."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._control.close()

    def _listen(self) -> None:
        while True:
            try:
                line = self._control.recv(65_536)
            except OSError:
                line = b""
            if not line:
                self._notify(ZygoteExited(self.pid))
                return
            message = json.loads(line)
            match message["type"]:
                case "ready":
                    self._notify(ZygoteReady())
                case "forked":
                    self._notify(RankForked(message["serial"], message["pid"]))
                case _:
                    self._notify(RankExited(message["pid"], message["code"]))

    def _read_events(self, serial: int, stream: BinaryIO) -> None:
        with suppress(OSError, ValueError):
            for event in read_events(stream):
                self._notify(RankEventReceived(serial, event))
        self._notify(RankDisconnected(serial))


def _start_thread(target: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()
