"""The interface between the engine and the rank loop around it: plain data and one protocol, no torch.

Every rank of the world calls `Engine.load` and `Engine.generate` with equal arguments. A rank outside the plan returns
at once and keeps its weights. The engine decides which ranks take part: a warm engine uses each rank for the shard that
it holds.

Failures are `SplitreelError`s and `Canceled`, raised on every rank that took part.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from splitreel.contract.errors import AppError
from splitreel.contract.types import Kernel, Lora, Offload, SamplingParams, Stage, TextEncoderPolicy

if TYPE_CHECKING:
    import numpy as np
    import torch


@dataclass(frozen=True, slots=True)
class VideoJob:
    """One video of a job."""

    prompt: str
    negative_prompt: str
    seed: int
    image: Path | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is encoded for a video. `negative` is None without classifier-free guidance."""

    positive: str
    negative: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineJob(SamplingParams):
    """Everything that the result depends on. Video i goes to dp replica i modulo the number of replicas."""

    videos: tuple[VideoJob, ...]
    preview_steps: frozenset[int] = frozenset()  # 1-based steps after which to show a preview

    def prompt(self, video: int) -> Prompt:
        request = self.videos[video]
        return Prompt(request.prompt, request.negative_prompt if self.guidance_scale > 1 else None)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How weights are held. A change of any of these (or of model, tp, pp) reads weights again."""

    dtype: str = "auto"  # "auto": bfloat16 on CUDA, float32 on the CPU; or either by name
    offload: Offload = Offload.NONE
    quantized: bool = False  # large layers in float8: what the balanced and the fast quality run on
    fused: bool = True  # our own kernels if they run here; False: diffusers' modules
    loras: tuple[Lora, ...] = ()  # merged into the weights while they are read


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What `load` did on this rank."""

    reused: bool  # no weight was read, or only those of the text encoder
    bytes_read: int  # from the model's files, by this rank
    bytes_held: int  # weights of this rank, on device and host together
    transformer_bytes_held: int
    block_bytes_held: int  # of the transformer's blocks alone: what tp and pp divide
    seconds: float


@dataclass(frozen=True, slots=True)
class VideoOutcome:
    """How one video ended, on every rank that took part."""

    video: int
    writer_rank: int
    error: AppError | None = None  # None if it was made
    is_peer_error: bool = False  # another rank knows the cause


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage on one rank, over all videos of the job."""

    seconds: float
    peak_device_bytes: int  # 0 on the CPU
    peak_host_bytes: int  # resident set of the process, in this stage
    bytes_sent: int
    seconds_waiting: float  # in collectives


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What `generate` did on this rank. `outcomes` lists the videos of this rank's replica."""

    took_part: bool
    outcomes: tuple[VideoOutcome, ...]
    stages: dict[str, StageFigures]  # includes loading if weights were read for this job
    bytes_sent_per_step: tuple[int, ...]
    approximate: bool  # weights were in float8, some PipeFusion steps used stale keys and values, or steps were reused
    text_encoder: TextEncoderPolicy  # what happened to it after use
    kernel: Kernel  # the attention kernel that ran
    notices: tuple[str, ...] = ()  # sentences on kernels that did not run, each once per engine


class Hooks(Protocol):
    """What the engine calls while it works, always on its own thread. Only `video_written` may block for long."""

    def stage_started(self, video: int, stage: Stage, total: int) -> None: ...
    def stage_progressed(self, video: int, stage: Stage, completed: int) -> None: ...
    def stage_finished(self, video: int, stage: Stage) -> None: ...

    def memory_measured(self, video: int, stage: Stage, peak_bytes: int) -> None:
        """The stage's peak on this rank: of its GPU, or of the process on the CPU. Called before frames are written."""
        ...

    def cancel_requested(self) -> bool:
        """Local and cheap. The engine makes all ranks agree on the same step."""
        ...

    def preview(self, video: int, step: int, image_u8_HWC: np.ndarray) -> None:
        """Called on the writer rank only."""
        ...

    def latents(self, video: int, latents_BFCHW: torch.Tensor) -> None:
        """Final latents in float32 on the CPU, without padding frames. Writer rank only, before decoding."""
        ...

    def frame(self, video: int, index: int, frame_u8_HWC: np.ndarray) -> None:
        """Decoded frames, in order, before DECODING finishes. Writer rank only. An exception here fails this video.

        Encoding and writing them continues after this returns, while the engine makes the next video.
        """
        ...

    def video_written(self, video: int) -> None:
        """Returns once the video's file is in place. Writer rank only. An exception here fails this video.

        Called before the first frame of the rank's next video, and at the end of the job.
        """
        ...
