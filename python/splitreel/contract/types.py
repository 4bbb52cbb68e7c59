"""Types that messages, metadata and rules share.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from splitreel.contract.behavior import DeviceText, PlanProperties
from splitreel.contract.bounds import Bounds


class Stage(StrEnum):
    """Stages of a video. They count ranks, bytes, kernels, prompts, denoising steps, tiles and frames."""

    STARTING = "starting"
    LOADING = "loading"
    OPTIMIZING = "optimizing"
    ENCODING = "encoding"
    DENOISING = "denoising"
    DECODING = "decoding"
    WRITING = "writing"


class Scheduler(StrEnum):
    """`model`: the one in the model's folder. The others replace it, `dpm` with trailing timesteps."""

    MODEL = "model"
    DDIM = "ddim"
    DPM = "dpm"


class Offload(StrEnum):
    """Where weights wait while another stage runs.

    `model`: one of text encoder, transformer and VAE is on the device. `sequential`: also one transformer block at a
    time.
    """

    NONE = "none"
    MODEL = "model"
    SEQUENTIAL = "sequential"


class Kernel(StrEnum):
    """Attention kernels.

    `auto` is the fastest that is right on the machine. All others but SDPA need CUDA; the last two need a package of
    their own.
    """

    AUTO = "auto"
    SDPA = "sdpa"
    CUDNN = "cudnn"
    FLASH = "flash"
    FLASH3 = "flash3"
    FLASH4 = "flash4"


class ImageFit(StrEnum):
    """How an image of another shape becomes the first frame.

    `crop`: it fills the frame, and what is over is cut off. `fit`: all of it is seen, between black bars. `stretch`:
    both sides are scaled for themselves, as diffusers does.
    """

    CROP = "crop"
    FIT = "fit"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA file that is merged into the transformer."""

    path: str  # absolute
    sha256: str  # of the file when it was chosen; another content is refused
    strength: float


class TextEncoderPolicy(StrEnum):
    """What happens to the text encoder once it has run."""

    KEPT = "kept"
    OFFLOADED = "offloaded"
    FREED = "freed"


@dataclass(frozen=True, slots=True)
class Device(DeviceText):
    """A GPU, or a share of the CPU, that a rank runs on. Its text is made where it is shown."""

    kind: Literal["cpu", "cuda"]
    index: int  # a GPU's position in PCI order, as in nvidia-smi; on a CPU, the number of the rank
    uuid: str | None  # the same for CUDA and nvidia-smi, which may number GPUs differently
    name: str  # `NVIDIA H200`, or `CPU`


@dataclass(frozen=True, slots=True)
class Plan(PlanProperties):
    """Degrees of parallelism. Ranks are numbered in this order, dp outermost and tp innermost."""

    dp: Annotated[int, Bounds(1, 64)] = 1
    cfg: Annotated[int, Bounds(1, 64)] = 1
    pp: Annotated[int, Bounds(1, 64)] = 1
    ring: Annotated[int, Bounds(1, 64)] = 1
    ulysses: Annotated[int, Bounds(1, 64)] = 1
    tp: Annotated[int, Bounds(1, 64)] = 1


class Quality(StrEnum):
    """`balanced` holds the large layers in float8: half the memory, faster where the GPU multiplies float8.

    `fast` also reuses the last result for steps that are predicted to change little. Both videos differ slightly from
    the exact one.
    """

    EXACT = "exact"
    BALANCED = "balanced"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Everything that the frames depend on except the prompt, the image and the seed."""

    width: int
    height: int
    num_frames: int
    num_inference_steps: int = 50
    guidance_scale: float = 6.0
    use_dynamic_cfg: bool = True
    scheduler: Scheduler = Scheduler.MODEL
    offload: Offload = Offload.NONE
    attention: Kernel = Kernel.AUTO
    quality: Quality = Quality.EXACT
    num_pipeline_patch: int = 4  # PipeFusion: patches that the image tokens are divided into
    warmup_steps: int = 1  # PipeFusion: first steps that run in full, before stale values are used
    fps: int = 8  # frames per second of the file
    image_fit: ImageFit = ImageFit.CROP
    # `crop`: which part stays, from 0 (left or top) to 1 (right or bottom) along the side that is cut
    image_position: float = 0.5
    loras: tuple[Lora, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest(SamplingParams):
    """One request of the form: the settings and what they are applied to."""

    model_id: str
    prompt: str
    rewritten_from: str | None = None  # the prompt as the person wrote it, before it was rewritten; null if it was not
    negative_prompt: str
    image_path: str | None  # absolute path of the first frame, for image to video
    seed: int | float
    video_count: int  # videos of this prompt, with seeds seed, seed + 1, ...
