"""Reads the files of a model folder, which can come from anywhere.

Every function is bounded in memory and returns or raises a SplitreelError that names the file, never an OSError.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NoReturn

from splitreel.contract import reasons
from splitreel.contract.errors import SplitreelError
from splitreel.rules.config import Json, refuse

MAX_CONFIG_BYTES: Final = 4_000_000
# tokenizer.json of T5 is 2.4 MB, and an index of the largest model below 1 MB.
_MAX_NAMES: Final = 20_000
# Tokenizer configs write "no limit" as 10**30. A number with thousands of digits would only cost time.
_MAX_DIGITS: Final = 40
_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
# These mean that a file doesn't exist, rather than that it can't be reached.
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL})


def status(path: Path) -> os.stat_result | None:
    """None if nothing exists at the path. Raises MODEL_CORRUPT if that can't be determined."""
    try:
        return path.stat()
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise _unreadable(path, error) from error
    except ValueError:  # a null character in a path
        return None


def is_file(path: Path) -> bool:
    found = status(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def is_folder(path: Path) -> bool:
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted; empty if there is no folder. Raises MODEL_CORRUPT."""
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry.name)
                if len(found) > _MAX_NAMES:
                    raise refuse("MODEL_CORRUPT", reasons.model_too_many_files(folder=folder.name, max=_MAX_NAMES))
    except OSError as error:
        if error.errno in _ABSENT:
            return []
        raise _unreadable(folder, error) from error
    return sorted(found)


def need_file(folder: Path, file: str) -> int:
    """The size of a required file in bytes. Raises MODEL_INCOMPLETE, MODEL_CORRUPT."""
    found = status(folder / file)
    if found is None or not stat.S_ISREG(found.st_mode):
        raise refuse("MODEL_INCOMPLETE", reasons.model_file_missing(file=file))
    return found.st_size


def read_start(folder: Path, file: str, count: int) -> bytes:
    """The first `count` bytes, or fewer. Raises MODEL_CORRUPT, also for a Git LFS pointer in place of the file."""
    try:
        with (folder / file).open("rb") as stream:
            start = stream.read(count)
    except OSError as error:
        raise _unreadable(folder / file, error) from error
    if start.startswith(_LFS_POINTER):
        raise refuse("MODEL_CORRUPT", reasons.model_lfs_pointer(file=file))
    return start


def read_json(folder: Path, file: str, most_bytes: int = MAX_CONFIG_BYTES) -> Json:
    """A config. Raises MODEL_INCOMPLETE, MODEL_CORRUPT, and MODEL_UNSAFE if it names code to run."""
    size = need_file(folder, file)
    if size > most_bytes:
        raise refuse("MODEL_CORRUPT", reasons.model_file_too_large(file=file, bytes=size, max=most_bytes))
    parsed = parse_json(read_start(folder, file, size), file)
    if isinstance(parsed, dict) and "auto_map" in parsed:
        raise refuse("MODEL_UNSAFE", reasons.model_names_code(file=file))
    return parsed


def parse_json(text: bytes, file: str) -> Json:
    """Strict JSON: no NaN, no number beyond a double, no duplicate names. Skips a byte order mark."""
    try:
        parsed: Json = json.loads(
            text.decode("utf-8-sig"),
            parse_constant=_not_json,
            parse_int=_whole_number,
            parse_float=_finite_number,
            object_pairs_hook=_unique_names,
        )
    except (ValueError, RecursionError, MemoryError) as error:
        raise refuse("MODEL_CORRUPT", reasons.model_json_invalid(file=file)) from error
    return parsed


def _unreadable(path: Path, error: OSError) -> SplitreelError:
    details = os.strerror(error.errno) if error.errno is not None else type(error).__name__
    return refuse("MODEL_CORRUPT", reasons.model_file_unreadable(file=path), details=details)


def _not_json(name: str) -> NoReturn:
    raise ValueError(name)


def _whole_number(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


def _finite_number(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError("beyond a double")
    return value


def _unique_names(pairs: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found
