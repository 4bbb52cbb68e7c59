"""The messages between the supervisor and a rank: one JSON object per line over a private socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import BinaryIO, Final, Literal, TypeAlias

from splitreel.contract import wire
from splitreel.contract.errors import AppError
from splitreel.contract.protocol import StagePeak, StartJob
from splitreel.contract.types import Device, Kernel, Stage, TextEncoderPolicy


@dataclass(frozen=True, slots=True)
class Join:
    """Join the world of ranks that meet in the file `store`."""

    rank: int
    world_size: int
    store: str
    device: Device
    threads: int
    timeout_s: float
    is_nvlinked: bool  # NVLink connects the devices of all ranks
    type: Literal["join"] = "join"


@dataclass(frozen=True, slots=True)
class Run:
    """Run a job. Every event of the job carries its `serial`."""

    serial: int
    job: StartJob
    model_path: str
    fingerprint: str
    versions: dict[str, str]
    latents_folder: str | None
    elapsed_ms: float  # of the job so far
    dtype: Literal["auto", "bfloat16", "float32"]
    type: Literal["run"] = "run"


@dataclass(frozen=True, slots=True)
class Cancel:
    serial: int
    type: Literal["cancel"] = "cancel"


@dataclass(frozen=True, slots=True)
class Publish:
    """The answer to MayPublish. One side decides, so a cancel comes either before or after, never in between."""

    serial: int
    video: int
    granted: bool
    type: Literal["publish"] = "publish"


RankCommand: TypeAlias = Join | Run | Cancel | Publish


@dataclass(frozen=True, slots=True)
class RankHeartbeat:
    """Sent twice a second by a separate thread. `waiting`: the engine's thread waits for other ranks."""

    waiting: bool
    where: str  # function, file and line of the engine's thread
    type: Literal["heartbeat"] = "heartbeat"


@dataclass(frozen=True, slots=True)
class Joined:
    type: Literal["joined"] = "joined"


@dataclass(frozen=True, slots=True)
class JoinFailed:
    """This rank could not join, so the world can't be used."""

    error: AppError
    type: Literal["joinFailed"] = "joinFailed"


@dataclass(frozen=True, slots=True)
class Progress:
    serial: int
    video: int
    stage: Stage
    status: Literal["started", "progressed", "finished"]
    completed: int
    total: int
    type: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Loaded:
    serial: int
    bytes_read: int
    type: Literal["loaded"] = "loaded"


@dataclass(frozen=True, slots=True)
class Preview:
    serial: int
    video: int
    step: int
    path: str
    type: Literal["preview"] = "preview"


@dataclass(frozen=True, slots=True)
class MayPublish:
    serial: int
    video: int
    type: Literal["mayPublish"] = "mayPublish"


@dataclass(frozen=True, slots=True)
class Published:
    serial: int
    video: int
    path: str
    type: Literal["published"] = "published"


@dataclass(frozen=True, slots=True)
class LatentsSaved:
    serial: int
    video: int
    path: str
    shape: tuple[int, ...]
    type: Literal["latentsSaved"] = "latentsSaved"


@dataclass(frozen=True, slots=True)
class VideoError:
    video: int
    error: AppError


@dataclass(frozen=True, slots=True)
class Done:
    """The job finished on this rank. `errors`: videos that failed while the others were made."""

    serial: int
    errors: tuple[VideoError, ...]
    ms_per_step: float  # 0 on a rank that took no part
    peak_memory_bytes: int
    stage_peaks: tuple[StagePeak, ...]
    text_encoder: TextEncoderPolicy
    kernel: Kernel
    notices: tuple[str, ...] = ()  # sentences on kernels that did not run, each once per engine
    type: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job ended here without a result. `error` is None after a cancel; `shared`: every rank stops with it."""

    serial: int
    error: AppError | None
    shared: bool
    type: Literal["stopped"] = "stopped"


JobEvent: TypeAlias = Progress | Loaded | Preview | MayPublish | Published | LatentsSaved | Done | Stopped
RankEvent: TypeAlias = RankHeartbeat | Joined | JoinFailed | JobEvent

_COMMANDS: Final[dict[str, type[RankCommand]]] = {"join": Join, "run": Run, "cancel": Cancel, "publish": Publish}
_EVENTS: Final[dict[str, type[RankEvent]]] = {
    "heartbeat": RankHeartbeat,
    "joined": Joined,
    "joinFailed": JoinFailed,
    "progress": Progress,
    "loaded": Loaded,
    "preview": Preview,
    "mayPublish": MayPublish,
    "published": Published,
    "latentsSaved": LatentsSaved,
    "done": Done,
    "stopped": Stopped,
}


class Channel:
    """Sends whole messages from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = Lock()

    def send(self, message: RankCommand | RankEvent) -> None:
        """Raises OSError when the other side has closed."""
        line = json.dumps(wire.to_wire(message), separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


def read_commands(stream: BinaryIO) -> Iterator[RankCommand]:
    for line in stream:
        message = json.loads(line)
        yield wire.from_wire(_COMMANDS[message["type"]], message)


def read_events(stream: BinaryIO) -> Iterator[RankEvent]:
    for line in stream:
        message = json.loads(line)
        yield wire.from_wire(_EVENTS[message["type"]], message)
