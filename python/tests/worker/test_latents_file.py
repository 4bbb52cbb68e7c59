"""The file of latents: checked before the start, whole at the end, and never over another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from splitreel.contract.errors import AppError, SplitreelError
from splitreel.worker.rank.messages import LatentsSaved
from splitreel.worker.supervisor.latents_file import check_latents_path, save_latents


def parts(folder: Path) -> tuple[dict[int, LatentsSaved], np.ndarray]:
    """The raw files of two videos, and both together."""
    latents = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 2, 2, 1)
    saved = {}
    for video in (1, 0):
        path = folder / f"{video}.f32"
        latents[video : video + 1].tofile(path)
        saved[video] = LatentsSaved(1, video, str(path), (1, 3, 2, 2, 1))
    return saved, latents


def test_videos_are_joined_in_order(tmp_path: Path) -> None:
    saved, latents = parts(tmp_path)
    target = tmp_path / "new" / "latents.safetensors"
    assert save_latents(target, saved) == target
    assert np.array_equal(load_file(target)["latents"], latents)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_file_created_meanwhile_is_kept(tmp_path: Path) -> None:
    saved, _ = parts(tmp_path)
    target = tmp_path / "a.safetensors"
    target.write_text("mine")
    assert save_latents(target, saved) == tmp_path / "a_1.safetensors"
    assert target.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    saved, _ = parts(tmp_path)
    (tmp_path / "file").touch()
    error = save_latents(tmp_path / "file" / "a.safetensors", saved)
    assert isinstance(error, AppError)
    assert error.code == "OUTPUT_NOT_WRITABLE"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "FLAG_INVALID"),
        (".", "FLAG_INVALID"),
        ("x" * 256, "FLAG_INVALID"),
        ("taken", "OUTPUT_EXISTS"),
        ("nowhere", "OUTPUT_EXISTS"),
    ],
)
def test_refused_before_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").touch()
    Path("nowhere").symlink_to("nothing")
    with pytest.raises(SplitreelError) as raised:
        check_latents_path(Path(name))
    assert raised.value.code == code


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(SplitreelError):
        check_latents_path(Path("/dev/full"))
