"""What a rank writes and reports during a job."""

from __future__ import annotations

import errno
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import av.error
import numpy as np
import pytest

from splitreel.contract import wire
from splitreel.contract.errors import Canceled, SplitreelError
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
        self.is_granted = True
        self.is_published = Event()
        self.may_write = Event()  # the writer's thread waits for it after the first frame
        self.may_write.set()

    def may_publish(self, video: int) -> bool:
        return self.is_granted

    def published(self, video: int, path: Path) -> None:
        self.saved.append(path)
        self.is_published.set()

    def progressed(self, video: int, stage: Stage, completed: int, total: int) -> None:
        self.may_write.wait()

    def previewed(self, video: int, step: int, path: Path) -> None:
        self.previews.append(path)

    def ignore(self, *_: object) -> None:
        pass

    started = finished = latents_saved = ignore


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def canceled() -> Event:
    return Event()


@pytest.fixture
def hooks(tmp_path: Path, recorder: Recorder, canceled: Event) -> JobHooks:
    job = wire.from_wire(StartJob, start_job(Path("model"), tmp_path, prompts=("a cat", "a dog")))
    run = Run(1, job, "model", "f" * 64, {}, str(tmp_path / "raw"), 0.0, "auto")
    return JobHooks(run, recorder, canceled)


def send_frames(hooks: JobHooks, count: int, video: int = 0) -> None:
    for index in range(count):
        hooks.frame(video, index, FRAME)


def decode(hooks: JobHooks, video: int = 0) -> None:
    """What the engine calls for a video whose file is written afterwards."""
    hooks.stage_started(video, EngineStage.DECODING, 1)
    send_frames(hooks, 9, video)
    hooks.stage_finished(video, EngineStage.DECODING)


def decode_and_write(hooks: JobHooks) -> None:
    decode(hooks)
    hooks.video_written(0)


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
    hooks.stage_started(0, EngineStage.DECODING, 1)
    send_frames(hooks, 9)
    clock.now = 15.0
    hooks.stage_finished(0, EngineStage.DECODING)
    hooks.video_written(0)
    report = read_metadata(recorder.saved[0]).report
    assert report is not None
    assert report.ms_per_step == hooks.ms_per_step == 1500.0
    durations = {stage.stage: stage.duration_ms for stage in report.stages}
    assert (durations[Stage.DENOISING], durations[Stage.DECODING]) == (12_000.0, 3_000.0)


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


def test_a_file_appears_without_the_thread_of_the_engine(hooks: JobHooks, recorder: Recorder) -> None:
    decode(hooks)
    hooks.stage_started(1, EngineStage.DENOISING, 3)
    assert recorder.is_published.wait(60)
    hooks.video_written(0)
    assert len(recorder.saved) == 1


def test_the_engine_never_waits_for_the_encoder_before_all_frames_are_sent(hooks: JobHooks, recorder: Recorder) -> None:
    recorder.may_write.clear()
    decode(hooks)
    assert not recorder.saved
    recorder.may_write.set()
    hooks.video_written(0)
    assert len(recorder.saved) == 1


def test_a_cancel_stops_the_writer_between_frames(
    hooks: JobHooks, recorder: Recorder, canceled: Event, tmp_path: Path
) -> None:
    recorder.may_write.clear()
    decode(hooks)
    canceled.set()
    recorder.may_write.set()
    with pytest.raises(Canceled):
        hooks.video_written(0)
    assert not list(tmp_path.iterdir())


def test_a_refused_video_is_a_cancel(hooks: JobHooks, recorder: Recorder, tmp_path: Path) -> None:
    recorder.is_granted = False
    decode(hooks)
    with pytest.raises(Canceled):
        hooks.video_written(0)
    assert not list(tmp_path.iterdir())


def test_the_end_of_a_job_writes_decoded_videos_and_leaves_nothing_of_others(
    hooks: JobHooks, recorder: Recorder, tmp_path: Path
) -> None:
    """As after an error in the next video."""
    decode(hooks)
    hooks.end()
    assert len(recorder.saved) == 1
    send_frames(hooks, 5, video=1)
    hooks.end()
    assert list(tmp_path.iterdir()) == recorder.saved


@pytest.mark.parametrize("error", [MemoryError("out"), av.error.ExternalError(0, "libx264")])
def test_an_encoder_that_fails_fails_its_video_alone(
    error: Exception, hooks: JobHooks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:

        def fail(_frame: np.ndarray) -> np.ndarray:
            raise error

        patched.setattr("splitreel.video.mp4.rgb_to_yuv420", fail)
        with pytest.raises(SplitreelError) as raised:
            decode_and_write(hooks)
    assert type(error).__name__ in (raised.value.error.details or "")
    decode(hooks, video=1)
    hooks.video_written(1)
    assert len(recorder.saved) == 1


def test_a_folder_that_vanished_fails_its_video_alone(hooks: JobHooks, recorder: Recorder, tmp_path: Path) -> None:
    folder = tmp_path.rename(tmp_path.with_name("moved"))
    decode(hooks)
    with pytest.raises(SplitreelError) as raised:
        hooks.video_written(0)
    assert raised.value.code == "OUTPUT_NOT_WRITABLE"
    folder.rename(tmp_path)
    decode(hooks, video=1)
    hooks.video_written(1)
    assert len(recorder.saved) == 1
