"""A fake Hugging Face hub on loopback: the protocol that huggingface_hub uses, with faults on request.

Two servers, as on the real hub: one that knows models and says where bytes are, and a content host on another port
that has them. Standard library only, so that any Python runs it:

    python hub.py --model ORG/NAME=FOLDER [--token TOKEN] [--bytes-per-second N] [--log FILE]

prints `{"endpoint": ...}` and serves until its stdin ends.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import socket
import sys
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34
_LFS = (".safetensors", ".bin", ".model")


@dataclass
class Behavior:
    """What goes wrong. Each list is used up from its front; tests fill it."""

    token: str | None = None  # gated: required for the files
    break_after: deque[int] = field(default_factory=deque)  # content: end the connection after so many bytes
    reset: bool = False  # break with a reset instead of an orderly end
    statuses: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)  # content: answer this instead
    hub_statuses: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)  # the same for the hub itself
    flip: dict[str, int] = field(default_factory=dict)  # path: how many more times one of its bytes is wrong
    ignore_ranges: bool = False
    bytes_per_second: int | None = None
    redirect_api_to: str | None = None
    listing: tuple[bytes, dict[str, str]] | None = None  # the hub's answer to a listing, in place of the true one


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    server: str
    method: str
    path: str
    headers: dict[str, str]


class FakeHub:
    def __init__(self, models: dict[str, Path], behavior: Behavior | None = None, log: Path | None = None) -> None:
        self.models = models
        self.behavior = behavior or Behavior()
        self.seen: list[Seen] = []
        self.served: Counter[str] = Counter()  # content bytes that were sent, by path in the model
        self.requests: Counter[str] = Counter()
        self._log = log
        self._lock = threading.Lock()
        self._digests: dict[Path, tuple[str, str]] = {}
        self._hub = _Server(("127.0.0.1", 0), _HubHandler, self)
        self._content = _Server(("127.0.0.1", 0), _ContentHandler, self)
        for server in (self._hub, self._content):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._hub.server_port}"

    @property
    def content_host(self) -> str:
        return f"http://127.0.0.1:{self._content.server_port}"

    def close(self) -> None:
        for server in (self._hub, self._content):
            server.shutdown()
            server.server_close()

    def note(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)
            self._write({"server": seen.server, "method": seen.method, "path": seen.path, "headers": seen.headers})

    def count(self, path: str, sent: int) -> None:
        with self._lock:
            self.served[path] += sent
            self.requests[path] += 1
            self._write({"sent": sent, "path": path})

    def _write(self, entry: dict[str, Any]) -> None:
        if self._log is not None:
            with self._log.open("a") as stream:
                stream.write(json.dumps(entry) + "\n")

    def take(self, queue: deque[Any]) -> Any:
        with self._lock:
            return queue.popleft() if queue else None

    def take_flip(self, path: str) -> bool:
        with self._lock:
            left = self.behavior.flip.get(path, 0)
            self.behavior.flip[path] = left - 1
            return left > 0

    def digests(self, file: Path) -> tuple[str, str]:
        """sha256, and git's sha1 of it as a blob."""
        if file not in self._digests:
            data = file.read_bytes()
            git = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            self._digests[file] = hashlib.sha256(data).hexdigest(), git
        return self._digests[file]

    def siblings(self, folder: Path) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            sha256, git = self.digests(file)
            size = file.stat().st_size
            entry: dict[str, Any] = {"rfilename": file.relative_to(folder).as_posix(), "size": size, "blobId": git}
            if file.suffix in _LFS:
                entry["lfs"] = {"sha256": sha256, "size": size, "pointerSize": 135}
            found.append(entry)
        return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[_Handler], hub: FakeHub) -> None:
        self.hub = hub
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    name = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
        pass

    def start(self) -> str:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.hub.note(Seen(self.name, self.command, self.path, headers))
        return unquote(urlsplit(self.path).path)

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in {name.lower() for name in headers}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_file(self, name: str, file: Path, headers: dict[str, str]) -> None:
        """With ranges, as a content host does it; the connection may be broken on the way."""
        hub, size = self.server.hub, file.stat().st_size
        begin, end, status = 0, size, 200
        asked = self.headers.get("range")
        if asked and not hub.behavior.ignore_ranges and self.headers.get("if-range") in {None, headers.get("ETag")}:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            begin, end, status = int(first), min(size, int(last) + 1 if last else size), 206
            if begin >= end:
                self.answer(416, {"Content-Range": f"bytes */{size}"})
                return
            headers = {**headers, "Content-Range": f"bytes {begin}-{end - 1}/{size}"}
        self.answer(status, {**headers, "Content-Length": str(end - begin), "Accept-Ranges": "bytes"})
        if self.command != "HEAD":
            self._send(name, file, begin, end)

    def _send(self, name: str, file: Path, begin: int, end: int) -> None:
        hub = self.server.hub
        limit = hub.take(hub.behavior.break_after)
        flips = hub.take_flip(name)
        stop = end if limit is None else min(end, begin + limit)
        sent = 0
        try:
            with file.open("rb") as stream:
                while begin + sent < stop:
                    rate = hub.behavior.bytes_per_second
                    count = min(stop - begin - sent, 16_777_216 if rate is None else 16_384)
                    if flips or rate is not None:
                        stream.seek(begin + sent)
                        chunk = bytearray(stream.read(count))
                        if flips:
                            chunk[len(chunk) // 2] ^= 1
                            flips = False
                        self.wfile.write(chunk)
                        sent += count
                        if rate is not None:
                            time.sleep(count / rate)
                            _wait_until_read(self.connection)
                    else:
                        sent += os.sendfile(self.connection.fileno(), stream.fileno(), begin + sent, count)
        except OSError:
            self.close_connection = True
        finally:
            hub.count(name, sent)
        if stop < end:
            self.close_connection = True
            if hub.behavior.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _wait_until_read(connection: socket.socket) -> None:
    """Returns once the client has read what was sent. A busy machine would leave more in its socket than tests expect."""
    server, client = (
        f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
        for host, port in (connection.getsockname(), connection.getpeername())
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with Path("/proc/net/tcp").open() as table:
            queues = [fields[4] for line in table if (fields := line.split())[1:3] == [client, server]]
        if all(queue.endswith(":00000000") for queue in queues):
            return
        time.sleep(0.002)


class _HubHandler(_Handler):
    name = "hub"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path, hub = self.start(), self.server.hub
        if (given := hub.take(hub.behavior.hub_statuses)) is not None:
            self.answer(given[0], given[1])
            return
        repo = next((repo for repo in hub.models if f"/{repo}/" in path + "/"), None)
        if repo is None:
            self.answer(404, {"X-Error-Code": "RepoNotFound"})
        elif path.startswith("/api/models/"):
            self._describe(repo)
        elif f"/{repo}/resolve/" in path:
            self._resolve(repo, path.split(f"/{repo}/resolve/")[1])
        else:
            self.answer(404, {"X-Error-Code": "EntryNotFound"})

    def _is_authorized(self) -> bool:
        token = self.server.hub.behavior.token
        given = self.headers.get("authorization")
        if token is None or given == f"Bearer {token}":
            return True
        if given is None:
            self.answer(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to this model is restricted."})
        else:
            self.answer(401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        return False

    def _describe(self, repo: str) -> None:
        hub = self.server.hub
        if hub.behavior.redirect_api_to is not None:
            self.answer(307, {"Location": hub.behavior.redirect_api_to + self.path})
            return
        if hub.behavior.listing is not None:
            body, headers = hub.behavior.listing
            self.answer(200, {"Content-Type": "application/json", **headers}, body)
            return
        # The real hub lists gated models for everyone; only their files are withheld.
        about = {
            "_id": "0", "id": repo, "modelId": repo, "sha": COMMIT, "private": False, "tags": [], "downloads": 0,
            "gated": "auto" if hub.behavior.token else False, "siblings": hub.siblings(hub.models[repo]),
        }  # fmt: skip
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(about).encode())

    def _resolve(self, repo: str, rest: str) -> None:
        if not self._is_authorized():
            return
        hub = self.server.hub
        _, _, name = rest.partition("/")
        file = hub.models[repo] / name
        if not file.is_file():
            self.answer(404, {"X-Error-Code": "EntryNotFound"})
            return
        sha256, git = hub.digests(file)
        headers = {"X-Repo-Commit": COMMIT, "X-Linked-Size": str(file.stat().st_size)}
        if file.suffix in _LFS:
            # A signed address works for everyone who has it, so the token must not be sent there.
            target = f"{hub.content_host}/{quote(repo, safe='')}/{name}?signature={sha256[:16]}"
            self.answer(302, {**headers, "X-Linked-Etag": f'"{sha256}"', "Location": target})
        else:
            self.send_file(name, file, {**headers, "ETag": f'"{git}"'})


class _ContentHandler(_Handler):
    name = "content"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.start()
        hub = self.server.hub
        if (given := hub.take(hub.behavior.statuses)) is not None:
            self.answer(given[0], given[1])
            return
        repo, _, name = urlsplit(self.path).path.lstrip("/").partition("/")
        file = hub.models.get(unquote(repo), Path("/nowhere")) / unquote(name)
        if "signature=" not in self.path or not file.is_file():
            self.answer(403, {})
            return
        # As on S3: an etag of the host's own, not the file's hash.
        self.send_file(name, file, {"ETag": f'"{hub.digests(file)[0][:32]}"'})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--token")
    parser.add_argument("--bytes-per-second", type=int)
    parser.add_argument("--log", type=Path)
    flags = parser.parse_args()
    models = {name: Path(folder) for name, _, folder in (model.partition("=") for model in flags.model)}
    behavior = Behavior(token=flags.token, bytes_per_second=flags.bytes_per_second)
    hub = FakeHub(models, behavior, flags.log)
    print(json.dumps({"endpoint": hub.endpoint, "content": hub.content_host}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
