"""The supervisor's own folder: private, and the leftovers of dead supervisors go, nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from splitreel.worker.supervisor.private_folder import PrivateFolder
from tests.processes.worker import PACKAGE_PARENT


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path / "data"))
    return folder


def folders(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir() if path.name != "lock")


def test_it_is_private_and_removed_with_its_owner(runtime: Path) -> None:
    mine = PrivateFolder()
    assert mine.path.parent == runtime / "splitreel"
    for folder in (mine.path, mine.path.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    mine.remove()
    assert folders(runtime / "splitreel") == []


def test_the_folder_of_a_live_owner_is_kept_and_that_of_a_dead_one_removed(runtime: Path) -> None:
    live = PrivateFolder()
    program = (
        f"import sys; sys.path.insert(0, {PACKAGE_PARENT!r})\n"
        "from splitreel.worker.supervisor.private_folder import PrivateFolder\n"
        "import os; PrivateFolder(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert len(folders(runtime / "splitreel")) == 2
    next_one = PrivateFolder()
    assert folders(runtime / "splitreel") == sorted([live.path.name, next_one.path.name])


def test_foreign_files_are_left_alone(runtime: Path, tmp_path: Path) -> None:
    parent = runtime / "splitreel"
    parent.mkdir(mode=0o700)
    films = tmp_path / "films"
    films.mkdir()
    (films / "holiday").touch()
    (parent / "run-12345678").symlink_to(films)
    (parent / "run-87654321").symlink_to("/nonexistent")
    (parent / "run-loop_123").symlink_to("run-loop_123")
    (parent / "run-2024-holiday-films").mkdir()
    PrivateFolder()
    assert (films / "holiday").exists()
    assert {"run-12345678", "run-87654321", "run-loop_123", "run-2024-holiday-films"} <= set(folders(parent))


def test_a_runtime_folder_that_others_can_enter_is_not_used(runtime: Path, tmp_path: Path) -> None:
    runtime.chmod(0o755)
    assert PrivateFolder().path.parent == tmp_path / "data" / "run"


def test_a_parent_that_is_a_link_is_not_used(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (runtime / "splitreel").symlink_to(tmp_path / "elsewhere")
    assert PrivateFolder().path.parent == tmp_path / "data" / "run"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_without_a_runtime_folder_it_uses_the_temporary_folder(runtime: Path, tmp_path: Path) -> None:
    runtime.chmod(0o500)
    (tmp_path / "data").mkdir(mode=0o500)
    assert PrivateFolder().path.name.startswith("splitreel-")
