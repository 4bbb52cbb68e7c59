"""Joined videos: every frame once, the first part's as they were, and what each part was made with."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import av
import av.error
import numpy as np
import pytest

from splitreel.commands.join import join as command
from splitreel.contract.errors import Canceled, SplitreelError
from splitreel.video import join
from splitreel.video.join import join_videos
from splitreel.video.mp4 import Mp4Writer, VideoFormat, read_metadata
from tests.test_video import METADATA

SIZE = (96, 64)


def noise(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A smooth picture that no other seed has."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), np.uint8)
    return np.kron(coarse, np.ones((size[1] // 4, size[0] // 6, 1), np.uint8)).astype(np.uint8)


def make(path: Path, seeds: range, *, fps: int = 8, size: tuple[int, int] = SIZE) -> Path:
    writer = Mp4Writer(path, VideoFormat(*size, fps))
    for seed in seeds:
        writer.add(noise(seed, size))
    writer.finish(lambda: replace(METADATA, request=replace(METADATA.request, prompt=path.stem)))
    return writer.publish()


def ignore(_done: int, _total: int) -> None:
    return


def decoded(file: Path) -> list[np.ndarray]:
    with av.open(str(file)) as container:
        return [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]


def times(file: Path) -> list[float]:
    with av.open(str(file)) as container:
        return [frame.time or 0.0 for frame in container.decode(video=0)]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_the_duplicate_frame_is_left_out_and_the_first_part_is_copied(tmp_path: Path) -> None:
    first, second = make(tmp_path / "a.mp4", range(17)), make(tmp_path / "b.mp4", range(16, 33))
    joined = join_videos(first, second, tmp_path / "a-continued.mp4", ignore)
    frames, before, after = decoded(joined), decoded(first), decoded(second)
    assert len(frames) == 33
    assert all((one == other).all() for one, other in zip(frames[:17], before, strict=True)), "bit for bit"
    assert max(difference(one, other) for one, other in zip(frames[17:], after[1:], strict=True)) < 2
    assert times(joined) == pytest.approx([index / 8 for index in range(33)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-continued.mp4", "a.mp4", "b.mp4"]


def test_a_joined_video_lists_all_its_parts(tmp_path: Path) -> None:
    parts = [make(tmp_path / f"{name}.mp4", range(9)) for name in "abc"]
    middle = join_videos(parts[0], parts[1], tmp_path / "ab.mp4", ignore)
    whole = join_videos(middle, parts[2], tmp_path / "ab.mp4", ignore)
    assert whole.name == "ab_1.mp4", "a name that is taken is left alone"
    metadata = read_metadata(whole)
    assert [(part.file_name, part.frames, part.request.prompt) for part in metadata.parts] == [
        ("a.mp4", 9, "a"),
        ("b.mp4", 8, "b"),
        ("c.mp4", 8, "c"),
    ]
    assert metadata.request.prompt == "c"
    assert len(decoded(whole)) == 25
    assert all((one == other).all() for one, other in zip(decoded(whole), decoded(middle), strict=False))


def test_streams_with_other_parameters_are_encoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make(tmp_path / "a.mp4", range(9)), make(tmp_path / "b.mp4", range(8, 17))
    monkeypatch.setattr(join, "_extradata", lambda _path: b"another encoder")
    joined = join_videos(first, second, tmp_path / "c.mp4", ignore)
    expected = decoded(first) + decoded(second)[1:]
    frames = decoded(joined)
    assert len(frames) == len(expected) == 17
    assert max(difference(one, other) for one, other in zip(frames, expected, strict=True)) < 2


@pytest.mark.parametrize(
    ("fps", "size", "code"), [(16, SIZE, "join_rates_differ"), (8, (192, 128), "join_sizes_differ")]
)
def test_videos_that_do_not_match_are_refused_with_the_reason(
    fps: int, size: tuple[int, int], code: str, tmp_path: Path
) -> None:
    first, second = make(tmp_path / "a.mp4", range(9)), make(tmp_path / "b.mp4", range(9), fps=fps, size=size)
    with pytest.raises(SplitreelError) as caught:
        join_videos(first, second, tmp_path / "c.mp4", ignore)
    assert caught.value.code == "VIDEOS_NOT_JOINABLE"
    assert [reason.code for reason in caught.value.error.reasons or ()] == [code]
    assert not (tmp_path / "c.mp4").exists()


def test_a_cancel_leaves_nothing(tmp_path: Path) -> None:
    first, second = make(tmp_path / "a.mp4", range(9)), make(tmp_path / "b.mp4", range(9))

    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise Canceled

    with pytest.raises(Canceled):
        join_videos(first, second, tmp_path / "c.mp4", stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_a_full_disk_is_not_blamed_on_the_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make(tmp_path / "a.mp4", range(9)), make(tmp_path / "b.mp4", range(9))

    def full(*_: object) -> None:
        raise av.error.OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(join, "tag_bt709", full)
    with pytest.raises(SplitreelError) as caught:
        join_videos(first, second, tmp_path / "c.mp4", ignore)
    assert caught.value.code == "DISK_RAN_FULL"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize(
    ("second", "target", "code"),
    [
        ("missing.mp4", "c.mp4", "VIDEO_NOT_FOUND"),
        ("pipe.mp4", "c.mp4", "VIDEO_UNREADABLE"),
        ("a.mp4", "missing/c.mp4", "OUTPUT_NOT_WRITABLE"),
    ],
)
def test_missing_files_pipes_and_folders_are_named(second: str, target: str, code: str, tmp_path: Path) -> None:
    first = make(tmp_path / "a.mp4", range(9))
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(SplitreelError) as caught:
        join_videos(first, tmp_path / second, tmp_path / target, ignore)
    assert caught.value.code == code


def test_the_command_takes_names_with_a_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "12:30.mp4", range(9))
    make(tmp_path / "b.mp4", range(8, 17))
    monkeypatch.chdir(tmp_path)
    assert command(["12:30.mp4", "b.mp4", "c.mp4"]) == 0
    assert len(decoded(tmp_path / "c.mp4")) == 17


def test_settings_of_an_older_version_are_kept_as_they_are(tmp_path: Path) -> None:
    first, second = make(tmp_path / "a.mp4", range(9)), make(tmp_path / "b.mp4", range(9))
    with av.open(str(second)) as reader, av.open(str(tmp_path / "old.mp4"), "w") as writer:
        metadata = json.loads(reader.metadata["comment"])
        del metadata["request"]["imageFit"]
        writer.metadata["comment"] = json.dumps(metadata)
        stream = reader.streams.video[0]
        copy = writer.add_stream_from_template(stream)
        for packet in reader.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                writer.mux(packet)
    joined = join_videos(first, tmp_path / "old.mp4", tmp_path / "c.mp4", ignore)
    with av.open(str(joined)) as container:
        assert "imageFit" not in json.loads(container.metadata["comment"])["request"]
