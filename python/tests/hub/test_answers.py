"""Every request ends, whatever the server sends: bounded in memory and time, and with a specific error."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.store.hub.session import check_endpoint
from tests.fakes.hub import COMMIT, FakeHub
from tests.hub.client import DEMO, REPO, WEIGHTS, Fetch, HubProcess, configure, held, wanted


def listing(hub: FakeHub, **change: Any) -> bytes:
    """The true listing, with `change` made to the entry of the transformer's weights."""
    siblings = hub.siblings(DEMO)
    for entry in siblings:
        if entry["rfilename"] == WEIGHTS:
            entry.update(change)
    return json.dumps({"sha": COMMIT, "siblings": siblings}).encode()


BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "brackets": (b"[" * 200_000, {}),
    "no JSON": (b"<html>", {}),
    "a list": (b"[1]", {}),
    "no files": (json.dumps({"sha": COMMIT}).encode(), {}),
    "files that are none": (json.dumps({"sha": COMMIT, "siblings": [None, 3, {"rfilename": None}]}).encode(), {}),
    "a bomb": (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}),
    "17 MB": (b" " * 17 * 1_048_576, {}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_listing_that_cannot_be_used_is_an_answer(hub: FakeHub, tmp_path: Path, name: str) -> None:
    hub.behavior.listing = BODIES[name]
    process = HubProcess()
    process.configure(hub)
    process.send("inspect", requestId="r", repo=REPO, revision="main")
    event = process.wait_for("inspected", "inspectFailed")
    assert (event["type"], event["requestId"]) == ("inspectFailed", "r")
    assert event["error"]["code"] in {"HUB_ANSWER_BROKEN", "MODEL_UNSUPPORTED"}
    # The next question is answered too.
    hub.behavior.listing = None
    process.send("inspect", requestId="s", repo=REPO, revision="main")
    assert process.wait_for("inspected", "inspectFailed")["type"] == "inspected"
    process.kill()


@pytest.mark.parametrize("size", [2 * 10**15, 10**17, -1, 1.5, None, "1"])
def test_an_impossible_size_takes_no_memory(hub: FakeHub, tmp_path: Path, size: object) -> None:
    hub.behavior.listing = (listing(hub, size=size), {})
    tracemalloc.start()
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path).run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "HUB_ANSWER_BROKEN"
    assert peak < 20_000_000


def test_a_model_larger_than_the_disk_is_refused_before_its_segments_are_counted(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.listing = (listing(hub, size=2 * 10**12), {})
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path / "m").run()
    assert caught.value.code == "DISK_FULL"
    assert not (tmp_path / "m" / ".parts").exists()


def test_a_repository_may_hold_the_same_bytes_twice(hub: FakeHub, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(DEMO, source)
    shutil.copy(source / WEIGHTS, source / "vae" / "model.safetensors")
    twin = FakeHub({REPO: source})
    Fetch(twin, tmp_path / "m").run()
    twin.close()
    assert held(tmp_path / "m") == wanted(source)


def test_an_unknown_host_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        process = HubProcess()
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        process.send("configure", endpoint=endpoint, token=None, tokenForMirror=False, bytesPerSecond=None)
        process.send("inspect", requestId="r", repo=REPO, revision="main")
        error = process.wait_for("inspected", "inspectFailed")["error"]
    assert (error["code"], error["params"]) == ("HUB_UNREACHABLE", {"host": "127.0.0.1"})
    process.kill()


ADDRESSES = (
    "https://h:abc", "https://h:99999999", "https://[::1", "https://h/\nx", "http://example.org",
    "https://me:secret@h", "https://h?x=1", "https://h#x", "ftp://h", "", "h", "https://", "https://h\u0661",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_invalid_address_is_refused_when_it_is_set(address: str) -> None:
    with pytest.raises(SplitreelError) as caught:
        check_endpoint(address)
    assert caught.value.code == "HUB_ADDRESS_INVALID"


def test_a_wrong_address_is_reported_and_a_right_one_works_afterwards(hub: FakeHub) -> None:
    process = HubProcess()
    process.send("configure", endpoint="https://h:99999999", token=None, tokenForMirror=False, bytesPerSecond=None)
    process.send("inspect", requestId="r", repo=REPO, revision="main")
    assert process.wait_for("inspected", "inspectFailed")["error"]["code"] == "HUB_ADDRESS_INVALID"
    process.configure(hub)
    process.send("inspect", requestId="r", repo=REPO, revision="main")
    assert process.wait_for("inspected", "inspectFailed")["type"] == "inspected"
    process.kill()


def test_a_command_sent_after_the_last_event_is_not_dropped(hub: FakeHub, tmp_path: Path) -> None:
    process = HubProcess()
    process.configure(hub)
    process.download(tmp_path / "m.part", tmp_path / "m")
    assert process.wait_for("downloadFinished", "downloadFailed")["type"] == "downloadFinished"
    for _ in range(30):
        process.send(
            "verify", modelId="m", folder=str(tmp_path / "m"), recordFile=str(tmp_path / "r"), everything=False
        )
        assert process.wait_for("verified", "verifyFailed")["type"] == "verified"
    process.kill()


def test_the_rule_is_the_same_as_in_the_window(hub: FakeHub) -> None:
    assert check_endpoint(f" {configure(hub).endpoint}/ ") == hub.endpoint
