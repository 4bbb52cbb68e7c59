"""Downloads one model: list it, check the disk, fetch segments, verify every hash, rename the folder."""

from __future__ import annotations

import errno
import hashlib
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Final, Literal, TypeVar

from splitreel.contract import failures
from splitreel.contract.downloads import Download, DownloadProgressed
from splitreel.contract.errors import SplitreelError
from splitreel.store.hub.digests import (
    BLOCK_BYTES,
    Record,
    RecordedFile,
    hash_file,
    hash_stream,
    read_record,
    recorded,
    write_record,
)
from splitreel.store.hub.pace import Pace, Speed
from splitreel.store.hub.part_file import PartFile
from splitreel.store.hub.selection import RemoteFile
from splitreel.store.hub.session import MAX_CONNECTIONS, HubSession, Interrupted
from splitreel.store.hub.targets import PARTS, make_parts_folder, writable_target

T = TypeVar("T")

SEGMENT_BYTES: Final = 64 * 1_048_576
_PROGRESS_SECONDS: Final = 0.25
_SYNC_SECONDS: Final = 5.0
# How often the hashing thread checks for new bytes.
_LOOK_SECONDS: Final = 0.02
# Consecutive tries without receiving a byte. With the delays below, about two minutes.
MAX_TRIES: Final = 8
_LONGEST_WAIT_SECONDS: Final = 30.0
# What a file system needs besides the files: records and folders.
_SPARE_BYTES: Final = 16 * 1_048_576


class Paused(Exception):  # noqa: N818 - what was asked for, not an error
    """The user paused, or the process ends. Everything downloaded so far is kept."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Values that tests reduce."""

    segment_bytes: int = SEGMENT_BYTES
    first_wait_seconds: float = 1.0
    connections: int = MAX_CONNECTIONS


@dataclass(slots=True)
class _File:
    """One file of the model: complete and verified, or being downloaded."""

    remote: RemoteFile
    part: PartFile | None
    location: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class _Segment:
    file: _File
    part: PartFile
    index: int


