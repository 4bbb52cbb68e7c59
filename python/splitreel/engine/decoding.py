"""Decodes one video: progress, cancels, and passing frames to the hooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from splitreel.contract.errors import Canceled
from splitreel.contract.types import Stage
from splitreel.engine.api import Hooks
from splitreel.models.family import VideoDecoder
from splitreel.parallel.agreement import Agreement


def decode_video(
    video: int,
    decoder: VideoDecoder,
    hooks: Hooks,
    agreement: Agreement,
    tiles_done: Callable[[], None],
    *,
    is_writer: bool,
) -> None:
    """Every rank decodes its tiles; then, after `tiles_done`, the writer passes the frames to the hooks.

    `tiles_done` is called on every rank, and may be collective.

    Whatever can fail on one rank alone runs `together`, and tiles are sent only afterwards, so that no rank waits for
    a tile that never arrives.
    """
    hooks.stage_started(video, Stage.DECODING, decoder.units)
    done = 0

    def decoded() -> None:
        if hooks.cancel_requested():
            raise Canceled
        received()

    def received() -> None:
        nonlocal done
        done += 1
        if is_writer:
            hooks.stage_progressed(video, Stage.DECODING, done)

    def write_frames() -> None:
        index = 0
        for frames in decoder.frames() if is_writer else ():
            for frame in frames:
                if hooks.cancel_requested():
                    raise Canceled
                hooks.frame(video, index, frame)
                index += 1

    for round_ in range(decoder.rounds):
        agreement.together(partial(decoder.decode, round_, decoded))
        decoder.collect(round_, received)
    tiles_done()
    agreement.together(write_frames)
    hooks.stage_finished(video, Stage.DECODING)
