"""Prints the download and unpacked sizes of an install's wheels as JSON, from the index. Called by scripts/locks.ts.

    python wheel_sizes.py LOCK... < WHEELS     WHEELS: one file name per line, as uv chose them for one kind of machine

A hash determines a file and its size, so the sizes recorded with the lock are valid for every index. A wheel's unpacked
size is in the directory at the end of the zip, so only the last bytes are downloaded.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

_JSON = "application/vnd.pypi.simple.v1+json"
_TAIL = 65_536


def _index() -> str:
    command = [sys.executable, "-I", "-m", "pip", "config", "get", "global.index-url"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return (answer.stdout.strip() if answer.returncode == 0 else "https://pypi.org/simple").rstrip("/") + "/"


class _RemoteFile(io.RawIOBase):
    """A remote file of which only the parts that are read are downloaded."""

    def __init__(self, address: str, size: int) -> None:
        self._address, self._size, self._at = address, size, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        request = urllib.request.Request(self._address, headers={"Range": f"bytes={self._at}-{self._at + wanted - 1}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            data = answer.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _measure(index: str, name: str, file: str, pinned: set[str]) -> dict[str, object]:
    page = urljoin(index, f"{name}/")
    with urllib.request.urlopen(urllib.request.Request(page, headers={"Accept": _JSON}), timeout=60) as answer:
        entry = next(each for each in json.load(answer)["files"] if each["filename"] == file)
    sha256, size = entry["hashes"]["sha256"], entry["size"]
    if sha256 not in pinned:
        raise SystemExit(f"the index has another {file} than the lock")
    remote = io.BufferedReader(_RemoteFile(urljoin(page, entry["url"]), size), _TAIL)
    with zipfile.ZipFile(remote) as wheel:
        unpacked = sum(info.file_size for info in wheel.infolist())
    return {"name": name, "file": file, "sha256": sha256, "bytes": size, "unpackedBytes": unpacked}


def main() -> None:
    pinned = set(re.findall(r"sha256:([0-9a-f]{64})", " ".join(Path(lock).read_text("utf-8") for lock in sys.argv[1:])))
    files = [line.strip() for line in sys.stdin if line.strip()]
    names = [re.sub(r"[-_.]+", "-", file.split("-")[0]).lower() for file in files]
    index = _index()
    with ThreadPoolExecutor(8) as pool:
        measured = list(pool.map(lambda pair: _measure(index, *pair, pinned), zip(names, files, strict=True)))
    print(json.dumps(measured))


main()
