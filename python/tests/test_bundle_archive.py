"""Bundles as zip files, run as the app runs them: by a bare Python, as a script."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import splitreel.commands.bundle_archive as subject


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(subject.__file__), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "a bundle ü"
    (folder / "wheels").mkdir(parents=True)
    (folder / "bundle.json").write_text('{"kind": "splitreel-bundle"}')
    (folder / "requirements.lock").write_text("thing==1.0\n")
    (folder / "wheels" / "thing-1.0-py3-none-any.whl").write_bytes(b"PK" + bytes(5_000))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_packed_files_are_unpacked_unchanged(bundle: Path, tmp_path: Path) -> None:
    archive = tmp_path / "b.zip"
    assert run("pack", bundle, archive).returncode == 0
    assert json.loads(run("inspect", archive).stdout) == {"bytes": 5_030, "manifest": '{"kind": "splitreel-bundle"}'}
    result = run("unpack", archive, tmp_path / "out")
    assert result.stdout.splitlines() == ["thing-1.0-py3-none-any.whl", "bundle.json"], "the manifest comes last"
    assert files(tmp_path / "out") == {
        name: data for name, data in files(bundle).items() if name != "requirements.lock"
    }


def test_a_folder_that_was_zipped_as_a_whole_counts(bundle: Path, tmp_path: Path) -> None:
    archive = tmp_path / "b.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files(bundle).items():
            made.writestr(f"{bundle.name}/{name}", data)
    assert run("unpack", archive, tmp_path / "out").returncode == 0
    assert set(files(tmp_path / "out")) == {"bundle.json", "wheels/thing-1.0-py3-none-any.whl"}


@pytest.mark.parametrize(
    "name",
    ["../wheels/evil.whl", "wheels/../evil.whl", "/etc/evil.whl", "a/b/wheels/evil.whl", "wheels/a\\evil.whl",
     "wheels/evil.py", "bundle.json/evil"],
)  # fmt: skip
def test_only_wheels_and_the_manifest_are_unpacked_and_only_into_the_folder(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "b.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr(name, b"evil")
        made.writestr("wheels/good.whl", b"good")
    run("unpack", archive, tmp_path / "deep" / "out")
    found = {path: data for path, data in files(tmp_path).items() if data == b"evil"}
    # A folder in front of `wheels` comes from zipping the whole folder. Only the bare name of a wheel is used.
    allowed = {"deep/out/wheels/evil.whl": b"evil"} if name == "../wheels/evil.whl" else {}
    assert found == allowed
    assert files(tmp_path / "deep" / "out")["wheels/good.whl"] == b"good"


@pytest.mark.parametrize("damage", ["no zip", "cut short", "a flipped byte", "missing"])
def test_damage_is_reported_in_one_line(bundle: Path, tmp_path: Path, damage: str) -> None:
    archive = tmp_path / "b.zip"
    run("pack", bundle, archive)
    data = bytearray(archive.read_bytes())
    if damage == "no zip":
        archive.write_bytes(b"no zip at all")
    elif damage == "cut short":
        archive.write_bytes(data[:-100])
    elif damage == "a flipped byte":
        data[data.index(bytes(5_000)) + 100] ^= 1
        archive.write_bytes(data)
    else:
        archive.unlink()
    result = run("unpack", archive, tmp_path / "out")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out" / "bundle.json").exists()


def test_an_unknown_command_prints_the_usage() -> None:
    assert run("explode").returncode == 2
    assert "unpack ARCHIVE FOLDER" in run("explode").stderr
