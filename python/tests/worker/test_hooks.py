"""What a rank writes and reports during a job."""

from __future__ import annotations

import errno
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from splitreel.contract import wire
from splitreel.contract.errors import SplitreelError
from splitreel.contract.protocol import StartJob
from splitreel.contract.types import Stage
from splitreel.contract.types import Stage as EngineStage
from splitreel.video import preview
from splitreel.video.mp4 import read_metadata
from splitreel.worker.rank import hooks as module
from splitreel.worker.rank.hooks import JobHooks, mean_step_s
from splitreel.worker.rank.messages import Run
from tests.processes.worker import start_job

FRAME = np.zeros((64, 96, 3), np.uint8)


class Recorder:
    """A job's observer that keeps what it is given."""

    def __init__(self) -> None:
        self.previews: list[Path] = []
        self.saved: list[Path] = []

    def may_publish(self, video: int) -> bool:
        return True

    def published(self, video: int, path: Path) -> None:
        self.saved.append(path)

    def previewed(self, video: int, step: int, path: Path) -> None:
        self.previews.append(path)

    def ignore(self, *_: object) -> None:
        pass

    started = progressed = finished = latents_saved = ignore


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def hooks(tmp_path: Path, recorder: Recorder) -> JobHooks:
    job = wire.from_wire(StartJob, start_job(Path("model"), tmp_path))
    run = Run(1, job, "model", "f" * 64, {}, str(tmp_path / "raw"), 0.0, "auto")
    return JobHooks(run, recorder, Event())


@pytest.mark.parametrize(
    ("videos", "mean"),
    [
        ([[9.0, 1.0, 1.0]], 1.0),
        ([[9.0]], 9.0),
        ([[9.0, 1.0], [8.0, 3.0]], 2.0),
        ([[], [4.0]], 4.0),
        ([], 0.0),
    ],
)
def test_the_first_step_of_a_video_does_not_count(videos: list[list[float]], mean: float) -> None:
    assert mean_step_s(videos) == mean


def test_settings_and_report_give_the_same_time_per_step(
    hooks: JobHooks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    hooks.stage_started(0, EngineStage.DENOISING, 3)
    for step, now in enumerate((9.0, 10.0, 12.0), start=1):
        clock.now = now
        hooks.stage_progressed(0, EngineStage.DENOISING, step)
    hooks.stage_finished(0, EngineStage.DENOISING)
    for index in range(9):
        hooks.frame(0, index, FRAME)
    report = read_metadata(recorder.saved[0]).report
    assert report is not None
    assert report.ms_per_step == hooks.ms_per_step == 1500.0
    assert {stage.stage: stage.duration_ms for stage in report.stages}[Stage.DENOISING] == 12_000.0


def test_a_preview_that_cannot_be_written_is_left_out(
    hooks: JobHooks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    hooks.preview(0, 1, FRAME)
    monkeypatch.setattr(preview, "write_preview", full)
    hooks.preview(0, 2, FRAME)
    assert [path.name for path in recorder.previews] == ["0-1.jpg"]


def test_a_full_disk_under_the_latents_is_named(
    hooks: JobHooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "raw").mkdir()
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SplitreelError) as raised:
        hooks.latents(0, torch.zeros(1, 2, 3, 4, 5))
    assert (raised.value.code, raised.value.params["folder"]) == ("DISK_RAN_FULL", str(tmp_path / "raw"))
