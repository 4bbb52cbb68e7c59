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

from splitreel.contract import downloads, failures
from splitreel.contract.downloads import Command, Configure, Download, Event, Inspect, Pause, Verify
from splitreel.contract.errors import AppError, SplitreelError
from splitreel.contract.limits import EVENT_FD
from splitreel.contract.lines import download_event_line, parse_download_command
from splitreel.store.hub.download import ModelDownload, Paused, retries_exhausted
from splitreel.store.hub.pace import Pace
from splitreel.store.hub.session import HubSession, Interrupted, describe, versions
from splitreel.store.hub.verify import verify

_VERIFY_PROGRESS_SECONDS: Final = 0.25
# Connections notice within one read, and save their counts before they end.
_END_SECONDS: Final = 2.0
# A question is answered by then, whatever the server does.
_ANSWER_SECONDS: Final = 90.0


class HubService:
    """Answers commands; each that takes time runs in a separate thread."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._pace = Pace()
        self._session: HubSession | None = None
        self._session_error = failures.hub_address_invalid(address="").error  # while there is no session
        # Running work by model. An entry is removed before its last event is sent, so that a command sent in response
        # to that event doesn't find the work still running.
        self._running: dict[str, tuple[threading.Event, threading.Thread]] = {}
        self._running_lock = threading.Lock()

    def send(self, event: Event) -> None:
        with self._lock:
            try:
                self._out.write(download_event_line(event))
                self._out.flush()
            except (OSError, ValueError):
                # The app has ended. Its end also closes stdin, which ends this process.
                return

    def take(self, command: Command) -> None:
        match command:
            case Configure():
                self._configure(command)
            case Inspect():
                threading.Thread(target=self._inspect, args=(command,), daemon=True).start()
            case Download():
                busy = downloads.DownloadFailed(command.model_id, failures.model_in_use(name=command.model_id).error)
                self._start(command.model_id, lambda stop: self._download(command, stop), busy)
            case Pause(model_id):
                running = self._running.get(model_id)
                if running is not None:
                    running[0].set()
            case Verify():
                busy_now = downloads.VerifyFailed(command.model_id, failures.model_in_use(name=command.model_id).error)
                self._start(command.model_id, lambda stop: self._verify(command, stop), busy_now)

    def end(self) -> None:
        with self._running_lock:
            running = list(self._running.values())
        for stop, _ in running:
            stop.set()
        deadline = time.monotonic() + _END_SECONDS
        for _, thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _configure(self, command: Configure) -> None:
        self._pace.set_limit(command.bytes_per_second)
        self._session = None
        try:
            self._session = HubSession(command)
        except Exception as error:  # noqa: BLE001 - reported by the next command that needs it
            self._session_error = error_of(error, None)

    def _need_session(self) -> HubSession:
        if self._session is None:
            raise SplitreelError.from_error(self._session_error)
        return self._session

    def _start(self, model_id: str, work: Callable[[threading.Event], Event], busy: Event) -> None:
        stop = threading.Event()

        def run() -> None:
            last = work(stop)
            with self._running_lock:
                if self._running.get(model_id, (None, None))[0] is stop:
                    del self._running[model_id]
            self.send(last)

        thread = threading.Thread(target=run, name=busy.type, daemon=True)
        with self._running_lock:
            before = self._running.get(model_id)
            is_busy = before is not None and not before[0].is_set()
            if not is_busy:
                self._running[model_id] = (stop, thread)
        if before is not None and is_busy:
            # The same work again is answered by its own events.
            if before[1].name != thread.name:
                self.send(busy)
            return
        if before is not None:
            before[1].join()
        thread.start()

    def _inspect(self, command: Inspect) -> None:
        answered = threading.Lock()

        def answer(event: Event) -> None:
            if answered.acquire(blocking=False):
                self.send(event)

        late = failures.hub_unreachable(host="Hugging Face" if self._session is None else self._session.host).error
        timer = threading.Timer(_ANSWER_SECONDS, lambda: answer(downloads.InspectFailed(command.request_id, late)))
        timer.daemon = True
        timer.start()
        try:
            commit, files = self._need_session().listing(command.repo, command.revision)
            total = sum(file.size for file in files)
            answer(downloads.Inspected(command.request_id, commit, len(files), total))
        except Exception as error:  # noqa: BLE001 - the app waits for an answer, whatever went wrong
            answer(downloads.InspectFailed(command.request_id, error_of(error, None)))
        finally:
            timer.cancel()

    def _download(self, command: Download, stop: threading.Event) -> Event:
        try:
            download = ModelDownload(command, self._need_session(), self._pace, self.send)
            download.stop = stop
            download.run()
        except Paused:
            return downloads.DownloadPaused(command.model_id)
        except Exception as error:  # noqa: BLE001 - reported as an event: the process serves other models
            return downloads.DownloadFailed(command.model_id, error_of(error, Path(command.folder)))
        return downloads.DownloadFinished(command.model_id, command.final_folder)

    def _verify(self, command: Verify, stop: threading.Event) -> Event:
        last = 0.0

        def report(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done == total or now - last >= _VERIFY_PROGRESS_SECONDS:
                last = now
                self.send(downloads.VerifyProgressed(command.model_id, done, total))

        def check() -> None:
            if stop.is_set():
                raise Paused

        try:
            return verify(command, report, check)
        except Paused:
            return downloads.VerifyFailed(command.model_id, failures.canceled().error)
        except Exception as error:  # noqa: BLE001 - as above
            return downloads.VerifyFailed(command.model_id, error_of(error, Path(command.folder)))


def error_of(error: BaseException, folder: Path | None) -> AppError:
    """Never contains an address: a signed one is a key."""
    if isinstance(error, SplitreelError):
        return error.error
    if isinstance(error, Interrupted):
        return retries_exhausted(error).error
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT} and folder is not None:
        return failures.disk_ran_full(folder=folder).error
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EROFS, errno.EPERM} and folder is not None:
        return failures.output_not_writable(folder=str(folder)).error
    return failures.internal(details=describe(error)).error


def serve() -> int:
    """Runs until stdin ends. Returns the exit code: 0, or 2 after a line that wasn't a command."""
    # Its warnings contain addresses, which may be signed.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    with os.fdopen(EVENT_FD, "wb", buffering=0) as out:
        service = HubService(out)
        service.send(downloads.HubReady(versions()))
        code = 0
        for line in sys.stdin.buffer:
            try:
                command = parse_download_command(line)
            except ValueError:
                code = 2
                break
            service.take(command)
        service.end()
        # Threads that wait for a slow server are not joined: their progress is already saved.
        os._exit(code)
