"""The supervisor's private folder, for the files in which ranks meet. Removes those of supervisors that died.

The folders are in a parent that only this user can enter, so nobody else can create anything there. A lock file that
its owner holds open marks a folder as in use: unlike a pid it can't be reused, and it means the same in every PID
namespace.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from splitreel.store.locations import data_folder

_PREFIX = "run-"
# What tempfile.mkdtemp appends to a prefix.
_NAME = re.compile(_PREFIX + r"[a-z0-9_]{8}")
_LOCK = "lock"


def private_parent() -> Path:
    """The folder that a `PrivateFolder` is made in, as far as it can be written to."""
    return _runtime_parent() or data_folder() / "run"


class PrivateFolder:
    """A folder of mode 0700 that exists until `remove`, or until the next supervisor after this process died."""

    def __init__(self) -> None:
        self._lock: int | None = None
        self.path = self._make()

    def _make(self) -> Path:
        for parent in (private_parent(), data_folder() / "run"):
            with suppress(OSError):
                return self._make_in(parent)
        # No private parent can be written to. Shared parents are never searched for leftovers.
        return Path(tempfile.mkdtemp(prefix="splitreel-"))

    def _make_in(self, parent: Path) -> Path:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_private(parent)
        gate = os.open(parent / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            # While one supervisor creates its folder and lock, no other looks for leftovers.
            fcntl.flock(gate, fcntl.LOCK_EX)
            _remove_leftovers(parent)
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            self._lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(gate)
        return folder

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _runtime_parent() -> Path | None:
    """The XDG Base Directory specification requires an absolute path, owned by the user, of mode 0700."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if not Path(given).is_absolute():
        return None
    try:
        _require_private(Path(given))
    except OSError:
        return None
    return Path(given) / "splitreel"


def _require_private(folder: Path) -> None:
    """Raises OSError unless this user owns the folder and nobody else can enter it."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"{folder} is not private")


def _remove_leftovers(parent: Path) -> None:
    for entry in os.scandir(parent):
        if _NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False) and not _is_in_use(Path(entry.path)):
            shutil.rmtree(entry.path, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False  # its owner died before it made the lock
    except OSError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
