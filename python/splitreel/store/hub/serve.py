"""`python -m splitreel hub`: commands on stdin, events on descriptor 3. Ends when stdin does; all state is on disk."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from splitreel.contract import downloads
from splitreel.contract.downloads import Configure, Download, Event, Inspect, Pause, Verify
from splitreel.contract.errors import AppError, SplitreelError
from splitreel.contract.limits import EVENT_FD
from splitreel.contract.lines import download_event_line, parse_download_command
from splitreel.store.hub.download import ModelDownload, Paused, disk_full
from splitreel.store.hub.pace import Pace
from splitreel.store.hub.session import HubSession, Interrupted, describe, versions
from splitreel.store.hub.verify import verify

_VERIFY_PROGRESS_SECONDS: Final = 0.25
# Connections notice within one read; what they hold is counted before they end.
_END_SECONDS: Final = 2.0


class HubService:
    """Answers commands; each that takes time has a thread of its own."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._pace = Pace()
        self._session: HubSession | None = None
        self._running: dict[str, tuple[threading.Event, threading.Thread]] = {}

    def tell(self, event: Event) -> None:
        with self._lock:
            try:
                self._out.write(download_event_line(event))
                self._out.flush()
            except (OSError, ValueError):
                # The app has gone: stdin says so too, and that ends us.
                return

    def take(self, line: bytes) -> None:
        """Raises ValueError for a line that is no command."""
        command = parse_download_command(line)
        match command:
            case Configure():
                self._configure(command)
            case Inspect():
                threading.Thread(target=self._inspect, args=(command,), daemon=True).start()
            case Download():
                self._start(command.model_id, lambda stop: self._download(command, stop))
            case Pause(model_id):
                running = self._running.get(model_id)
                if running is not None:
                    running[0].set()
            case Verify():
                self._start(command.model_id, lambda stop: self._verify(command, stop))

    def end(self) -> None:
        for stop, _ in self._running.values():
            stop.set()
        deadline = time.monotonic() + _END_SECONDS
        for _, thread in self._running.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _configure(self, command: Configure) -> None:
        self._pace.set_limit(command.bytes_per_second)
        try:
            self._session = HubSession(command)
        except SplitreelError:
            # Said by the next command that needs it.
            self._session = None

    def _need_session(self) -> HubSession:
        if self._session is None:
            raise SplitreelError("HUB_ADDRESS_INVALID", {"address": "the mirror in Settings"})
        return self._session

    def _start(self, model_id: str, work: Callable[[threading.Event], None]) -> None:
        before = self._running.get(model_id)
        if before is not None:
            if before[1].is_alive() and not before[0].is_set():
                return
            before[1].join()
        stop = threading.Event()
        thread = threading.Thread(target=work, args=(stop,), daemon=True)
        self._running[model_id] = (stop, thread)
        thread.start()

    def _inspect(self, command: Inspect) -> None:
        try:
            commit, files = self._need_session().listing(command.repo, command.revision)
            total = sum(file.size for file in files)
            self.tell(downloads.Inspected(command.request_id, commit, len(files), total))
        except (SplitreelError, Interrupted, OSError) as error:
            self.tell(downloads.InspectFailed(command.request_id, error_of(error, None)))

    def _download(self, command: Download, stop: threading.Event) -> None:
        try:
            download = ModelDownload(command, self._need_session(), self._pace, self.tell)
            download.stop = stop
            download.run()
            self.tell(downloads.DownloadFinished(command.model_id, command.final_folder))
        except Paused:
            self.tell(downloads.DownloadPaused(command.model_id))
        except Exception as error:  # noqa: BLE001 - told as an event: the process serves other models
            self.tell(downloads.DownloadFailed(command.model_id, error_of(error, Path(command.folder))))

    def _verify(self, command: Verify, stop: threading.Event) -> None:
        last = 0.0

        def hear(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done == total or now - last >= _VERIFY_PROGRESS_SECONDS:
                last = now
                self.tell(downloads.VerifyProgressed(command.model_id, done, total))

        def check() -> None:
            if stop.is_set():
                raise Paused

        try:
            self.tell(verify(command, hear, check))
        except Paused:
            self.tell(downloads.VerifyFailed(command.model_id, AppError("CANCELLED")))
        except Exception as error:  # noqa: BLE001 - as above
            self.tell(downloads.VerifyFailed(command.model_id, error_of(error, Path(command.folder))))


def error_of(error: BaseException, folder: Path | None) -> AppError:
    """Never with an address in it: a signed one is a key."""
    if isinstance(error, SplitreelError):
        return error.error
    if isinstance(error, Interrupted):
        return AppError("DOWNLOAD_INTERRUPTED", {"problem": str(error)})
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT} and folder is not None:
        return disk_full(folder, 0, 0).error
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EROFS, errno.EPERM} and folder is not None:
        return AppError("OUTPUT_NOT_WRITABLE", {"folder": str(folder)})
    return AppError("INTERNAL", {"problem": describe(error)})


def serve() -> int:
    """Until stdin ends. Exit code 0, or 2 where a line was no command."""
    # Its warnings name addresses, which may be signed.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    with os.fdopen(EVENT_FD, "wb", buffering=0) as out:
        service = HubService(out)
        service.tell(downloads.HubReady(versions()))
        code = 0
        for line in sys.stdin.buffer:
            try:
                service.take(line)
            except ValueError:
                code = 2
                break
        service.end()
        # Threads that wait for a slow server are not waited for: what they had is counted.
        os._exit(code)
