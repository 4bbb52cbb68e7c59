"""Encodes one video on a thread of its own, so that decoding doesn't wait for it."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from splitreel.contract.metadata import VideoMetadata
from splitreel.video.mp4 import Mp4Writer, VideoFormat

if TYPE_CHECKING:
    import numpy as np

# How many raw frames may queue up: bounds memory.
_WAITING_FRAMES = 8


class ClipWriter:
    """`written` is called with the number of frames after each, on the writer's thread."""

    def __init__(self, target: Path, video: VideoFormat, written: Callable[[int], None]) -> None:
        self._target = target
        self._video = video
        self._written = written
        self._frames: queue.Queue[np.ndarray | None] = queue.Queue(_WAITING_FRAMES)
        self._error: Exception | None = None
        self._writer: Mp4Writer | None = None
        self._thread = Thread(target=self._encode, name="clip-writer", daemon=True)
        self._thread.start()

    def add(self, frame_u8_HWC: np.ndarray) -> None:
        """Raises the error of an earlier frame, if there was one."""
        if self._error is not None:
            raise self._error
        self._frames.put(frame_u8_HWC)

    def finish(self, metadata: Callable[[], VideoMetadata]) -> None:
        """Waits for the last frame and completes the file, which has no name yet."""
        self._frames.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._writer is not None
        self._writer.finish(metadata())

    def publish(self) -> Path:
        """The path that the video got."""
        assert self._writer is not None
        return self._writer.publish()

    def discard(self) -> None:
        if self._thread.is_alive():
            self._error = self._error or RuntimeError("discarded")
            self._frames.put(None)
            self._thread.join()
        if self._writer is not None:
            self._writer.discard()

    def _encode(self) -> None:
        count = 0
        while (frame := self._frames.get()) is not None:
            if self._error is not None:
                continue
            try:
                self._writer = self._writer or Mp4Writer(self._target, self._video)
                self._writer.add(frame)
            except Exception as error:  # noqa: BLE001 - re-raised on the engine's thread
                self._error = error
                continue
            count += 1
            self._written(count)
