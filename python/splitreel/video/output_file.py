"""A file that appears complete or not at all, and doesn't replace another unless `replace` is called.

On Linux it has no name until it is complete (O_TMPFILE), so even a power cut or kill -9 leaves no partial file.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from splitreel.contract import failures
from splitreel.contract.errors import SplitreelError
from splitreel.rules.naming import numbered

DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_ANONYMOUS_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class OutputFile:
    """Beside `target` on the same file system. `path` can be opened by name until `publish` or `discard`."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self._temporary: Path | None = None
        self._fd = self._open()

    def _open(self) -> int:
        flag = getattr(os, "O_TMPFILE", 0)
        if flag and Path("/proc/self/fd").is_dir():
            try:
                return os.open(self.target.parent, flag | os.O_RDWR | os.O_CLOEXEC, 0o644)
            except OSError as error:
                if error.errno not in _NO_ANONYMOUS_FILES:
                    raise
        self._temporary = self.target.parent / f".splitreel-{os.getpid()}-{secrets.token_hex(4)}.part"
        return os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)

    @property
    def path(self) -> str:
        return f"/proc/self/fd/{self._fd}" if self._temporary is None else str(self._temporary)

    def sync(self) -> None:
        os.fsync(self._fd)

    def publish(self) -> Path:
        """Names the file and returns its path: `target`, or the next free number if that was taken meanwhile."""
        try:
            path = next(path for path in numbered(self.target) if self._link(path))
        finally:
            self.discard()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return path

    def replace(self) -> Path:
        """Names the file `target`, replacing any file of that name."""
        named = self.target.with_name(f".splitreel-{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            self._link(named)
            named.replace(self.target)
        finally:
            named.unlink(missing_ok=True)
            self.discard()
        return self.target

    def _link(self, path: Path) -> bool:
        """False if the name is taken."""
        try:
            if self._temporary is None:
                self._link_anonymous(path)
            else:
                self._link_temporary(self._temporary, path)
        except FileExistsError:
            return False
        return True

    def _link_anonymous(self, path: Path) -> None:
        # Only linkat with AT_SYMLINK_FOLLOW names an anonymous file. Python calls it follow_symlinks, and uses it only
        # when a directory descriptor is given too.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.link(self.path, path.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)

    def _link_temporary(self, temporary: Path, path: Path) -> None:
        try:
            os.link(temporary, path)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            # FAT and some network folders have no links: an empty file claims the name instead.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            temporary.replace(path)

    def discard(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)


@contextmanager
def unpublished(target: Path) -> Iterator[OutputFile]:
    """A file that leaves nothing behind unless it gets its name."""
    file = OutputFile(target)
    try:
        yield file
    finally:
        file.discard()


def disk_error(error: OSError, folder: Path) -> SplitreelError:
    """What an OSError while writing into a folder means."""
    if error.errno in DISK_FULL:
        return failures.disk_ran_full(folder=folder, details=str(error))
    return failures.output_not_writable(folder=str(folder), details=str(error))
