"""Exports: what is in each format, and that a copy is whole or not there."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from splitreel.commands.export import export
from splitreel.contract.errors import Canceled, SplitreelError
from splitreel.contract.exports import ExportFormat, ExportRequest
from splitreel.contract.messages import RESOURCES
from splitreel.video.export import export_video
from splitreel.video.mp4 import read_metadata
from tests.test_video import METADATA, frames, write

STREAMS = {
    ExportFormat.H264: ("a.mp4", "h264", "yuv420p"),
    ExportFormat.HEVC: ("a.mp4", "hevc", "yuv420p"),
    ExportFormat.WEBM: ("a.webm", "vp9", "yuv420p"),
    ExportFormat.PRORES: ("a.mov", "prores", "yuv422p10le"),
}


def request(kind: ExportFormat, *, fps: int | None = None, scale: int = 1, frame: int | None = None) -> ExportRequest:
    return ExportRequest(kind, fps, scale, frame)


def ignore(_done: int, _total: int) -> None:
    return


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine frames of 96x64 at 8 frames per second."""
    return write(tmp_path_factory.mktemp("source") / "made.mp4").publish()


def decoded(file: Path) -> list[np.ndarray]:
    with av.open(str(file)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found.astype(float) - expected.astype(float)).mean())


@pytest.mark.parametrize("kind", STREAMS, ids=lambda kind: kind.value)
def test_a_video_keeps_its_frames_its_rate_and_its_colors(kind: ExportFormat, source: Path, tmp_path: Path) -> None:
    name, codec, pixels = STREAMS[kind]
    seen: list[tuple[int, int]] = []
    made = export_video(source, tmp_path / name, request(kind), lambda done, total: seen.append((done, total)))
    with av.open(str(made)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == (codec, pixels)
        assert (stream.width, stream.height, float(stream.average_rate or 0)) == (96, 64, 8)
        context = stream.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
    for found, expected in zip(decoded(made), frames(), strict=True):
        assert difference(found, expected) < 6
    assert seen == [(done, 9) for done in range(1, 10)]
    assert names_in(tmp_path) == [name]


def test_no_frame_is_cut_into_slices(source: Path, tmp_path: Path) -> None:
    # x264 writes its options into the stream. It takes one slice for 64 rows.
    made = export_video(source, tmp_path / "copy.mp4", request(ExportFormat.H264, scale=2), ignore)
    assert b" sliced_threads=0 " in made.read_bytes()


@pytest.mark.parametrize("kind", [ExportFormat.GIF, ExportFormat.WEBP], ids=lambda kind: kind.value)
def test_an_animation_keeps_its_frames_and_its_speed(kind: ExportFormat, source: Path, tmp_path: Path) -> None:
    made = export_video(source, tmp_path / f"a.{kind.value}", request(kind), ignore)
    with Image.open(made) as image:
        assert (image.size, image.n_frames) == ((96, 64), 9)  # type: ignore[attr-defined]
        assert image.info["loop"] == 0
        for index, expected in enumerate(frames()):
            image.seek(index)
            image.load()
            assert image.info["duration"] == pytest.approx(125, abs=5)
            assert difference(np.asarray(image.convert("RGB")), expected) < 8


def test_frames_are_a_folder_of_numbered_images(source: Path, tmp_path: Path) -> None:
    made = export_video(source, tmp_path / "frames", request(ExportFormat.FRAMES), ignore)
    again = export_video(source, tmp_path / "frames", request(ExportFormat.FRAMES), ignore)
    assert [made.name, again.name] == ["frames", "frames_1"]
    assert names_in(made) == [f"{number:05}.png" for number in range(1, 10)]
    assert names_in(tmp_path) == ["frames", "frames_1"]
    for number, expected in enumerate(frames(), start=1):
        assert difference(np.asarray(Image.open(made / f"{number:05}.png")), expected) < 6


@pytest.mark.parametrize(("frame", "expected"), [(None, 0), (4, 4), (8, 8), (99, 8)])
def test_one_frame_is_an_image(frame: int | None, expected: int, source: Path, tmp_path: Path) -> None:
    made = export_video(source, tmp_path / "a.png", request(ExportFormat.FRAME, frame=frame), ignore)
    assert difference(np.asarray(Image.open(made)), frames()[expected]) < 6


@pytest.mark.parametrize(("fps", "count"), [(4, 4), (16, 18), (24, 27), (60, 68)])
def test_another_rate_keeps_the_length(fps: int, count: int, source: Path, tmp_path: Path) -> None:
    made = export_video(source, tmp_path / "a.mp4", request(ExportFormat.H264, fps=fps), ignore)
    with av.open(str(made)) as container:
        assert float(container.streams.video[0].average_rate or 0) == fps
    assert len(decoded(made)) == pytest.approx(count, abs=1)


def test_enlarging_keeps_the_picture(source: Path, tmp_path: Path) -> None:
    made = export_video(source, tmp_path / "a.mp4", request(ExportFormat.H264, scale=2), ignore)
    found = decoded(made)
    assert found[0].shape == (128, 192, 3)
    assert difference(found[3][::2, ::2], frames()[3]) < 8


def test_the_settings_stay_in_the_file(source: Path, tmp_path: Path) -> None:
    for name, kind in (("a.mp4", ExportFormat.HEVC), ("a.mov", ExportFormat.PRORES)):
        assert read_metadata(export_video(source, tmp_path / name, request(kind), ignore)) == METADATA


@pytest.mark.parametrize(
    "kind", [ExportFormat.H264, ExportFormat.GIF, ExportFormat.FRAMES], ids=lambda kind: kind.value
)
def test_a_canceled_export_leaves_nothing(kind: ExportFormat, source: Path, tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 4:
            raise Canceled

    with pytest.raises(Canceled):
        export_video(source, tmp_path / "a", request(kind), stop)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("replace", [True, False])
def test_a_file_is_replaced_only_on_request(replace: bool, source: Path, tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_text("mine")
    made = export_video(source, tmp_path / "a.gif", request(ExportFormat.GIF), ignore, replace=replace)
    assert made.name == ("a.gif" if replace else "a_1.gif")
    assert ((tmp_path / "a.gif").read_bytes() == b"mine") is not replace
    assert len(names_in(tmp_path)) == (1 if replace else 2)


@pytest.mark.parametrize("content", [b"", b"no video"])
def test_a_file_that_is_not_a_video_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.mp4"
    file.write_bytes(content)
    with pytest.raises(SplitreelError) as caught:
        export_video(file, tmp_path / "a.gif", request(ExportFormat.GIF), ignore)
    assert (caught.value.code, caught.value.params) == ("VIDEO_UNREADABLE", {"file": "broken.mp4"})
    assert not (tmp_path / "a.gif").exists()


def test_a_folder_that_cannot_be_written_is_reported(source: Path, tmp_path: Path) -> None:
    with pytest.raises(SplitreelError) as caught:
        export_video(source, tmp_path / "nowhere" / "a.gif", request(ExportFormat.GIF), ignore)
    assert caught.value.code == "OUTPUT_NOT_WRITABLE"


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", str(RESOURCES.parent / "python"), "export", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_the_command_takes_the_format_from_the_name(source: Path, tmp_path: Path) -> None:
    done = run(str(source), str(tmp_path / "a.gif"), "--fps", "4")
    assert (done.returncode, done.stdout.decode().strip()) == (0, str(tmp_path / "a.gif"))
    refused = run(str(source), str(tmp_path / "a.xyz"))
    assert refused.returncode == 2
    assert b"--format" in refused.stderr


def with_events(source: Path, target: Path, stdin: Callable[[], int]) -> list[dict[str, object]]:
    read, written = os.pipe()
    script = 'exec "$0" "$@" 3>&"$FD"'
    command = ["bash", "-c", script, sys.executable, "-I", str(RESOURCES.parent / "python"), "export", "--events"]
    env = {**os.environ, "FD": str(written)}
    with subprocess.Popen(
        [*command, str(source), str(target), "--format", "h264"], stdin=stdin(), env=env, pass_fds=[written]
    ):
        os.close(written)
        with os.fdopen(read) as events:
            return [json.loads(line) for line in events]


def test_the_app_gets_progress_and_the_result(source: Path, tmp_path: Path) -> None:
    kept_open, other_end = os.pipe()
    events = with_events(source, tmp_path / "a.mp4", lambda: kept_open)
    os.close(other_end)
    assert [event["type"] for event in events] == ["exportProgressed"] * 9 + ["exportFinished"]
    assert events[-1]["path"] == str(tmp_path / "a.mp4")


def test_closing_the_app_cancels(source: Path, tmp_path: Path) -> None:
    events = with_events(source, tmp_path / "a.mp4", lambda: subprocess.DEVNULL)
    # Nine frames may be encoded before the end of stdin is noticed.
    assert events[-1]["type"] in {"exportFailed", "exportFinished"}
    assert ".part" not in "".join(names_in(tmp_path))


def copied(source: Path, target: Path, codec: str, size: tuple[int, int] | None = None) -> Path:
    """The first video of a test in another container, or with another size."""
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        stream = writer.add_stream(codec, rate=8)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size or (96, 64)
        stream.pix_fmt = "yuv444p" if size else "yuv420p"
        for frame in reader.decode(video=0):
            writer.mux(stream.encode(frame.reformat(stream.width, stream.height, stream.pix_fmt)))
        writer.mux(stream.encode(None))
    return target


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.webm", "libvpx-vp9")])
def test_a_container_that_does_not_count_its_frames_keeps_them_all(
    name: str, codec: str, source: Path, tmp_path: Path
) -> None:
    made = export_video(copied(source, tmp_path / name, codec), tmp_path / "b.mp4", request(ExportFormat.H264), ignore)
    assert len(decoded(made)) == len(frames())


def test_odd_sides_lose_a_row_and_a_column(source: Path, tmp_path: Path) -> None:
    odd = copied(source, tmp_path / "odd.mp4", "libx264", (95, 63))
    made = export_video(odd, tmp_path / "b.mp4", request(ExportFormat.H264), ignore)
    assert decoded(made)[0].shape == (62, 94, 3)


def test_names_are_never_read_as_protocols(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = Path("concat:a|b.mp4")
    named.write_bytes(source.read_bytes())
    assert len(decoded(export_video(named, tmp_path / "b.mp4", request(ExportFormat.H264), ignore))) == len(frames())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.m3u8", "#EXTM3U\n#EXTINF:2,\n{source}\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile {source}\n"),
    ],
    ids=["HLS", "ffconcat"],
)
def test_playlists_are_not_videos(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("source.mp4").symlink_to(source)
    Path(name).write_text(content.format(source="source.mp4"))
    with pytest.raises(SplitreelError) as caught:
        export_video(Path(name), tmp_path / "c.mp4", request(ExportFormat.H264), ignore)
    assert caught.value.code == "VIDEO_UNREADABLE"


@pytest.mark.parametrize(
    ("video", "target", "code"),
    [
        ("pipe.mp4", "b.mp4", "VIDEO_UNREADABLE"),
        ("nowhere.mp4", "b.mp4", "VIDEO_NOT_FOUND"),
        ("source.mp4", "/", "OUTPUT_NOT_WRITABLE"),
    ],
)
def test_pipes_missing_files_and_targets_without_a_name_are_refused(
    source: Path, tmp_path: Path, video: str, target: str, code: str
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "source.mp4").symlink_to(source)
    with pytest.raises(SplitreelError) as caught:
        export_video(tmp_path / video, tmp_path / target, request(ExportFormat.H264), ignore)
    assert caught.value.code == code


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5])
@pytest.mark.parametrize("kind", [ExportFormat.H264, ExportFormat.GIF, ExportFormat.FRAME, ExportFormat.FRAMES])
def test_a_truncated_video_is_named(kind: ExportFormat, kept: float, source: Path, tmp_path: Path) -> None:
    content = source.read_bytes()
    start = content.index(b"mdat") + 4
    truncated = tmp_path / "cut.mp4"
    truncated.write_bytes(content[: start + int(kept * (len(content) - start))])
    with pytest.raises(SplitreelError) as caught:
        export_video(truncated, tmp_path / "b", request(kind), ignore)
    assert caught.value.code == "VIDEO_UNREADABLE"
    assert names_in(tmp_path) == ["cut.mp4"]


def test_a_full_disk_is_not_blamed_on_the_video(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise av.error.FFmpegError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("splitreel.video.export.tag_bt709", full)
    with pytest.raises(SplitreelError) as caught:
        export_video(source, tmp_path / "b.mp4", request(ExportFormat.H264), ignore)
    assert caught.value.code == "DISK_RAN_FULL"


def test_a_frame_before_the_first_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(SplitreelError, match="at least 0, not -1"):
        export([str(source), str(tmp_path / "a.png"), "--frame", "-1"])
    assert names_in(tmp_path) == []
