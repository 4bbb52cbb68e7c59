"""The MP4: what is in it, and that it is whole or not there."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from splitreel.contract.devices import cpu_devices
from splitreel.contract.errors import SplitreelError
from splitreel.contract.metadata import MetadataModel, VideoMetadata
from splitreel.contract.types import GenerateRequest, Plan
from splitreel.video.mp4 import Mp4Writer, VideoFormat, read_metadata
from splitreel.video.output_file import OutputFile

METADATA = VideoMetadata(
    request=GenerateRequest(
        96,
        64,
        9,
        2,
        6.5,
        model_id="demo",
        prompt='a small dog — 犬 "quoted" = ; #\nline',
        rewritten_from="una cagnolina 犬",
        negative_prompt="",
        image_path=None,
        seed=2**53 - 1,
        video_count=1,
    ),
    plan=Plan(cfg=2),
    approximate=False,
    model=MetadataModel("demo", "f" * 64),
    versions={"torch": "2.15.0"},
    devices=cpu_devices(1),
    dtype="float32",
    created_at="2026-01-01T00:00:00+00:00",
    report=None,
)


def frames() -> list[np.ndarray]:
    ramp = np.linspace(0, 255, 96, dtype=np.float32)
    return [
        np.repeat(np.broadcast_to((ramp + 8 * n) % 256, (64, 96))[:, :, None], 3, 2).astype(np.uint8) for n in range(9)
    ]


def write(target: Path, metadata: VideoMetadata = METADATA) -> Mp4Writer:
    writer = Mp4Writer(target, VideoFormat(96, 64, 8))
    for frame in frames():
        writer.add(frame)
    writer.finish(lambda: metadata)
    return writer


def test_a_record_is_read_back_as_written(tmp_path: Path) -> None:
    target = tmp_path / "a b 'c' 犬.mp4"
    writer = write(target)
    assert list(tmp_path.iterdir()) == []
    writer.publish()
    writer.discard()
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert read_metadata(target) == METADATA
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt, float(stream.average_rate or 0)) == (
            "h264",
            "yuv420p",
            8.0,
        )
    assert len(shown) == 9
    # Visually lossless: on a smooth ramp a few gray values at most.
    assert np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(shown, frames(), strict=True)]) < 6
    content = target.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_another_file_is_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    writer = write(target)
    target.write_text("mine")
    (tmp_path / "a_1.mp4").symlink_to("nowhere")
    # Another run took the name meanwhile, so the finished video gets the next free one.
    assert writer.publish() == tmp_path / "a_2.mp4"
    assert target.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "a_1.mp4", "a_2.mp4"]
    assert read_metadata(tmp_path / "a_2.mp4") == METADATA


def test_names_that_are_not_utf8_are_kept_in_the_settings(tmp_path: Path) -> None:
    metadata = replace(METADATA, request=replace(METADATA.request, image_path=os.fsdecode(b"/caf\xe9.png")))
    writer = write(tmp_path / "a.mp4", metadata)
    writer.publish()
    assert read_metadata(tmp_path / "a.mp4") == metadata


@pytest.mark.parametrize("links", [True, False])
def test_without_nameless_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    monkeypatch.delattr(os, "O_TMPFILE")
    if not links:

        def refused(*_arguments: object, **_named: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refused)
    first = write(tmp_path / "a.mp4")
    first.publish()
    assert read_metadata(tmp_path / "a.mp4") == METADATA
    assert write(tmp_path / "a.mp4").publish() == tmp_path / "a_1.mp4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "a_1.mp4"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: OutputFile) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(OutputFile, "sync", full)
    with pytest.raises(SplitreelError) as caught:
        write(tmp_path / "a.mp4")
    assert caught.value.code == "DISK_RAN_FULL"
    assert list(tmp_path.iterdir()) == []


def test_a_file_from_another_program_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"not a video")
    with pytest.raises(SplitreelError) as caught:
        read_metadata(tmp_path / "x.mp4")
    assert caught.value.code == "METADATA_UNREADABLE"