class ModelDownload:
    """Runs once, in its own thread; any other may set `stop`."""

    def __init__(
        self,
        request: Download,
        session: HubSession,
        pace: Pace,
        report: Callable[[DownloadProgressed], None],
        tuning: Tuning = Tuning(),
    ) -> None:
        self._request = request
        self._session = session
        self._pace = pace
        self._report = report
        self._tuning = tuning
        self._folder = Path(request.folder)
        self._speed = Speed()
        self._stage: Literal["listing", "fetching", "waiting", "verifying"] = "listing"
        self._waiting = 0
        self._files: list[_File] = []
        self._work: Queue[_Segment | None] = Queue()
        self._record = Record(None, None, {})
        self._problem: BaseException | None = None
        self.stop = threading.Event()

    def run(self) -> int:
        """The number of bytes fetched. Raises Paused, SplitreelError, OSError."""
        try:
            return self._run()
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise failures.disk_ran_full(folder=self._folder) from error
            raise

    def _run(self) -> int:
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,), daemon=True)
        watcher.start()
        try:
            commit, remote = self._retried(lambda: self._session.listing(self._request.repo, self._request.revision))
            self._prepare(commit, remote)
            self._check_disk_space()
            self._stage = "fetching"
            self._fetch_all(commit)
        finally:
            done.set()
            watcher.join()
            self._settle()
        self._conclude()
        return self._speed.total

    def _prepare(self, commit: str, remote: tuple[RemoteFile, ...]) -> None:
        """Finds what is already on the disk: complete files by their record, partial ones by their counts."""
        self._folder.mkdir(parents=True, exist_ok=True)
        before = read_record(Path(self._request.record_file))
        kept: dict[str, RecordedFile] = {}
        # Counting segments takes memory in proportion to the listed sizes, so check first that they are plausible.
        usage = shutil.disk_usage(self._folder)
        if (total := sum(file.size for file in remote)) > usage.total:
            raise failures.disk_full(folder=self._folder, needed_bytes=total, free_bytes=usage.free)
        make_parts_folder(self._folder)
        for file in remote:
            # Raises before gigabytes are fetched for a file that can't be written.
            writable_target(self._folder, file.path)
            target = self._folder / file.path
            entry = before.files.get(file.path)
            if entry is None or entry.digest != file.digest or not entry.is_unchanged(target):
                entry = self._recognized(target, file)
            if entry is not None:
                kept[file.path] = entry
                self._files.append(_File(file, None))
            else:
                data = self._folder / PARTS / part_name(file)
                self._files.append(_File(file, PartFile(data, file, self._tuning.segment_bytes)))
        self._record = Record(self._request.repo, commit, kept)

    def _recognized(self, target: Path, file: RemoteFile) -> RecordedFile | None:
        """A complete file without a record is hashed instead of fetched: a kill between renaming the file and
        writing the record leaves one, and a user may have put it there."""
        with suppress(OSError):
            if target.is_file() and target.stat().st_size == file.size:
                self._stage = "verifying"
                entry = recorded(target, file.digest, is_known=True)
                if hash_file(target, file.digest.kind, lambda _count: self._check()) == file.digest.value:
                    return entry
        return None

    def _needed(self) -> int:
        """Bytes still to be allocated on the disk. Part files are sparse: only what they hold is allocated."""
        return sum(file.remote.size - part.held_bytes for file in self._files if (part := file.part) is not None)

    def _check_disk_space(self) -> None:
        needed = self._needed()
        free = shutil.disk_usage(self._folder).free
        if needed + (_SPARE_BYTES if needed else 0) > free:
            raise failures.disk_full(folder=self._folder, needed_bytes=needed, free_bytes=free)

    def _fetch_all(self, commit: str) -> None:
        """All connections fetch in the order of the bytes; one thread hashes behind them."""
        for file in self._files:
            self._queue(file)
        with ThreadPoolExecutor(self._tuning.connections + 1, thread_name_prefix="fetch") as pool:
            pool.submit(self._keeping_error, self._verify_all)
            for _ in range(self._tuning.connections):
                pool.submit(self._keeping_error, partial(self._fetch_segments, commit))
        if self._problem is not None:
            raise self._problem

    def _queue(self, file: _File) -> None:
        if (part := file.part) is not None:
            for index in part.segments:
                if part.held(index) < part.length(index):
                    self._work.put(_Segment(file, part, index))

    def _keeping_error(self, work: Callable[[], None]) -> None:
        """Keeps the first error for the thread that waits; when one thread ends, all end."""
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 - raised there
            self._problem = self._problem or problem
        finally:
            self._work.put(None)

    def _fetch_segments(self, commit: str) -> None:
        """One connection: fetches segments until all files are verified, since a damaged one is queued again."""
        while (segment := self._work.get()) is not None:
            self._retried(partial(self._fetch, commit, segment))

    def _verify_all(self) -> None:
        for file in self._files:
            if file.part is not None and not self._accept(file, file.part):
                # Damaged bytes are fetched once more, then refused.
                file.part.start_again()
                self._queue(file)
                if not self._accept(file, file.part):
                    file.part.start_again()
                    raise failures.download_corrupt(file=file.remote.path)

    def _fetch(self, commit: str, segment: _Segment) -> None:
        file, part, index = segment.file, segment.part, segment.index
        begin = part.start(index) + part.held(index)
        end = part.start(index) + part.length(index)
        if begin == end:
            return
        with file.lock:
            file.location = file.location or self._session.location(self._request.repo, commit, file.remote)
            url = file.location
        try:
            self._receive(part, index, url, begin, end)
        except Interrupted:
            with file.lock:
                # The address may have expired; a new one costs one small request.
                file.location = None
            raise

    def _receive(self, part: PartFile, segment: int, url: str, begin: int, end: int) -> None:
        with self._session.stream(url, begin, end) as (response, start):
            offset = start
            while begin < end:
                self._check()
                chunk = response.read1(self._pace.chunk_bytes)
                if not chunk or offset > begin:
                    raise Interrupted("the connection ended early")
                fresh = memoryview(chunk)[max(0, begin - offset) : end - offset]
                offset += len(chunk)
                if fresh:
                    part.append(segment, fresh)
                    begin += len(fresh)
                    self._speed.add(len(fresh))
                self.stop.wait(self._pace.delay(len(chunk)))

    def _accept(self, file: _File, part: PartFile) -> bool:
        """Hashes a file as it arrives. No file gets its name before its hash matches."""
        digest = file.remote.digest
        if hash_stream(self._arriving(part), digest.kind, file.remote.size) != digest.value:
            return False
        target = writable_target(self._folder, file.remote.path)
        part.finish(target)
        entry = recorded(target, digest, is_known=True)
        file.part = None
        self._record = Record(self._record.repo, self._record.commit, {**self._record.files, file.remote.path: entry})
        write_record(Path(self._request.record_file), self._record)
        return True

    def _arriving(self, part: PartFile) -> Iterator[memoryview]:
        """The bytes of a file in order, each as soon as all before it have arrived."""
        block, offset = memoryview(bytearray(BLOCK_BYTES)), 0
        while offset < part.file.size:
            self._check()
            ready = min(part.contiguous_from(offset), BLOCK_BYTES)
            if ready == 0 or (ready < BLOCK_BYTES and offset + ready < part.file.size):
                self.stop.wait(_LOOK_SECONDS)
                continue
            count = part.read_into(block[:ready], offset)
            yield block[:count]
            part.drop_cached_pages(offset, count)
            offset += count

    def _check(self) -> None:
        # Another connection's error ends this one too, and is the one reported.
        if self.stop.is_set() or self._problem is not None:
            raise Paused

    def _retried(self, step: Callable[[], T]) -> T:
        """Retries with growing delays; any byte received resets the count."""
        tries = 0
        while True:
            self._check()
            before = self._speed.total
            try:
                return step()
            except Interrupted as interruption:
                tries = 1 if self._speed.total > before else tries + 1
                if tries >= MAX_TRIES:
                    raise retries_exhausted(interruption) from interruption
                wait = min(_LONGEST_WAIT_SECONDS, self._tuning.first_wait_seconds * 2 ** (tries - 1))
                # Spread out, so that connections that broke together don't all return together.
                wait = max(wait * random.uniform(0.5, 1.0), interruption.after or 0.0)
                self._waiting += 1
                self.stop.wait(wait)
                self._waiting -= 1

    def _watch(self, done: threading.Event) -> None:
        """Reports progress and syncs to disk while others fetch."""
        last_sync = time.monotonic()
        while not done.wait(_PROGRESS_SECONDS):
            self._report(self.progress())
            if time.monotonic() - last_sync >= _SYNC_SECONDS:
                for file in self._files:
                    with suppress(OSError):
                        if (part := file.part) is not None:
                            part.sync()
                last_sync = time.monotonic()

    def progress(self) -> DownloadProgressed:
        parts = [(file, file.part) for file in self._files]
        total = sum(file.remote.size for file, _ in parts)
        done = sum(file.remote.size if part is None else part.held_bytes for file, part in parts)
        per_second = self._speed.per_second()
        stage = "verifying" if self._stage == "fetching" and done == total else self._stage
        is_waiting = stage == "fetching" and self._waiting > 0 and per_second == 0
        return DownloadProgressed(
            model_id=self._request.model_id,
            stage="waiting" if is_waiting else stage,
            done_bytes=done,
            total_bytes=total,
            bytes_per_second=per_second,
            seconds_left=(total - done) / per_second if per_second > 0 and stage == "fetching" else None,
        )

    def _settle(self) -> None:
        for file in self._files:
            with suppress(OSError):
                if file.part is not None:
                    file.part.sync()
                    file.part.close()

    def _conclude(self) -> None:
        with suppress(OSError):
            (self._folder / PARTS).rmdir()
        write_record(Path(self._request.record_file), self._record)
        final = Path(self._request.final_folder)
        if final != self._folder:
            final.parent.mkdir(parents=True, exist_ok=True)
            if final.exists():
                raise failures.output_exists(file=str(final))
            self._folder.rename(final)
        self._report(self.progress())


def part_name(file: RemoteFile) -> str:
    """By path as well as by hash: a repository may hold the same bytes twice."""
    return f"{file.digest.value[:40]}-{hashlib.sha256(file.path.encode()).hexdigest()[:16]}.part"


def retries_exhausted(interruption: Interrupted) -> SplitreelError:
    if interruption.host is not None:
        return failures.hub_unreachable(host=interruption.host)
    return failures.download_interrupted(details=str(interruption))
