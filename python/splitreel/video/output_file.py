"""A file that appears whole or not at all, and never in the place of another.

On Linux it has no name until it is whole (O_TMPFILE), so that not even a power cut or kill -9 leaves a piece of it.
"""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from splitreel.contract.errors import SplitreelError

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

    def publish(self) -> None:
        """Gives the file its name. Raises OUTPUT_EXISTS where the name is taken."""
        try:
            self._link()
        except FileExistsError as error:
            raise SplitreelError("OUTPUT_EXISTS", {"file": str(self.target)}) from error
        finally:
            self.discard()
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _link(self) -> None:
        if self._temporary is None:
            # Only linkat with AT_SYMLINK_FOLLOW gives an anonymous file a name; Python has it as follow_symlinks,
            # and asks for it only when a directory descriptor is given too.
            folder = os.open(self.target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.link(self.path, self.target.name, dst_dir_fd=folder, follow_symlinks=True)
            finally:
                os.close(folder)
            return
        try:
            os.link(self._temporary, self.target)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            # FAT and some network folders have no links: the claim of the name is then a file of no length.
            claim = os.open(self.target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            os.close(claim)
            self._temporary.replace(self.target)

    def discard(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
