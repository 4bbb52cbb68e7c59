"""Counts that survive kills and power cuts; verification of models wherever they are."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from splitreel.contract.downloads import Verified, Verify
from splitreel.contract.errors import SplitreelError
from splitreel.contract.lines import parse_download_command
from splitreel.store.hub.digests import hash_file
from splitreel.store.hub.download import Paused, part_name
from splitreel.store.hub.pace import Pace, Speed
from splitreel.store.hub.part_file import PartFile
from splitreel.store.hub.selection import Digest, RemoteFile, digest_of
from splitreel.store.hub.verify import verify
from tests.fakes.hub import FakeHub
from tests.hub.client import DEMO, REPO, WEIGHTS, Fetch, wanted

FILE = RemoteFile("a", 1_000, Digest("sha256", "0" * 64))


def part(folder: Path, boot: str = "one", file: RemoteFile = FILE) -> PartFile:
    return PartFile(folder / "a.part", file, 300, boot=boot)


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    before = part(tmp_path)
    before.append(0, b"x" * 200)
    before.append(3, b"y" * 100)
    after = part(tmp_path)
    assert [after.held(index) for index in after.segments] == [200, 0, 0, 100]
    assert after.data.read_bytes()[900:] == b"y" * 100


def test_contiguous_bytes_can_be_read_before_the_rest(tmp_path: Path) -> None:
    file = part(tmp_path)
    file.append(0, b"a" * 300)
    file.append(1, b"b" * 100)
    file.append(2, b"c" * 300)
    assert [file.contiguous_from(offset) for offset in (0, 299, 300, 400, 600, 900)] == [400, 101, 100, 0, 300, 0]
    buffer = bytearray(250)
    assert file.read_into(memoryview(buffer), 200) == 250
    assert bytes(buffer[:200]) == b"a" * 100 + b"b" * 100
    file.append(1, b"b" * 200)
    file.append(3, b"d" * 100)
    assert file.contiguous_from(0) == file.file.size


def test_after_a_power_cut_only_synced_bytes_are_trusted(tmp_path: Path) -> None:
    before = part(tmp_path)
    before.append(0, b"x" * 200)
    before.sync()
    before.append(0, b"x" * 50)
    before.append(1, b"y" * 300)
    assert [part(tmp_path, "two").held(index) for index in range(4)] == [200, 0, 0, 0]


@pytest.mark.parametrize("damage", ["another file", "a short count", "no data", "a count too large"])
def test_a_partial_file_that_cannot_be_trusted_starts_again(tmp_path: Path, damage: str) -> None:
    part(tmp_path).append(0, b"x" * 200)
    file = FILE
    counts = tmp_path / "a.part.progress"
    if damage == "another file":
        file = RemoteFile("a", 1_000, Digest("sha256", "1" * 64))
    elif damage == "a short count":
        os.truncate(counts, 520)
    elif damage == "no data":
        (tmp_path / "a.part").unlink()
    else:
        counts.write_bytes(counts.read_bytes()[:512] + b"\xff" * 64)
    assert part(tmp_path, file=file).held_bytes == 0


def test_speed_covers_the_last_seconds() -> None:
    now = [0.0]
    speed = Speed(lambda: now[0])
    for _ in range(40):
        now[0] += 0.5
        speed.add(50)
        speed.per_second()
    assert speed.per_second() == pytest.approx(100)
    now[0] += 20
    speed.per_second()
    now[0] += 6
    assert speed.per_second() == 0


def test_a_limit_is_shared() -> None:
    pace = Pace(lambda: 0.0)
    pace.set_limit(1_000)
    assert [pace.delay(500), pace.delay(500)] == [0.5, 1.0]
    pace.set_limit(None)
    assert pace.delay(10**9) == 0


def run_verify(folder: Path, record: Path, *, everything: bool = False) -> tuple[Verified, int]:
    hashed: list[int] = [0]
    found = verify(
        Verify("m", str(folder), str(record), everything),
        lambda done, _total: hashed.__setitem__(0, done),
        lambda: None,
    )
    return found, hashed[0]


def flip_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_any_folder_is_hashed_once_and_then_known_by_size_and_time(tmp_path: Path) -> None:
    folder, record = tmp_path / "m", tmp_path / "record.json"
    shutil.copytree(DEMO, folder)
    first, hashed = run_verify(folder, record)
    assert hashed == sum(map(len, wanted().values()))
    assert (first.damaged, first.known, first.repo) == ((), 0, None)
    assert run_verify(folder, record)[1] == 0
    flip_byte(folder / WEIGHTS)
    assert run_verify(folder, record)[0].damaged == (), "not seen by size and time"
    (damage,) = run_verify(folder, record, everything=True)[0].damaged
    assert damage == WEIGHTS
    (folder / WEIGHTS).unlink()
    assert run_verify(folder, record)[0].damaged == (WEIGHTS,)


def make_cache(root: Path, source: FakeHub) -> Path:
    """As huggingface_hub lays it out: links by name to blobs by hash."""
    repo, commit = root / "models--splitreel--demo", "abc1230000000000000000000000000000000000"
    snapshot = repo / "snapshots" / commit
    (repo / "blobs").mkdir(parents=True)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit)
    for entry in source.siblings(DEMO):
        blob = repo / "blobs" / (entry["lfs"]["sha256"] if "lfs" in entry else entry["blobId"])
        shutil.copy(DEMO / entry["rfilename"], blob)
        name = snapshot / entry["rfilename"]
        name.parent.mkdir(parents=True, exist_ok=True)
        name.symlink_to(os.path.relpath(blob, name.parent))
    return snapshot


def test_hashes_are_read_from_the_hugging_face_cache(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    snapshot = make_cache(tmp_path / "hub", hub)
    record = tmp_path / "record.json"
    verified, _ = run_verify(snapshot, record)
    assert verified.damaged == ()
    assert verified.known == verified.file_count == len(wanted())
    assert (verified.repo, verified.commit) == (REPO, snapshot.name)
    blob = (snapshot / WEIGHTS).resolve()
    flip_byte(blob)
    assert run_verify(snapshot, record, everything=True)[0].damaged == (WEIGHTS,)
    # Repaired in place: only the blob that the link points to.
    Fetch(hub, snapshot, record=record).run()
    assert dict(hub.served) == {WEIGHTS: blob.stat().st_size}
    assert (snapshot / WEIGHTS).is_symlink()
    assert run_verify(snapshot, record, everything=True)[0].damaged == ()
    assert not (snapshot / ".parts").exists()


def test_a_folder_that_only_looks_like_a_cache_has_no_source(hub: FakeHub, tmp_path: Path) -> None:
    found, _ = run_verify(make_cache(tmp_path / "elsewhere", hub), tmp_path / "record.json")
    assert (found.damaged, found.known, found.repo, found.commit) == ((), 0, None, None)


def link_out(folder: Path, name: str, outside: Path) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(outside)


def link_part(folder: Path, outside: Path) -> None:
    shutil.move(folder / "vae", outside.parent / "vae")
    (folder / "vae").symlink_to(outside.parent / "vae")


OUTSIDE: dict[str, Callable[[Path, Path], object]] = {
    "a file": lambda folder, outside: link_out(folder, "transformer/config.json", outside),
    "a file by a path that leads back": lambda folder, outside: link_out(
        folder, "model_index.json", folder / ".." / outside.name
    ),
    "a component": link_part,
    "the folder of segments": lambda folder, outside: (folder / ".parts").symlink_to(outside.parent),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_repair_never_writes_through_a_link(hub: FakeHub, tmp_path: Path, name: str) -> None:
    """Nothing is fetched for such a folder, and what the link names stays as it was."""
    folder, outside = tmp_path / "m", tmp_path / "bashrc"
    shutil.copytree(DEMO, folder)
    outside.write_text("mine")
    OUTSIDE[name](folder, outside)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, folder, record=tmp_path / "record.json").run()
    assert caught.value.code == "MODEL_UNSAFE"
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not hub.served


def test_a_segment_file_that_is_a_link_is_replaced(hub: FakeHub, tmp_path: Path) -> None:
    outside = tmp_path / "bashrc"
    outside.write_text("mine")
    folder = tmp_path / "m"
    (folder / ".parts").mkdir(parents=True)
    for entry in hub.siblings(DEMO):
        digest = digest_of(entry["lfs"]["sha256"] if "lfs" in entry else entry["blobId"])
        assert digest is not None
        name = part_name(RemoteFile(entry["rfilename"], 0, digest))
        for ending in ("", ".progress"):
            (folder / ".parts" / f"{name}{ending}").symlink_to(outside)
    Fetch(hub, folder, record=tmp_path / "record.json").run()
    assert outside.read_text() == "mine"


def test_hashes_are_read_from_a_folder_of_hf_download(hub: FakeHub, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(DEMO, folder)
    for entry in hub.siblings(DEMO):
        note = folder / ".cache" / "huggingface" / "download" / f"{entry['rfilename']}.metadata"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{'a' * 40}\n{entry['lfs']['sha256'] if 'lfs' in entry else entry['blobId']}\n1.0\n")
    flip_byte(folder / WEIGHTS)
    found, _ = run_verify(folder, tmp_path / "record.json")
    assert found.damaged == (WEIGHTS,)
    assert found.known == 0, "the folder itself says so, not Hugging Face"


def test_a_verification_can_be_stopped_and_keeps_what_it_has(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    events = [0]

    def check() -> None:
        events[0] += 1
        if events[0] == 4:
            raise Paused

    with pytest.raises(Paused):
        verify(Verify("m", str(DEMO), str(record), everything=False), lambda _d, _t: None, check)
    everything = sum(map(len, wanted().values()))
    assert 0 < run_verify(DEMO, record)[1] < everything


def test_hashes_are_gits_and_sha256(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"hello\n")
    assert hash_file(path, "gitSha1") == "ce013625030ba8dba906f756967f9e9ca394464a", "git hash-object"
    assert hash_file(path, "sha256") == hashlib.sha256(b"hello\n").hexdigest()


def test_an_invalid_command_is_not_quoted_in_the_error() -> None:
    with pytest.raises(ValueError, match="endpoint") as caught:
        parse_download_command('{"type":"configure","token":"hf_secret","tokenForMirror":false,"bytesPerSecond":null}')
    assert "hf_secret" not in str(caught.value)


def test_a_listing_without_hashes_is_refused(hub: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare = [
        {key: value for key, value in entry.items() if key not in {"lfs", "blobId"}} for entry in hub.siblings(DEMO)
    ]
    monkeypatch.setattr(hub, "siblings", lambda _folder: bare)
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path).run()
    assert caught.value.code == "HUB_ANSWER_BROKEN"
