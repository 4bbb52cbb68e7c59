"""One job on one rank, in the order of its stages."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch
from diffusers import CogVideoXImageToVideoPipeline
from PIL import Image

from splitreel.contract.errors import SplitreelError, UnsharedError
from splitreel.engine.api import EngineJob, EngineReport, Hooks, Stage, VideoOutcome
from splitreel.engine.context import EngineContext
from splitreel.engine.decoding import decode_video
from splitreel.engine.loaded_model import LoadedModel
from splitreel.engine.memory_control import choose_text_encoder_policy, memory_advice, memory_failure, memory_job
from splitreel.engine.offload import TextEncoderPolicy
from splitreel.engine.pipefusion import PipeFusion, PipeFusionInputs, StepResult
from splitreel.models.cogvideox.decoder import ParallelDecoder
from splitreel.models.cogvideox.image_encoder import ParallelImageEncoder
from splitreel.models.cogvideox.inputs import SamplingParams, prepare_inputs
from splitreel.models.loading import bytes_of, scheduler
from splitreel.parallel.agreement import Agreement, DeferredCancel
from splitreel.parallel.groups import REPLICA, Mesh

T = TypeVar("T")


class JobRun:
    """The stages of each video, of those that this rank's replica makes."""

    def __init__(self, loaded: LoadedModel, job: EngineJob, mesh: Mesh, context: EngineContext, hooks: Hooks) -> None:
        self._loaded = loaded
        self._pipeline = loaded.pipeline
        self._placement = loaded.placement
        self._memory_job = memory_job(job, loaded.options, self._pipeline.transformer.dtype)
        self._job = job
        self._mesh = mesh
        self._context = context
        self._hooks = hooks
        self._replica = Agreement(mesh[REPLICA].handle, mesh[REPLICA].size)
        self._meter = context.meter
        self._steps: list[float] = []
        self._sent: list[int] = []
        self._sent_before = 0
        self._is_approximate = False

    def all_videos(self) -> EngineReport:
        outcomes = [
            self._video(video)
            for video in range(len(self._job.videos))
            if video % self._mesh.plan.dp == self._mesh.replica
        ]
        return EngineReport(
            True,
            tuple(outcomes),
            self._meter.take(),
            tuple(self._steps),
            tuple(self._sent),
            self._is_approximate,
            self._placement.text_encoder_policy,
            self._job.kernel,
        )

    @torch.no_grad()
    def _video(self, video: int) -> VideoOutcome:
        """Makes one video with the replica's ranks. A failure that all share is its outcome; a cancel is raised."""
        writer = self._mesh[REPLICA].ranks[0]
        try:
            text = self._stage(Stage.ENCODING, lambda: self._encode(video))
            latents = self._stage(Stage.DENOISING, lambda: self._denoise(video, text))
            self._stage(Stage.DECODING, lambda: self._decode(video, latents))
        except UnsharedError:
            raise
        except SplitreelError as error:
            return VideoOutcome(video, writer, error.code, dict(error.params))
        return VideoOutcome(video, writer)

    def _stage(self, stage: Stage, do: Callable[[], T]) -> T:
        try:
            with self._meter.stage(stage):
                return do()
        except RuntimeError as error:
            failure = memory_failure(error, self._context.device, self._context.rank, stage, self._advice)
            if failure is None:
                raise
            # Others of the replica may be waiting in a collective for this rank, and would for minutes.
            raise (failure if self._mesh[REPLICA].size == 1 else UnsharedError.of(failure)) from error

    def _measured(self, video: int, stage: Stage) -> None:
        self._hooks.memory_measured(video, stage, self._meter.peak_now())

    def _advice(self) -> str:
        return memory_advice(
            self._loaded.folder,
            self._memory_job,
            self._mesh.plan,
            self._context.memory_budget,
            device_count=self._context.world_size,
            video_count=len(self._job.videos),
        )

    def _text_encoder_policy(self) -> TextEncoderPolicy:
        return choose_text_encoder_policy(
            self._loaded.memory_shape,
            self._memory_job,
            self._mesh.plan,
            self._context.memory_budget,
            bytes_of(self._pipeline.text_encoder),
        )

    def _encode(self, video: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Embeddings (1, T, D) of the prompt and, with guidance, of the negative prompt. Each rank makes its own."""
        asked = self._job.videos[video]
        is_guided = self._job.guidance_scale > 1
        self._hooks.stage_started(video, Stage.ENCODING, 2 if is_guided else 1)
        self._replica.raise_if_any(self._hooks.cancel_requested())
        with self._placement.text_encoder(self._text_encoder_policy):
            positive, negative = self._pipeline.encode_prompt(
                asked.prompt,
                asked.negative_prompt,
                do_classifier_free_guidance=is_guided,
                max_sequence_length=self._pipeline.transformer.config.max_text_seq_length,
                device=self._context.device,
                dtype=self._pipeline.transformer.dtype,
            )
        self._hooks.stage_progressed(video, Stage.ENCODING, 2 if is_guided else 1)
        self._measured(video, Stage.ENCODING)
        self._hooks.stage_finished(video, Stage.ENCODING)
        return positive, negative

    def _denoise(self, video: int, text: tuple[torch.Tensor, torch.Tensor | None]) -> torch.Tensor:
        """Latents (1, F, C, H, W) after the last step, equal on every rank of the replica."""
        job, pipeline = self._job, self._pipeline
        pipeline.scheduler = scheduler(self._loaded.folder, job.scheduler)
        self._hooks.stage_started(video, Stage.DENOISING, job.num_inference_steps)
        self._sent_before = self._context.traffic.bytes_sent
        latents = self._denoise_in_stages(video, text) if self._mesh.plan.pp > 1 else self._denoise_whole(video, text)
        self._measured(video, Stage.DENOISING)
        self._hooks.stage_finished(video, Stage.DENOISING)
        # CogVideoX 1.5 pads at the front to a multiple of its temporal patch; that is not part of the video.
        frames = (job.num_frames - 1) // pipeline.vae_scale_factor_temporal + 1
        return latents[:, latents.shape[1] - frames :]

    def _denoise_whole(self, video: int, text: tuple[torch.Tensor, torch.Tensor | None]) -> torch.Tensor:
        """By the pipeline's own loop: each rank runs the whole scheduler, only the transformer is cut."""
        job, asked, pipeline = self._job, self._job.videos[video], self._pipeline
        began = time.perf_counter()

        def after_step(
            _pipe: object, index: int, _time: object, tensors: dict[str, torch.Tensor]
        ) -> dict[str, torch.Tensor]:
            nonlocal began
            self._report_step(video, StepResult(index, time.perf_counter() - began, tensors["latents"]))
            self._replica.raise_if_any(self._hooks.cancel_requested())
            began = time.perf_counter()
            return tensors

        extra: dict[str, object] = {}
        picture = self._picture(video)
        if picture is not None:
            extra["image"] = picture
        latents: torch.Tensor = self._piped(
            prompt_embeds=text[0],
            negative_prompt_embeds=text[1],
            width=job.width,
            height=job.height,
            num_frames=job.num_frames,
            num_inference_steps=job.num_inference_steps,
            guidance_scale=job.guidance_scale,
            use_dynamic_cfg=job.use_dynamic_cfg,
            generator=torch.Generator("cpu").manual_seed(asked.seed),
            max_sequence_length=pipeline.transformer.config.max_text_seq_length,
            callback_on_step_end=after_step,
            output_type="latent",
            **extra,
        ).frames
        return latents

    def _denoise_in_stages(self, video: int, text: tuple[torch.Tensor, torch.Tensor | None]) -> torch.Tensor:
        """By PipeFusion, whose loop is its own: a patch may be a step ahead of another."""
        job, pipeline, cfg = self._job, self._pipeline, self._mesh["cfg"]
        asked = SamplingParams(
            width=job.width,
            height=job.height,
            num_frames=job.num_frames,
            num_inference_steps=job.num_inference_steps,
            guidance_scale=job.guidance_scale,
            use_dynamic_cfg=job.use_dynamic_cfg,
            picture=self._picture(video),
            generator=torch.Generator("cpu").manual_seed(job.videos[video].seed),
        )
        with self._shared_encode().in_place_of_the_vaes():
            start = prepare_inputs(pipeline, asked, text[0].dtype, self._context.device)
        given = text[0] if text[1] is None else torch.cat([text[1], text[0]])
        patches = job.num_pipeline_patch or self._mesh.plan.pp
        flow = PipeFusionInputs(asked, start, given.chunk(cfg.size)[cfg.index], patches, job.warmup_steps)
        stop = DeferredCancel(self._mesh[REPLICA].handle, self._hooks.cancel_requested)
        run = PipeFusion(pipeline, self._loaded.split, flow, stop)
        self._is_approximate = self._is_approximate or run.is_approximate
        with self._placement.transformer():
            return run.run(lambda step: self._report_step(video, step))

    def _report_step(self, video: int, step: StepResult) -> None:
        job, sent = self._job, self._context.traffic.bytes_sent
        self._steps.append(step.seconds)
        self._sent.append(sent - self._sent_before)
        self._sent_before = sent
        self._hooks.stage_progressed(video, Stage.DENOISING, step.number + 1)
        if step.number + 1 in job.preview_steps and self._mesh.is_writer and step.latents is not None:
            with self._placement.vae():
                picture = self._loaded.family.preview(self._pipeline.vae, step.latents)
            self._hooks.preview(video, step.number + 1, picture)

    def _picture(self, video: int) -> Image.Image | None:
        """The picture that the video starts from, where this is such a model."""
        if not isinstance(self._pipeline, CogVideoXImageToVideoPipeline):
            return None
        file = self._job.videos[video].image
        assert file is not None
        with Image.open(file) as picture:
            return picture.convert("RGB")

    def _shared_encode(self) -> ParallelImageEncoder:
        vae, group = self._pipeline.vae, self._mesh[REPLICA]
        return ParallelImageEncoder(vae, group, self._context.traffic, self._replica, self._placement.vae)

    def _piped(self, **arguments: object) -> Any:
        """The pipeline's run; a picture that it starts from is encoded by all ranks of the replica."""
        with self._placement.transformer(), self._shared_encode().in_place_of_the_vaes():
            return self._pipeline(**arguments)

    def _decode(self, video: int, latents: torch.Tensor) -> None:
        hooks, is_writer = self._hooks, self._mesh.is_writer
        self._replica.together(lambda: hooks.latents(video, latents.float().cpu()) if is_writer else None)
        shared = ParallelDecoder(self._pipeline.vae, latents, self._mesh[REPLICA], self._context.traffic)
        with self._placement.vae():
            measured = partial(self._measured, video, Stage.DECODING)
            decode_video(video, shared, hooks, self._replica, measured, is_writer=is_writer)
