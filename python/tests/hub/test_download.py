"""Downloads through everything that networks and disks do: nothing lost, nothing fetched twice, nothing wrong accepted."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from splitreel.contract.errors import SplitreelError
from splitreel.store.hub.digests import hash_stream, read_record
from splitreel.store.hub.download import Paused, Tuning
from splitreel.store.model_folder import check_model_folder
from tests.fakes.hub import FakeHub
from tests.hub.client import DEMO, QUICK, REPO, WEIGHTS, Fetch, HubProcess, held, total_bytes, wanted


def served(hub: FakeHub) -> int:
    return sum(hub.served.values())


def test_a_model_is_downloaded_completely_and_only_the_needed_files(hub: FakeHub, tmp_path: Path) -> None:
    fetch = Fetch(hub, tmp_path / "m.part", final=tmp_path / "m")
    assert fetch.run() == total_bytes() == served(hub)
    assert held(tmp_path / "m") == wanted()
    assert not (tmp_path / "m.part").exists()
    assert check_model_folder(tmp_path / "m").weight_bytes > 0
    assert "README.md" not in hub.served
    record = read_record(tmp_path / "m" / ".splitreel.json")
    assert all(entry.is_known for entry in record.files.values())
    assert record.repo == REPO
    last = fetch.events[-1]
    assert last.done_bytes == last.total_bytes


def test_a_hundred_broken_connections_fetch_no_byte_twice(hub: FakeHub, tmp_path: Path) -> None:
    draw = random.Random(7)
    hub.behavior.break_after = deque(draw.randrange(1, 150_000) for _ in range(100))
    Fetch(hub, tmp_path).run()
    assert not hub.behavior.break_after, "all hundred were broken"
    assert served(hub) == total_bytes()
    assert held(tmp_path) == wanted()


def test_a_download_survives_reset_connections(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.break_after = deque([50_000] * 20)
    hub.behavior.reset = True
    Fetch(hub, tmp_path).run()
    assert held(tmp_path) == wanted()


def test_temporary_errors_are_retried(hub: FakeHub, tmp_path: Path) -> None:
    errors: list[tuple[int, dict[str, str]]] = [(429, {"Retry-After": "0"}), (500, {}), (503, {}), (403, {})]
    hub.behavior.statuses = deque(errors * 4)
    hub.behavior.hub_statuses = deque([(502, {}), (429, {"Retry-After": "0"})])
    Fetch(hub, tmp_path).run()
    assert served(hub) == total_bytes()
    # Each segment was requested once, and once more after each error: no response was lost.
    weights = [len(data) for name, data in wanted().items() if name.endswith(".safetensors")]
    segments = sum(-(-size // QUICK.segment_bytes) for size in weights)
    assert sum(seen.server == "content" for seen in hub.seen) == segments + len(errors * 4)
    assert held(tmp_path) == wanted()


def test_files_are_hashed_while_the_rest_is_downloaded(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.behavior.bytes_per_second = 2_000_000
    fetch = Fetch(hub, tmp_path)
    hashed_early: list[int] = []

    def watch(blocks: Iterator[memoryview], kind: str, size: int) -> str:
        def seen() -> Iterator[memoryview]:
            for block in blocks:
                if fetch.download.progress().done_bytes < total_bytes():
                    hashed_early.append(len(block))
                yield block

        return hash_stream(seen(), kind, size)

    monkeypatch.setattr("splitreel.store.hub.download.hash_stream", watch)
    fetch.run()
    assert held(tmp_path) == wanted()
    # The largest file is fetched with the others; its last block can only be hashed when it is there.
    assert sum(hashed_early) > total_bytes() / 4


def test_a_connection_that_stays_dead_is_an_error_and_keeps_received_bytes(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.break_after = deque([1_000_000] * 12 + [0] * 500)
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path).run()
    assert caught.value.code == "DOWNLOAD_INTERRUPTED"
    before = served(hub)
    assert 1_000_000 <= before < total_bytes()
    hub.behavior.break_after.clear()
    assert Fetch(hub, tmp_path).run() == total_bytes() - before
    assert held(tmp_path) == wanted()


def test_pause_and_resume_lose_nothing(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.bytes_per_second = 4_000_000
    for share in (0.2, 0.5, 0.8):
        fetch = Fetch(hub, tmp_path)
        watcher = fetch.stop_at(int(total_bytes() * share))
        with pytest.raises(Paused):
            fetch.run()
        watcher.join()
    hub.behavior.bytes_per_second = None
    Fetch(hub, tmp_path).run()
    assert held(tmp_path) == wanted()
    # Bytes in flight when the connection broke were sent but never received: at most a few blocks per connection.
    assert served(hub) - total_bytes() <= 3 * QUICK.connections * 2 * 16_384


def test_the_speed_limit_holds(hub: FakeHub, tmp_path: Path) -> None:
    fetch = Fetch(hub, tmp_path, limit=8_000_000)
    fetch.run()
    steady = [event.bytes_per_second for event in fetch.events if event.stage == "fetching"][2:-1]
    assert steady
    assert max(steady) < 8_000_000 * 1.25


def test_a_wrong_byte_is_found_and_only_its_file_fetched_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.flip = {WEIGHTS: 1}
    Fetch(hub, tmp_path).run()
    assert held(tmp_path) == wanted()
    assert served(hub) == total_bytes() + (DEMO / WEIGHTS).stat().st_size


def test_bytes_that_remain_wrong_are_never_accepted(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.flip = {WEIGHTS: 1_000}
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path / "m.part", final=tmp_path / "m").run()
    assert (caught.value.code, caught.value.params["file"]) == ("DOWNLOAD_CORRUPT", WEIGHTS)
    assert not (tmp_path / "m").exists()
    assert WEIGHTS not in held(tmp_path / "m.part")


@pytest.fixture
def flaky_hub(tmp_path: Path) -> tuple[FakeHub, Path]:
    """A hub whose files may be changed behind its back, after it has said what their hashes are."""
    source = tmp_path / "source"
    shutil.copytree(DEMO, source)
    fake = FakeHub({REPO: source})
    fake.siblings(source)
    return fake, source


def test_a_swapped_file_is_refused(flaky_hub: tuple[FakeHub, Path], tmp_path: Path) -> None:
    fake, source = flaky_hub
    (source / WEIGHTS).write_bytes(os.urandom((source / WEIGHTS).stat().st_size))
    with pytest.raises(SplitreelError) as caught:
        Fetch(fake, tmp_path / "m").run()
    assert caught.value.code == "DOWNLOAD_CORRUPT"
    assert not (tmp_path / "m" / WEIGHTS).exists()


def test_a_truncated_file_is_refused(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = hub.siblings(DEMO)
    source = tmp_path / "source"
    shutil.copytree(DEMO, source)
    os.truncate(source / WEIGHTS, 100_000)
    hub.models = {REPO: source}
    monkeypatch.setattr(hub, "siblings", lambda _folder: full)
    monkeypatch.setattr(hub, "digests", lambda file, old=hub.digests: old(DEMO / file.relative_to(source)))
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path / "m", tuning=Tuning(1_048_576, 0.001)).run()
    assert caught.value.code in {"DOWNLOAD_INTERRUPTED", "HUB_ANSWER_BROKEN"}
    assert not (tmp_path / "m" / WEIGHTS).exists()


def test_a_server_without_ranges_serves_too(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.ignore_ranges = True
    hub.behavior.break_after = deque([40_000] * 5)
    Fetch(hub, tmp_path, tuning=Tuning(1_048_576, 0.01, connections=1)).run()
    assert held(tmp_path) == wanted()


def test_a_full_disk_is_reported_and_space_lets_it_resume(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=9m", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk takes the right to mount one")
    try:
        with pytest.raises(SplitreelError) as early:
            Fetch(hub, disk / "m").run()
        assert early.value.code == "DISK_FULL"
        assert served(hub) == 0, "refused before anything was fetched"
        # Other programs fill the disk while it runs: the check has passed, but there is no space.
        monkeypatch.setattr("splitreel.store.hub.download.ModelDownload._check_disk_space", lambda _self: None)
        with pytest.raises(SplitreelError) as late:
            Fetch(hub, disk / "m").run()
        assert late.value.code == "DISK_FULL"
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        Fetch(hub, disk / "m").run()
        assert held(disk / "m") == wanted()
        # Each connection read one chunk that did not fit on the disk.
        assert served(hub) - total_bytes() < QUICK.connections * 4 * 1_048_576
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_disk_that_fills_up_at_the_last_write_is_reported(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Path, _record: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("splitreel.store.hub.download.write_record", full)
        with pytest.raises(SplitreelError) as caught:
            Fetch(hub, tmp_path / "m").run()
    assert caught.value.code == "DISK_RAN_FULL"
    before = served(hub)
    Fetch(hub, tmp_path / "m").run()
    assert held(tmp_path / "m") == wanted()
    # The end of one connection ends the others, which lose their bytes in flight.
    assert before <= served(hub) <= total_bytes() + QUICK.connections * QUICK.segment_bytes


def test_a_downloader_killed_again_and_again_ends_with_every_byte_fetched_once(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.bytes_per_second = 1_500_000
    draw, kills = random.Random(3), 6
    for _ in range(kills):
        process = HubProcess()
        process.configure(hub)
        process.download(tmp_path / "m.part", tmp_path / "m")
        patience = draw.randrange(1, 6)
        for event in process.events():
            assert event["type"] not in {"downloadFailed", "downloadFinished"}, event
            if event["type"] == "downloadProgressed" and event["stage"] == "fetching":
                patience -= 1
                if patience == 0:
                    break
        process.kill()
    assert not (tmp_path / "m").exists()
    hub.behavior.bytes_per_second = None
    process = HubProcess()
    process.configure(hub)
    process.download(tmp_path / "m.part", tmp_path / "m")
    finished = process.wait_for("downloadFinished", "downloadFailed")
    assert finished["type"] == "downloadFinished", finished
    process.kill()
    assert held(tmp_path / "m") == wanted()
    # Bytes that the killed process had not yet read: at most a few blocks for each of its connections.
    assert served(hub) - total_bytes() <= kills * QUICK.connections * 3 * 16_384


def test_only_the_damaged_file_is_repaired(hub: FakeHub, tmp_path: Path) -> None:
    Fetch(hub, tmp_path / "m").run()
    hub.served.clear()
    damaged = bytearray((tmp_path / "m" / WEIGHTS).read_bytes())
    damaged[12_345] ^= 1
    (tmp_path / "m" / WEIGHTS).write_bytes(damaged)
    Fetch(hub, tmp_path / "m").run()
    assert dict(hub.served) == {WEIGHTS: len(damaged)}
    assert held(tmp_path / "m") == wanted()


def test_a_file_that_the_user_provides_is_hashed_instead_of_fetched(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "m" / WEIGHTS).parent.mkdir(parents=True)
    shutil.copy(DEMO / WEIGHTS, tmp_path / "m" / WEIGHTS)
    Fetch(hub, tmp_path / "m").run()
    assert WEIGHTS not in hub.served
    assert held(tmp_path / "m") == wanted()


@pytest.mark.parametrize(
    "path",
    [
        "../evil.json",
        "transformer/../../evil.json",
        "/etc/passwd.json",
        "transformer/model.py",
        "vae/x.bin",
        "a\nb.json",
    ],
)
def test_names_outside_the_folder_are_not_fetched(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    evil = [*hub.siblings(DEMO), {"rfilename": path, "size": 3, "blobId": "0" * 40}]
    monkeypatch.setattr(hub, "siblings", lambda _folder: evil)
    Fetch(hub, tmp_path / "m").run()
    assert held(tmp_path / "m") == wanted()
    assert not (tmp_path / "evil.json").exists()
