"""Writes one video on a separate thread, from its first frame until the file has its name.

Meanwhile the engine's thread continues with the next video.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from splitreel.contract.errors import Canceled, SplitreelError, error_of
from splitreel.contract.metadata import VideoMetadata
from splitreel.video.mp4 import Mp4Writer, VideoFormat

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class ClipCallbacks:
    """All are called on the writer's thread. An exception ends the clip without a file."""

    written: Callable[[int], None]  # how many frames are in the file so far
    is_canceled: Callable[[], bool]
    metadata: Callable[[], VideoMetadata]  # once every frame is in the file
    may_publish: Callable[[], bool]  # False: the job was canceled
    published: Callable[[Path], None]


class _End(Enum):
    COMPLETE = "complete"
    ABANDONED = "abandoned"


class ClipWriter:
    """Takes frames as fast as they come: up to a whole clip of raw frames waits in host memory."""

    def __init__(self, target: Path, video: VideoFormat, callbacks: ClipCallbacks) -> None:
        self._target = target
        self._video = video
        self._callbacks = callbacks
        self._frames: queue.SimpleQueue[np.ndarray | _End] = queue.SimpleQueue()
        self._error: Exception | None = None
        self._has_end = False
        self._thread = Thread(target=self._run, name="clip-writer", daemon=True)
        self._thread.start()

    def add(self, frame_u8_HWC: np.ndarray) -> None:
        """Raises the error of an earlier frame, if there was one."""
        if self._error is not None:
            raise self._error
        self._frames.put(frame_u8_HWC)

    def complete(self) -> None:
        """No more frames follow. The thread completes the file and gives it its name."""
        self._has_end = True
        self._frames.put(_End.COMPLETE)

    def wait(self) -> None:
        """Returns once the file has its name. Raises what prevented that; Canceled after a cancel."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Ends the thread. A clip that has all its frames is still written; any other leaves nothing behind."""
        if not self._has_end:
            self._frames.put(_End.ABANDONED)
        self._thread.join()

    def _run(self) -> None:
        writer: Mp4Writer | None = None
        try:
            while not isinstance(frame := self._frames.get(), _End):
                writer = writer or Mp4Writer(self._target, self._video, self._frame_written)
                writer.add(frame)
            if frame is _End.COMPLETE and writer is not None:
                self._publish(writer)
        except (Canceled, SplitreelError) as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - whatever an encoder raises fails this video, and not its rank
            self._error = SplitreelError.from_error(error_of(error))
        finally:
            if writer is not None:
                writer.discard()

    def _frame_written(self, count: int) -> None:
        # The encoder holds dozens of frames back, so most of the work may come after the last frame was added.
        if self._callbacks.is_canceled():
            raise Canceled
        self._callbacks.written(count)

    def _publish(self, writer: Mp4Writer) -> None:
        writer.finish(self._callbacks.metadata)
        if not self._callbacks.may_publish():
            raise Canceled
        self._callbacks.published(writer.publish())
