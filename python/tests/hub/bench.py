"""How fast a model is fetched and hashed here, compared with curl from the same server and with the disk: `npm run bench -- download`.

Run from `python/` as `python -m tests.hub.bench [--megabytes N] [--out FILE]`. Prints figures; judges nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from splitreel.contract.downloads import Configure, Download
from splitreel.store.hub.digests import hash_file
from splitreel.store.hub.download import ModelDownload
from splitreel.store.hub.pace import Pace
from splitreel.store.hub.session import HubSession
from tests.hub.client import DEMO, REPO, WEIGHTS

ROUNDS = 3


def make_model(folder: Path, size: int) -> None:
    """The demo model with weights of another size: one tensor of random bytes."""
    shutil.copytree(DEMO, folder)
    header = json.dumps({"x": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    with (folder / WEIGHTS).open("wb") as stream:
        stream.write(struct.pack("<Q", len(header)) + header)
        for _ in range(0, size, 1_000_000):
            stream.write(os.urandom(1_000_000))


def forget_pages(path: Path) -> None:
    """So that the next read comes from the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds(work: Callable[[], object]) -> float:
    before = time.monotonic()
    work()
    return time.monotonic() - before


@contextmanager
def hub_process(source: Path) -> Iterator[tuple[str, str]]:
    """The stand-in hub in a separate process: its endpoint and its content host."""
    script = Path(__file__).parents[1] / "fakes" / "hub.py"
    command = [sys.executable, str(script), "--model", f"{REPO}={source}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield ready["endpoint"], ready["content"]
        process.kill()


def fetch_once(endpoint: str, folder: Path) -> tuple[int, float, float]:
    """Bytes, seconds until the last of them had come, and seconds until all were verified."""
    settings = Configure(endpoint, None, token_for_mirror=False, bytes_per_second=None)
    request = Download("m", REPO, "main", str(folder), str(folder), str(folder / ".splitreel.json"))
    download = ModelDownload(request, HubSession(settings), Pace(), lambda _event: None)
    over = threading.Event()
    arrived: list[float] = []

    def watch() -> None:
        while not over.wait(0.01):
            progress = download.progress()
            if progress.total_bytes and progress.done_bytes == progress.total_bytes and not arrived:
                arrived.append(time.monotonic())

    watcher = threading.Thread(target=watch, daemon=True)
    began = time.monotonic()
    watcher.start()
    fetched = download.run()
    ended = time.monotonic()
    over.set()
    watcher.join()
    return fetched, (arrived[0] if arrived else ended) - began, ended - began


def measure(root: Path, size: int) -> dict[str, float]:
    source = root / "source"
    make_model(source, size)
    weights = source / WEIGHTS
    length = weights.stat().st_size
    by_curl, by_us, in_all = [], [], []
    with hub_process(source) as (endpoint, content):
        # The hub hashes its files when it is first asked.
        HubSession(Configure(endpoint, None, token_for_mirror=False, bytes_per_second=None)).listing(REPO, "main")
        address = f"{content}/{REPO.replace('/', '%2F')}/{WEIGHTS}?signature=0"
        curl = ["curl", "-s", "--noproxy", "*", "-o", str(root / "curl.bin"), address]
        for round_number in range(ROUNDS):
            (root / "curl.bin").unlink(missing_ok=True)
            by_curl.append(length / seconds(lambda: subprocess.run(curl, check=True)))
            (root / "curl.bin").unlink(missing_ok=True)
            folder = root / f"ours-{round_number}"
            fetched, came, verified = fetch_once(endpoint, folder)
            by_us.append(fetched / came)
            in_all.append(fetched / verified)
            shutil.rmtree(folder)
    forget_pages(weights)
    read = length / seconds(lambda: subprocess.run(["cat", str(weights)], stdout=subprocess.DEVNULL, check=True))
    forget_pages(weights)
    hashed = length / seconds(lambda: hash_file(weights, "sha256"))
    warm = length / seconds(lambda: hash_file(weights, "sha256"))
    return {
        "curlBytesPerSecond": statistics.median(by_curl),
        "fetchBytesPerSecond": statistics.median(by_us),
        "fetchAndVerifyBytesPerSecond": statistics.median(in_all),
        "diskReadBytesPerSecond": read,
        "hashFromDiskBytesPerSecond": hashed,
        "hashFromMemoryBytesPerSecond": warm,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--out", type=Path)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="splitreel-bench-") as folder:
        figures = measure(Path(folder), flags.megabytes * 1_000_000)
    for name, value in figures.items():
        print(f"{name:32} {value / 1e6:8.0f} MB/s")
    print(f"fetch / curl                     {figures['fetchBytesPerSecond'] / figures['curlBytesPerSecond']:8.2f}")
    print(
        f"fetch and verify / curl          {figures['fetchAndVerifyBytesPerSecond'] / figures['curlBytesPerSecond']:8.2f}"
    )
    print(
        f"hash / disk                      {figures['hashFromDiskBytesPerSecond'] / figures['diskReadBytesPerSecond']:8.2f}"
    )
    if flags.out is not None:
        flags.out.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
