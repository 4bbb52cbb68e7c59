"""The talk between the app and the supervisor, as in src/shared/protocol.ts.

Newline-delimited JSON: commands on stdin, events on file descriptor 3. resources/golden/protocol.json has one
example of each message, which both sides parse.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from splitreel.contract import wire
from splitreel.contract.device import Device
from splitreel.contract.errors import AppError, Reason
from splitreel.rules.plan import Plan

PROTOCOL_VERSION: Final = 1
EVENT_FD: Final = 3
# A longer line is a fault, not a message; it bounds what a broken app can make the supervisor hold.
MAX_LINE_BYTES: Final = 1_048_576
HEARTBEAT_INTERVAL_S: Final = 1.0
_MAX_DEGREE: Final = 64


class Stage(StrEnum):
    STARTING = "starting"  # counts ranks
    LOADING = "loading"  # bytes
    ENCODING = "encoding"  # prompts
    DENOISING = "denoising"  # steps
    DECODING = "decoding"  # tiles
    WRITING = "writing"  # frames


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """The settings of a video that do not depend on which video of the job it is."""

    width: int
    height: int
    num_frames: int
    num_inference_steps: int
    guidance_scale: float
    use_dynamic_cfg: bool
    scheduler: Literal["model", "ddim", "dpm"]
    offload: Literal["none", "model", "sequential"]
    attention: Literal["sdpa", "cudnn", "flash", "flash3", "sage"]
    num_pipeline_patch: int
    warmup_steps: int


@dataclass(frozen=True, slots=True)
class WorkerVideo:
    """`output_path` is absolute; the whole file appears there at once and never replaces one that is there."""

    prompt: str
    negative_prompt: str
    seed: int
    image_path: str | None
    output_path: str


@dataclass(frozen=True, slots=True)
class StartJob:
    job_id: str
    model_id: str
    model_path: str
    settings: VideoSettings
    videos: tuple[WorkerVideo, ...]
    plan: Plan
    devices: tuple[Device, ...]  # one for each rank
    preview_folder: str | None
    type: Literal["startJob"] = "startJob"


@dataclass(frozen=True, slots=True)
class CancelJob:
    job_id: str
    type: Literal["cancelJob"] = "cancelJob"


@dataclass(frozen=True, slots=True)
class Unload:
    type: Literal["unload"] = "unload"


@dataclass(frozen=True, slots=True)
class CountTokens:
    request_id: str
    model_path: str
    text: str
    type: Literal["countTokens"] = "countTokens"


@dataclass(frozen=True, slots=True)
class Shutdown:
    type: Literal["shutdown"] = "shutdown"


Command: TypeAlias = StartJob | CancelJob | Unload | CountTokens | Shutdown

_COMMANDS: Final[dict[str, type[Command]]] = {
    "startJob": StartJob,
    "cancelJob": CancelJob,
    "unload": Unload,
    "countTokens": CountTokens,
    "shutdown": Shutdown,
}


@dataclass(frozen=True, slots=True)
class StageReport:
    stage: Stage
    duration_ms: float


@dataclass(frozen=True, slots=True)
class StagePeak:
    """Of the GPU's memory; on the CPU, of the process's resident set."""

    stage: Stage
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class RankReport:
    rank: int
    device: Device
    peak_memory_bytes: int
    stages: tuple[StagePeak, ...]
    text_encoder: Literal["kept", "offloaded", "freed"]  # what became of it once it had run
    kernel: str  # the attention kernel that ran


@dataclass(frozen=True, slots=True)
class JobReport:
    total_ms: float
    ms_per_step: float
    weight_bytes_read: int  # 0 when the engine was warm
    stages: tuple[StageReport, ...]
    ranks: tuple[RankReport, ...]


@dataclass(frozen=True, slots=True)
class RunningRank:
    rank: int
    pid: int
    device: Device


@dataclass(frozen=True, slots=True)
class Ready:
    pid: int
    versions: dict[str, str]
    type: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    type: Literal["heartbeat"] = "heartbeat"


@dataclass(frozen=True, slots=True)
class EngineStateChanged:
    """`cold`: no ranks. `warm`: ranks with this model loaded. `busy`: with a job."""

    state: Literal["importing", "cold", "warm", "busy"]
    model_id: str | None
    ranks: tuple[RunningRank, ...]
    type: Literal["engineStateChanged"] = "engineStateChanged"


@dataclass(frozen=True, slots=True)
class JobStarted:
    job_id: str
    type: Literal["jobStarted"] = "jobStarted"


@dataclass(frozen=True, slots=True)
class StageStarted:
    job_id: str
    video: int
    stage: Stage
    total: int
    type: Literal["stageStarted"] = "stageStarted"


@dataclass(frozen=True, slots=True)
class StageProgressed:
    job_id: str
    video: int
    stage: Stage
    completed: int
    total: int
    elapsed_ms: float
    type: Literal["stageProgressed"] = "stageProgressed"


@dataclass(frozen=True, slots=True)
class StageFinished:
    job_id: str
    video: int
    stage: Stage
    duration_ms: float
    type: Literal["stageFinished"] = "stageFinished"


@dataclass(frozen=True, slots=True)
class RankProgressed:
    """One lane per rank: what it has done of the stage it is in."""

    job_id: str
    rank: int
    stage: Stage
    completed: int
    total: int
    type: Literal["rankProgressed"] = "rankProgressed"


@dataclass(frozen=True, slots=True)
class PreviewMade:
    job_id: str
    video: int
    step: int
    path: str
    type: Literal["previewMade"] = "previewMade"


@dataclass(frozen=True, slots=True)
class VideoFinished:
    """The file is whole and in its place."""

    job_id: str
    video: int
    path: str
    type: Literal["videoFinished"] = "videoFinished"


@dataclass(frozen=True, slots=True)
class VideoFailed:
    job_id: str
    video: int
    error: AppError
    type: Literal["videoFailed"] = "videoFailed"


@dataclass(frozen=True, slots=True)
class JobFinished:
    """Exactly one of JobFinished, JobFailed and JobCancelled ends a job."""

    job_id: str
    report: JobReport
    type: Literal["jobFinished"] = "jobFinished"


@dataclass(frozen=True, slots=True)
class JobFailed:
    job_id: str
    error: AppError
    type: Literal["jobFailed"] = "jobFailed"


@dataclass(frozen=True, slots=True)
class JobCancelled:
    job_id: str
    type: Literal["jobCancelled"] = "jobCancelled"


@dataclass(frozen=True, slots=True)
class TokensCounted:
    request_id: str
    tokens: int
    max: int
    type: Literal["tokensCounted"] = "tokensCounted"


@dataclass(frozen=True, slots=True)
class RequestFailed:
    request_id: str
    error: AppError
    type: Literal["requestFailed"] = "requestFailed"


@dataclass(frozen=True, slots=True)
class KernelState:
    """An attention kernel on this machine; `reason`: why it cannot be chosen, None where it can."""

    kernel: str
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class KernelsFound:
    """Sent after Ready, and again when a trial has shown something new."""

    kernels: tuple[KernelState, ...]
    type: Literal["kernelsFound"] = "kernelsFound"


@dataclass(frozen=True, slots=True)
class Logged:
    level: Literal["info", "warning", "error"]
    message: str
    type: Literal["logged"] = "logged"


Event: TypeAlias = (
    Ready
    | Heartbeat
    | EngineStateChanged
    | JobStarted
    | StageStarted
    | StageProgressed
    | StageFinished
    | RankProgressed
    | PreviewMade
    | VideoFinished
    | VideoFailed
    | JobFinished
    | JobFailed
    | JobCancelled
    | TokensCounted
    | RequestFailed
    | KernelsFound
    | Logged
)


@dataclass(frozen=True, slots=True)
class VideoMetadataRequest:
    """The request of one video, as generateRequestSchema has it."""

    model_id: str
    prompt: str
    negative_prompt: str
    image_path: str | None
    seed: int
    video_count: int
    width: int
    height: int
    num_frames: int
    num_inference_steps: int
    guidance_scale: float
    use_dynamic_cfg: bool
    scheduler: Literal["model", "ddim", "dpm"]
    offload: Literal["none", "model", "sequential"]
    attention: Literal["sdpa", "cudnn", "flash", "flash3", "sage"]
    num_pipeline_patch: int
    warmup_steps: int


@dataclass(frozen=True, slots=True)
class MetadataModel:
    id: str
    fingerprint: str  # sha256 over names and sizes of the weights and the bytes of the configs


@dataclass(frozen=True, slots=True)
class MetadataReport:
    """What is known of a job when one of its videos is written."""

    total_ms: float
    ms_per_step: float
    weight_bytes_read: int
    stages: tuple[StageReport, ...]
    peaks: tuple[StagePeak, ...] = ()  # of the rank that wrote it


@dataclass(frozen=True, slots=True)
class VideoMetadata:
    """The JSON in the MP4's `comment` tag: all that is needed to make the video again."""

    request: VideoMetadataRequest
    plan: Plan
    approximate: bool
    model: MetadataModel
    versions: dict[str, str]
    devices: tuple[Device, ...]  # what the video was made on, one for each rank
    dtype: str
    created_at: str
    report: MetadataReport | None = field(default=None)
    splitreel: Literal[1] = 1


def parse_command(line: str | bytes) -> Command:
    """Raises ValueError with what is wrong."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a command is a JSON object")  # noqa: TRY004 - one kind of error for all bad input
    kind = _COMMANDS.get(str(message.get("type")))
    if kind is None:
        raise ValueError(f"unknown command {str(message.get('type'))[:40]}")
    command = wire.from_wire(kind, message)
    if isinstance(command, StartJob):
        if not command.videos:
            raise ValueError("videos: expected at least one")
        if not command.devices:
            raise ValueError("devices: expected at least one")
        if len({device.kind for device in command.devices}) > 1:
            raise ValueError("devices: expected one kind")
        if not all(1 <= degree <= _MAX_DEGREE for degree in command.plan.degrees):
            raise ValueError(f"plan: expected degrees of 1 to {_MAX_DEGREE}")
    return command


def event_line(event: Event, seq: int) -> bytes:
    payload = wire.to_wire(event)
    assert isinstance(payload, dict)
    text = json.dumps({"v": PROTOCOL_VERSION, "seq": seq, **payload}, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
