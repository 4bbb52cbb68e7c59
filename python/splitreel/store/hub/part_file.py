"""A partial download: the file's bytes at their final offsets, and next to it a file with the progress of each segment.

A segment's count is written after its bytes, so a killed process loses nothing. After a power cut the counts may be on
disk and the bytes not. A second count says what was synced; it is the only one trusted after a restart of the computer
(when the boot id differs).
"""

from __future__ import annotations

import errno
import json
import os
import struct
import threading
from pathlib import Path
from typing import Final

from splitreel.store.hub.selection import RemoteFile

_HEADER_BYTES: Final = 512
_COUNTS: Final = struct.Struct("<QQ")  # written, synced
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Empty if the system has none: then only synced bytes are trusted."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count


class PartFile:
    """Several threads may write, but only one at a time to each segment."""

    def __init__(self, data: Path, file: RemoteFile, segment_bytes: int, *, boot: str | None = None) -> None:
        self.data = data
        self.file = file
        self._segment_bytes = segment_bytes
        self._count = max(1, -(-file.size // segment_bytes))
        self._progress = data.with_name(data.name + ".progress")
        self._boot = boot_id() if boot is None else boot
        self._lock = threading.Lock()
        data.parent.mkdir(parents=True, exist_ok=True)
        for path in (data, self._progress):
            # Never write through a link: neither file is one unless somebody put it there.
            if path.is_symlink():
                path.unlink()
        written = self._read_counts()
        self._written = written if written is not None else [0] * self._count
        self._synced = list(self._written) if written is not None else [0] * self._count
        if written is None:
            data.unlink(missing_ok=True)
        self._data_fd = os.open(data, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        self._progress_fd = os.open(self._progress, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            if written is None:
                os.ftruncate(self._data_fd, file.size)
            self._write_all_counts()
        except BaseException:
            self.close()
            raise

    def _header(self, boot: str) -> dict[str, object]:
        digest = f"{self.file.digest.kind}:{self.file.digest.value}"
        return {"v": 1, "digest": digest, "size": self.file.size, "segment": self._segment_bytes, "boot": boot}

    def _read_counts(self) -> list[int] | None:
        """None if there is nothing usable: another file, another segment size, a damaged count."""
        try:
            raw = self._progress.read_bytes()
            header = json.loads(raw[:_HEADER_BYTES])
            if self.data.stat().st_size != self.file.size or len(raw) != _HEADER_BYTES + self._count * _COUNTS.size:
                return None
        except (OSError, ValueError):
            return None
        is_same_boot = isinstance(header, dict) and header.get("boot") == self._boot != ""
        if header != self._header(self._boot if is_same_boot else str(header.get("boot"))):
            return None
        counts = [_COUNTS.unpack_from(raw, _HEADER_BYTES + index * _COUNTS.size) for index in range(self._count)]
        believed = [written if is_same_boot else synced for written, synced in counts]
        return believed if all(count <= self.length(index) for index, count in enumerate(believed)) else None

    def _write_all_counts(self) -> None:
        header = json.dumps(self._header(self._boot)).encode().ljust(_HEADER_BYTES)
        counts = b"".join(_COUNTS.pack(*pair) for pair in zip(self._written, self._synced, strict=True))
        write_at(self._progress_fd, header + counts, 0)

    @property
    def segments(self) -> range:
        return range(self._count)

    def start(self, segment: int) -> int:
        return segment * self._segment_bytes

    def length(self, segment: int) -> int:
        return min(self._segment_bytes, self.file.size - segment * self._segment_bytes)

    def held(self, segment: int) -> int:
        """Number of bytes received of the segment, from its start."""
        return self._written[segment]

    @property
    def held_bytes(self) -> int:
        return sum(self._written)

    def contiguous_from(self, offset: int) -> int:
        """Number of bytes received from `offset` on without a gap."""
        end = offset
        while end < self.file.size:
            segment = end // self._segment_bytes
            end = max(end, self.start(segment) + self._written[segment])
            if self._written[segment] < self.length(segment):
                break
        return end - offset

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Reads from `offset` into `buffer` with one call. Returns the number of bytes, at least 1."""
        count = os.preadv(self._data_fd, [buffer], offset)
        if count == 0 and len(buffer) > 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self.data))
        return count

    def drop_cached_pages(self, offset: int, count: int) -> None:
        """Starts writing these bytes to the disk and drops them from the page cache.

        Little is then left to sync at the end, and a model larger than the memory doesn't evict other files.
        """
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._data_fd, offset, count, os.POSIX_FADV_DONTNEED)

    def append(self, segment: int, chunk: bytes | memoryview) -> None:
        """Writes the next bytes of a segment. Raises OSError with ENOSPC on a full disk; counted bytes stay valid."""
        held = self._written[segment]
        if held + len(chunk) > self.length(segment):
            raise ValueError("more bytes than the segment has")
        write_at(self._data_fd, chunk, self.start(segment) + held)
        self._written[segment] = held + len(chunk)
        with self._lock:
            count = _COUNTS.pack(self._written[segment], self._synced[segment])
            write_at(self._progress_fd, count, _HEADER_BYTES + segment * _COUNTS.size)

    def sync(self) -> None:
        """Makes everything written so far survive a power cut."""
        before = list(self._written)
        if before == self._synced:
            return
        # fsync, not fdatasync: the counts are useless if the file's length isn't on disk.
        os.fsync(self._data_fd)
        with self._lock:
            self._synced = before
            self._write_all_counts()
            os.fsync(self._progress_fd)

    def start_again(self) -> None:
        """Discards everything, after the bytes turned out to be wrong."""
        with self._lock:
            self._written = [0] * self._count
            self._synced = [0] * self._count
            self._write_all_counts()

    def finish(self, target: Path) -> None:
        """Syncs the complete file and renames it to `target`."""
        self.sync()
        self.close()
        target.parent.mkdir(parents=True, exist_ok=True)
        self.data.replace(target)
        self._progress.unlink(missing_ok=True)

    def close(self) -> None:
        # Not while another thread syncs: by then, another file may have the number of a closed descriptor.
        with self._lock:
            for name in ("_data_fd", "_progress_fd"):
                descriptor = getattr(self, name, -1)
                if descriptor >= 0:
                    setattr(self, name, -1)
                    os.close(descriptor)
