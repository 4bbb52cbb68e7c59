"""A stand-in hub with the demo model, and downloads from it in this process or in a separate one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from splitreel.contract.downloads import Configure, Download, DownloadProgressed
from splitreel.contract.messages import RESOURCES
from splitreel.store.hub.download import ModelDownload, Tuning
from splitreel.store.hub.pace import Pace
from splitreel.store.hub.session import HubSession
from tests.fakes.hub import FakeHub

REPO = "splitreel/demo"
DEMO = RESOURCES / "demo"
WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"
QUICK = Tuning(segment_bytes=1_048_576, first_wait_seconds=0.01)


def configure(
    hub: FakeHub, *, token: str | None = None, for_mirror: bool = False, limit: int | None = None
) -> Configure:
    return Configure(hub.endpoint, token, for_mirror, limit)


class Fetch:
    """One download into `folder`."""

    def __init__(
        self,
        hub: FakeHub,
        folder: Path,
        *,
        final: Path | None = None,
        record: Path | None = None,
        tuning: Tuning = QUICK,
        **more: Any,
    ) -> None:
        self.events: list[DownloadProgressed] = []
        settings = configure(hub, **more)
        pace = Pace()
        pace.set_limit(settings.bytes_per_second)
        request = Download(
            "m", REPO, "main", str(folder), str(final or folder), str(record or folder / ".splitreel.json")
        )
        self.download = ModelDownload(request, HubSession(settings), pace, self.events.append, tuning)

    def run(self) -> int:
        return self.download.run()

    def stop_at(self, done_bytes: int) -> threading.Thread:
        """Pauses once so many bytes are there."""

        def watch() -> None:
            while self.download.progress().done_bytes < done_bytes:
                threading.Event().wait(0.005)
            self.download.stop.set()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        return thread


def wanted(folder: Path = DEMO) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and (path.suffix == ".safetensors" or (path.suffix == ".json" and path.name != "splitreel.json"))
    }


def held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".splitreel.json"
    }


def total_bytes(folder: Path = DEMO) -> int:
    return sum(len(data) for data in wanted(folder).values())


class HubProcess:
    """`python -m splitreel hub`, as the app starts it."""

    def __init__(self, env: dict[str, str] | None = None) -> None:
        read, write = os.pipe()
        # The child wants the pipe as descriptor 3.
        command = f'exec "{sys.executable}" -m splitreel hub 3>&{write}'
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "PYTHONPATH": str(Path.cwd()),
            **(env or {}),
        }
        self.process = subprocess.Popen(
            ["bash", "-c", command], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, pass_fds=[write]
        )
        os.close(write)
        self._events = os.fdopen(read, "rb")

    def send(self, kind: str, **values: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"type": kind, **values}).encode() + b"\n")
        self.process.stdin.flush()

    def configure(self, hub: FakeHub, token: str | None = None, *, for_mirror: bool = False) -> None:
        self.send("configure", endpoint=hub.endpoint, token=token, tokenForMirror=for_mirror, bytesPerSecond=None)

    def download(self, folder: Path, final: Path | None = None) -> None:
        self.send(
            "download",
            modelId="m",
            repo=REPO,
            revision="main",
            folder=str(folder),
            finalFolder=str(final or folder),
            recordFile=str(folder / ".splitreel.json"),
        )

    def events(self) -> Iterator[dict[str, Any]]:
        for line in self._events:
            yield json.loads(line)

    def wait_for(self, *kinds: str) -> dict[str, Any]:
        for event in self.events():
            if event["type"] in kinds:
                return event
        raise AssertionError("the process ended: " + self.errors())

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._events.close()
        for stream in (self.process.stdin, self.process.stderr):
            if stream is not None:
                stream.close()
