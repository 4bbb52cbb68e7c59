"""One run of a job on one rank, with our engine or plain diffusers, measured in the same way."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import CogVideoXPipeline

from splitreel.bench.job_file import writing_to
from splitreel.bench.plain import dtype_of, plain_pipeline
from splitreel.bench.step_clock import StepClock
from splitreel.bench.step_split import ProfilingClock
from splitreel.bench.world import RankContext
from splitreel.contract.types import Plan, Quality, Stage
from splitreel.engine.api import EngineJob, LoadOptions
from splitreel.rules.step_schedule import reused_steps


@dataclass(frozen=True, slots=True)
class Run:
    """What to run. `model`: a folder. `dtype`: as in LoadOptions."""

    model: Path
    job: EngineJob
    plan: Plan = field(default_factory=Plan)
    dtype: str = "auto"
    fused: bool = True
    variant: str = ""  # for other libraries: what is enabled
    file: Path | None = None  # where to write the video; None: don't write it


@dataclass(frozen=True, slots=True)
class Measured:
    """One rank's figures. `step_s` excludes the first step, in which kernels are chosen and groups connect."""

    load_s: float
    step_s: float
    denoise_s: float
    decode_s: float
    denoise_peak_bytes: int  # 0 on the CPU
    decode_peak_bytes: int
    sent_bytes_per_step: int
    waited_s_per_step: float
    latents_BFCHW: npt.NDArray[np.float32] | None  # only on the writer
    kernel: str = ""  # of attention
    file_s: float = 0.0  # from the request to the file, if one is written
    reused_steps: int = 0
    split_ms: dict[str, float] = field(default_factory=dict)  # one step's time, by what the device does


def run_engine(context: RankContext, run: Run) -> Measured | None:
    """Runs on every rank. Returns None on ranks outside the plan."""
    clock = ProfilingClock(context.device) if run.variant == "split" else StepClock(context.device)
    quantized = run.job.quality is not Quality.EXACT
    options = LoadOptions(dtype=run.dtype, fused=run.fused, quantized=quantized)
    load = context.engine.load(run.model, run.plan, options, clock)
    began = time.perf_counter()
    with writing_to(run.file, run.job, clock):
        report = context.engine.generate(run.job, run.plan, clock)
    file_s = time.perf_counter() - began if run.file is not None else 0.0
    if not report.took_part:
        return None
    for outcome in report.outcomes:
        if outcome.error is not None:
            raise RuntimeError(outcome.error.message)
    denoising, decoding = report.stages[Stage.DENOISING.value], report.stages[Stage.DECODING.value]
    return Measured(
        load.seconds,
        clock.step_s,
        clock.seconds(Stage.DENOISING),
        clock.seconds(Stage.DECODING),
        denoising.peak_device_bytes,
        decoding.peak_device_bytes,
        max(report.bytes_sent_per_step),
        denoising.seconds_waiting / run.job.num_inference_steps,
        clock.latents_BFCHW,
        report.kernel.value,
        file_s,
        reused_steps(run.job.num_inference_steps) if run.job.quality is Quality.FAST else 0,
        clock.split_ms if isinstance(clock, ProfilingClock) else {},
    )


@torch.no_grad()
def run_plain(context: RankContext, run: Run) -> Measured | None:
    """Runs diffusers' own pipeline and transformer on the first rank. The other ranks return None.

    With the variant `compiled` each block is compiled by torch, as diffusers' documentation advises.
    """
    context.engine.unload()
    if context.rank != 0:
        return None
    began = time.perf_counter()
    pipeline = plain_pipeline(run.model, dtype_of(run.dtype, context.device), context.device, context.open_tensors)
    if run.variant == "compiled":
        for block in pipeline.transformer.transformer_blocks:
            block.compile()
    measured = measure_pipeline(pipeline, run.job, StepClock(context.device), time.perf_counter() - began)
    # Frees the memory before the engine loads its next model.
    del pipeline
    gc.collect()
    return measured


def measure_pipeline(pipeline: CogVideoXPipeline, job: EngineJob, clock: StepClock, load_s: float) -> Measured:
    """Runs any pipeline with diffusers' interface stage by stage: encode, denoise, decode by tiles."""
    device = pipeline._execution_device
    video, is_cuda = job.videos[0], device.type == "cuda"

    def peak() -> int:
        bytes_: int = torch.cuda.max_memory_allocated(device) if is_cuda else 0
        if is_cuda:
            torch.cuda.reset_peak_memory_stats(device)
        return bytes_

    def after_step(
        _pipe: object, _index: int, _time: object, tensors: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        clock.mark(Stage.DENOISING)
        return tensors

    positive, negative = pipeline.encode_prompt(
        video.prompt,
        video.negative_prompt,
        do_classifier_free_guidance=job.guidance_scale > 1,
        max_sequence_length=pipeline.transformer.config.max_text_seq_length,
        device=device,
        dtype=pipeline.transformer.dtype,
    )
    peak()
    clock.mark(Stage.DENOISING)
    latents = pipeline(
        prompt_embeds=positive,
        negative_prompt_embeds=negative,
        width=job.width,
        height=job.height,
        num_frames=job.num_frames,
        num_inference_steps=job.num_inference_steps,
        guidance_scale=job.guidance_scale,
        use_dynamic_cfg=job.use_dynamic_cfg,
        generator=torch.Generator("cpu").manual_seed(video.seed),
        max_sequence_length=pipeline.transformer.config.max_text_seq_length,
        callback_on_step_end=after_step,
        output_type="latent",
    ).frames
    clock.mark(Stage.DENOISING)
    denoise_peak = peak()
    decode_s = 0.0
    if isinstance(latents, torch.Tensor):
        began = time.perf_counter()
        frames = pipeline.decode_latents(latents)
        pipeline.video_processor.postprocess_video(video=frames, output_type="np")
        decode_s = time.perf_counter() - began
        clock.latents(0, latents.float().cpu())
    return Measured(
        load_s,
        clock.step_s,
        clock.seconds(Stage.DENOISING),
        decode_s,
        denoise_peak,
        peak(),
        0,
        0.0,
        clock.latents_BFCHW,
    )


def relative(found: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> float:
    """Norm of the difference relative to the norm of `expected`."""
    return float(np.linalg.norm(found.astype(np.float64) - expected) / np.linalg.norm(expected.astype(np.float64)))
