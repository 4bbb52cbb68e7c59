"""Messages between the app and the supervisor: newline-delimited JSON, commands on stdin, events on EVENT_FD.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from splitreel.contract.bounds import Bounds
from splitreel.contract.errors import AppError, Reason
from splitreel.contract.types import Device, Kernel, Plan, SamplingParams, Stage, TextEncoderPolicy


@dataclass(frozen=True, slots=True)
class StageReport:
    stage: Stage
    duration_ms: float


@dataclass(frozen=True, slots=True)
class StagePeak:
    """Peak of the GPU's memory; on a CPU, of the process's resident set."""

    stage: Stage
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class RankReport:
    rank: int
    device: Device
    peak_memory_bytes: int
    stages: tuple[StagePeak, ...]
    text_encoder: TextEncoderPolicy
    kernel: Kernel


@dataclass(frozen=True, slots=True)
class JobReport:
    total_ms: float
    ms_per_step: float
    weight_bytes_read: int  # from disk; 0 when the engine was warm
    stages: tuple[StageReport, ...]
    ranks: tuple[RankReport, ...]
    notices: tuple[str, ...] = ()  # sentences on kernels that did not run; each once per engine


@dataclass(frozen=True, slots=True)
class KernelState:
    """An attention kernel on this machine. `reason`: why it cannot be chosen, null where it can."""

    kernel: Kernel
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class WorkerVideo:
    """One video of a job. The whole file appears at `outputPath` at once, and never replaces another."""

    prompt: str
    negative_prompt: str
    seed: int
    image_path: str | None
    output_path: str  # absolute
    rewritten_from: str | None = None  # only for the metadata


@dataclass(frozen=True, slots=True)
class RunningRank:
    rank: int
    pid: int
    device: Device


@dataclass(frozen=True, slots=True)
class StartJob:
    job_id: str
    model_id: str
    model_path: str
    settings: SamplingParams
    videos: Annotated[tuple[WorkerVideo, ...], Bounds(1, None)]
    plan: Plan
    devices: Annotated[tuple[Device, ...], Bounds(1, 64)]  # one for each rank
    preview_folder: str | None  # for JPEG previews; null for none
    type: Literal["startJob"] = "startJob"


@dataclass(frozen=True, slots=True)
class CancelJob:
    job_id: str
    type: Literal["cancelJob"] = "cancelJob"


@dataclass(frozen=True, slots=True)
class Unload:
    """Ends the ranks and frees everything that they hold. The next job starts cold."""

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

COMMANDS: Final[dict[str, type[Command]]] = {
    "startJob": StartJob,
    "cancelJob": CancelJob,
    "unload": Unload,
    "countTokens": CountTokens,
    "shutdown": Shutdown,
}


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
    """`cold`: no ranks. `warm`: ranks with this model loaded. `busy`: ranks with a job."""

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
    """What one rank has done of its current stage."""

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
    """The file is whole and has its name."""

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
    """Exactly one of JobFinished, JobFailed and JobCanceled ends a job."""

    job_id: str
    report: JobReport
    type: Literal["jobFinished"] = "jobFinished"


@dataclass(frozen=True, slots=True)
class JobFailed:
    job_id: str
    error: AppError
    type: Literal["jobFailed"] = "jobFailed"


@dataclass(frozen=True, slots=True)
class JobCanceled:
    job_id: str
    type: Literal["jobCanceled"] = "jobCanceled"


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
class KernelsFound:
    """Sent after Ready, and again after each job, which may have tried kernels."""

    kernels: tuple[KernelState, ...]
    has_own_kernels: bool  # Splitreel's own kernels for blocks and the VAE run here, as far as is known.
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
    | JobCanceled
    | TokensCounted
    | RequestFailed
    | KernelsFound
    | Logged
)

EVENTS: Final[dict[str, type[Event]]] = {
    "ready": Ready,
    "heartbeat": Heartbeat,
    "engineStateChanged": EngineStateChanged,
    "jobStarted": JobStarted,
    "stageStarted": StageStarted,
    "stageProgressed": StageProgressed,
    "stageFinished": StageFinished,
    "rankProgressed": RankProgressed,
    "previewMade": PreviewMade,
    "videoFinished": VideoFinished,
    "videoFailed": VideoFailed,
    "jobFinished": JobFinished,
    "jobFailed": JobFailed,
    "jobCanceled": JobCanceled,
    "tokensCounted": TokensCounted,
    "requestFailed": RequestFailed,
    "kernelsFound": KernelsFound,
    "logged": Logged,
}
