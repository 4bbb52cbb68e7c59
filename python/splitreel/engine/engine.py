"""One rank's engine: a loaded pipeline, the meshes over it, and the run of a job through its stages."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers import CogVideoXImageToVideoPipeline
from PIL import Image

from splitreel.engine.agreement import Agreement
from splitreel.engine.api import (
    EngineJob,
    EngineReport,
    Hooks,
    LoadOptions,
    LoadReport,
    Offload,
    Stage,
    VideoOutcome,
)
from splitreel.engine.decoding import SharedDecode, decode_video, preview_image
from splitreel.engine.encoding import SharedEncode
from splitreel.engine.memory_control import (
    RealRoom,
    Room,
    loading_advice,
    make_places,
    memory_advice,
    memory_failure,
    memory_job,
    text_encoder_fate,
)
from splitreel.engine.memory_meter import StageMeter
from splitreel.engine.offload import Fate, Places
from splitreel.errors import Cancelled, Reason, SplitreelError
from splitreel.kernel_trials import TrialsFile
from splitreel.memory_shape import MemoryShape, read_memory_shape
from splitreel.models.loading import Loaded, load_pipeline, read_again, scheduler, weight_bytes
from splitreel.models.split_transformer import SplitTransformer
from splitreel.models.tensor_files import OpenTensors, open_safetensors
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import REPLICA, Mesh, MeshMaker
from splitreel.parallel.kernels import AttentionKernel, KernelChooser
from splitreel.plan import Plan

T = TypeVar("T")


class Engine:
    """Lives as long as its process and stays warm between jobs.

    The default process group must be initialised (gloo on the CPU, "cpu:gloo,cuda:nccl" on CUDA).
    Raises SplitreelError and Cancelled, on every rank that took part.
    """

    def __init__(
        self,
        *,
        rank: int,
        world_size: int,
        device: torch.device,
        timeout_s: float,
        kernel_trials: Path | None = None,
        open_tensors: OpenTensors = open_safetensors,
        room: Room | None = None,
    ) -> None:
        self.rank = rank
        self.world_size = world_size
        self.device = device
        self.timeout_s = timeout_s
        self._open_tensors = open_tensors
        self._meshes = MeshMaker(rank)
        self._traffic = Traffic()
        self.meter = StageMeter(device, self._traffic)
        self._held: tuple[Path, LoadOptions] | None = None
        self._loaded: Loaded | None = None
        self._split: SplitTransformer | None = None
        self._places: Places | None = None
        self.memory_shape: MemoryShape | None = None
        self.room: Room = room or RealRoom(device)
        self._world = Agreement(None, world_size)
        self._kernels = KernelChooser(device, None if kernel_trials is None else TrialsFile(kernel_trials))

    def load(self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks) -> LoadReport:
        """Collective over all ranks. Reads nothing where the held weights fit."""
        absent = [
            Reason("strategy_absent", {"axis": axis, "degree": degree})
            for axis, degree in (("pp", plan.pp), ("tp", plan.tp))
            if degree > 1
        ]
        if absent:
            raise SplitreelError("PLAN_INVALID", reasons=absent)
        began = time.perf_counter()
        reused = self._held == (model, options)
        if not reused:
            self.unload()
            with self.meter.stage(Stage.LOADING):
                self._read(model, plan, options, hooks)
        return self._load_report(reused, time.perf_counter() - began)

    def _read(self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks) -> None:
        hooks.stage_started(0, Stage.LOADING, weight_bytes(model))

        def progressed(read: int) -> None:
            # Local: ranks need not agree while they read, for none waits for another until all are done.
            if hooks.cancel_requested():
                raise Cancelled
            hooks.stage_progressed(0, Stage.LOADING, read)

        dtype, home = self._dtype(options), torch.device("cpu")
        first_place = self.device if options.offload is Offload.NONE else home

        def read_all() -> None:
            try:
                self._loaded = load_pipeline(model, dtype, first_place, progressed, self._open_tensors)
            except RuntimeError as error:
                advice = partial(loading_advice, model, options, dtype, plan, self.room, device_count=self.world_size)
                failure = memory_failure(error, self.device, self.rank, Stage.LOADING, advice)
                if failure is None:
                    raise
                raise failure from error

        self._world.together(read_all)
        assert self._loaded is not None
        pipeline = self._loaded.pipeline

        def read_text_encoder() -> None:
            read_again(pipeline.text_encoder, model, "text_encoder", dtype, self.device, self._open_tensors)

        self._places = make_places(pipeline, options, self.device, home, read_text_encoder)
        self.memory_shape = read_memory_shape(model)
        self._split = SplitTransformer(pipeline.transformer, self._traffic)
        self._held = (model, options)
        hooks.stage_finished(0, Stage.LOADING)

    def _dtype(self, options: LoadOptions) -> torch.dtype:
        if options.dtype == "auto":
            return torch.bfloat16 if self.device.type == "cuda" else torch.float32
        dtype = getattr(torch, options.dtype)
        assert isinstance(dtype, torch.dtype)
        return dtype

    def _load_report(self, reused: bool, seconds: float) -> LoadReport:
        assert self._loaded is not None
        pipeline = self._loaded.pipeline
        held = [_bytes_of(part) for part in (pipeline.text_encoder, pipeline.transformer, pipeline.vae)]
        blocks = _bytes_of(pipeline.transformer.transformer_blocks)
        return LoadReport(reused, 0 if reused else self._loaded.bytes_read, sum(held), held[1], blocks, seconds)

    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport:
        """Collective over all ranks; those with no place in the plan return at once."""
        mesh = self._meshes.mesh(plan)
        kernel = self._kernel(job, plan)
        if mesh is None:
            return EngineReport(False, (), {}, (), (), False, "kept", job.kernel)
        assert self._split is not None
        assert self._held is not None
        self._split.use(mesh, kernel)
        run = _Run(self, *self._held, job, mesh, hooks)
        try:
            return run.all_videos()
        finally:
            self.meter.take()

    def _kernel(self, job: EngineJob, plan: Plan) -> AttentionKernel:
        """The kernel asked for, compared with SDPA before its first use. What fails on one rank fails on all."""
        transformer = self.pipeline.pipeline.transformer
        chosen: list[AttentionKernel] = []

        def choose() -> None:
            head_dim = transformer.config.attention_head_dim
            dtype = transformer.dtype
            chosen.append(self._kernels.choose(job.kernel.value, dtype, head_dim, with_ring=plan.ring > 1))

        self._world.together(choose)
        return chosen[0]

    def unload(self) -> None:
        """Frees every weight of this rank."""
        self._held = self._loaded = self._split = self._places = None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def pipeline(self) -> Loaded:
        assert self._loaded is not None
        return self._loaded

    @property
    def places(self) -> Places:
        assert self._places is not None
        return self._places

    @property
    def traffic(self) -> Traffic:
        return self._traffic


class _Run:
    """One job on one rank, in the order of its stages."""

    def __init__(
        self, engine: Engine, model: Path, options: LoadOptions, job: EngineJob, mesh: Mesh, hooks: Hooks
    ) -> None:
        self._engine = engine
        self._pipeline = engine.pipeline.pipeline
        self._model = model
        self._places = engine.places
        self._memory_job = memory_job(job, options, self._pipeline.transformer.dtype)
        self._job = job
        self._mesh = mesh
        self._hooks = hooks
        self._replica = Agreement(mesh[REPLICA].handle, mesh[REPLICA].size)
        self._meter = engine.meter
        self._steps: list[float] = []
        self._sent: list[int] = []

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
            False,
            self._places.text_encoder_fate,
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
        except SplitreelError as error:
            return VideoOutcome(video, writer, error.code, dict(error.params))
        return VideoOutcome(video, writer)

    def _stage(self, stage: Stage, do: Callable[[], T]) -> T:
        try:
            with self._meter.stage(stage):
                return do()
        except RuntimeError as error:
            failure = memory_failure(error, self._engine.device, self._engine.rank, stage, self._advice)
            if failure is None:
                raise
            raise failure from error

    def _measured(self, video: int, stage: Stage) -> None:
        self._hooks.memory_measured(video, stage, self._meter.peak_now())

    def _advice(self) -> str:
        engine = self._engine
        return memory_advice(
            self._model,
            self._memory_job,
            self._mesh.plan,
            engine.room,
            device_count=engine.world_size,
            video_count=len(self._job.videos),
        )

    def _fate_of_text_encoder(self) -> Fate:
        return text_encoder_fate(
            self._engine.memory_shape,
            self._memory_job,
            self._mesh.plan,
            self._engine.room,
            _bytes_of(self._pipeline.text_encoder),
        )

    def _encode(self, video: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Embeddings (1, T, D) of the prompt and, with guidance, of the negative prompt. Each rank makes its own."""
        asked = self._job.videos[video]
        is_guided = self._job.guidance_scale > 1
        self._hooks.stage_started(video, Stage.ENCODING, 2 if is_guided else 1)
        self._replica.raise_if_any(self._hooks.cancel_requested())
        with self._places.text_encoder(self._fate_of_text_encoder):
            positive, negative = self._pipeline.encode_prompt(
                asked.prompt,
                asked.negative_prompt,
                do_classifier_free_guidance=is_guided,
                max_sequence_length=self._pipeline.transformer.config.max_text_seq_length,
                device=self._engine.device,
                dtype=self._pipeline.transformer.dtype,
            )
        self._hooks.stage_progressed(video, Stage.ENCODING, 2 if is_guided else 1)
        self._measured(video, Stage.ENCODING)
        self._hooks.stage_finished(video, Stage.ENCODING)
        return positive, negative

    def _denoise(self, video: int, text: tuple[torch.Tensor, torch.Tensor | None]) -> torch.Tensor:
        """Latents (1, F, C, H, W) after the last step, equal on every rank: each runs the whole scheduler."""
        job, asked, pipeline = self._job, self._job.videos[video], self._pipeline
        pipeline.scheduler = scheduler(self._model, job.scheduler)
        self._hooks.stage_started(video, Stage.DENOISING, job.num_inference_steps)
        began = time.perf_counter()
        sent = self._engine.traffic.bytes_sent

        def after_step(
            _pipe: object, index: int, _time: object, tensors: dict[str, torch.Tensor]
        ) -> dict[str, torch.Tensor]:
            nonlocal began, sent
            now = time.perf_counter()
            self._steps.append(now - began)
            self._sent.append(self._engine.traffic.bytes_sent - sent)
            self._hooks.stage_progressed(video, Stage.DENOISING, index + 1)
            if index + 1 in job.preview_steps and self._mesh.is_writer:
                with self._places.vae():
                    picture = preview_image(pipeline.vae, tensors["latents"])
                self._hooks.preview(video, index + 1, picture)
            self._replica.raise_if_any(self._hooks.cancel_requested())
            began, sent = time.perf_counter(), self._engine.traffic.bytes_sent
            return tensors

        extra: dict[str, object] = {}
        if isinstance(pipeline, CogVideoXImageToVideoPipeline):
            assert asked.image is not None
            with Image.open(asked.image) as opened:
                extra["image"] = opened.convert("RGB")
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
        self._measured(video, Stage.DENOISING)
        self._hooks.stage_finished(video, Stage.DENOISING)
        # CogVideoX 1.5 pads at the front to a multiple of its temporal patch; that is not part of the video.
        frames = (job.num_frames - 1) // pipeline.vae_scale_factor_temporal + 1
        return latents[:, latents.shape[1] - frames :]

    def _piped(self, **arguments: object) -> Any:
        """The pipeline's run; a picture that it starts from is encoded by all ranks of the replica."""
        vae, group = self._pipeline.vae, self._mesh[REPLICA]
        shared = SharedEncode(vae, group, self._engine.traffic, self._replica, self._places.vae)
        with self._places.transformer(), shared.in_place_of_the_vaes():
            return self._pipeline(**arguments)

    def _decode(self, video: int, latents: torch.Tensor) -> None:
        hooks, is_writer = self._hooks, self._mesh.is_writer
        self._replica.together(lambda: hooks.latents(video, latents.float().cpu()) if is_writer else None)
        shared = SharedDecode(self._pipeline.vae, latents, self._mesh[REPLICA], self._engine.traffic)
        with self._places.vae():
            measured = partial(self._measured, video, Stage.DECODING)
            decode_video(video, shared, hooks, self._replica, measured, is_writer=is_writer)


def _bytes_of(module: torch.nn.Module) -> int:
    sizes: list[int] = [parameter.numel() * parameter.element_size() for parameter in module.parameters()]
    return sum(sizes)
