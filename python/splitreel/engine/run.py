"""One job on one rank, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch
from PIL.Image import Image

from splitreel.contract import failures
from splitreel.contract.errors import Explanation, PeerError, SplitreelError, UnsharedError
from splitreel.contract.types import Kernel, Stage, TextEncoderPolicy
from splitreel.engine.api import EngineJob, EngineReport, Hooks, VideoOutcome
from splitreel.engine.context import EngineContext
from splitreel.engine.decoding import decode_video
from splitreel.engine.loaded_model import LoadedModel
from splitreel.engine.memory_control import choose_text_encoder_policy, memory_advice, memory_failure, memory_job
from splitreel.engine.prompt_cache import PromptKey
from splitreel.engine.prompt_files import device_name
from splitreel.models.family import DenoisingRun, TextEmbeddings
from splitreel.models.loading import bytes_of
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.groups import REPLICA, Mesh
from splitreel.parallel.pipefusion import StepResult
from splitreel.video.image_file import fit_image, read_image

T = TypeVar("T")


class JobRun:
    """Runs the stages of each video that this rank's replica makes."""

    def __init__(
        self,
        loaded: LoadedModel,
        job: EngineJob,
        mesh: Mesh,
        kernel: Kernel,
        context: EngineContext,
        hooks: Hooks,
    ) -> None:
        self._loaded = loaded
        self._model = loaded.model
        self._placement = loaded.placement
        self._memory_job = memory_job(
            job,
            loaded.options,
            loaded.model.dtype,
            is_fused=loaded.model.fused_problem is None,
            is_nvlinked=context.links.is_nvlinked,
        )
        self._job = job
        self._mesh = mesh
        self._kernel = kernel
        self._context = context
        self._hooks = hooks
        self._replica = Agreement(mesh[REPLICA].handle, mesh[REPLICA].size)
        self._bytes_per_step: list[int] = []
        self._bytes_before_step = 0
        self._is_approximate = loaded.options.quantized
        self._outcomes: dict[int, VideoOutcome] = {}
        self._unwritten: int | None = None  # the video whose file may still be written

    @torch.no_grad()
    def all_videos(self) -> EngineReport:
        """Makes every video of this rank's replica: one in `dp` of the job's."""
        for video in range(self._mesh.replica, len(self._job.videos), self._mesh.plan.dp):
            self._outcomes[video] = self._outcome(video, partial(self._make, video))
        self._wait_for_file()
        return EngineReport(
            True,
            tuple(self._outcomes[video] for video in sorted(self._outcomes)),
            self._context.meter.take(),
            tuple(self._bytes_per_step),
            self._is_approximate,
            self._placement.text_encoder_policy,
            self._kernel,
        )

    def _outcome(self, video: int, run: Callable[[], None]) -> VideoOutcome:
        """Of something that the replica's ranks do together. A shared error becomes the outcome; a cancel is raised."""
        writer = self._mesh[REPLICA].ranks[0]
        try:
            run()
        except UnsharedError:
            raise
        except SplitreelError as error:
            return VideoOutcome(video, writer, error.error, isinstance(error, PeerError))
        return VideoOutcome(video, writer)

    def _make(self, video: int) -> None:
        """Makes one video with the replica's ranks. Its file may still be written when this returns."""
        text = self._stage(Stage.ENCODING, lambda: self._encode(video))
        latents = self._stage(Stage.DENOISING, lambda: self._denoise(video, text))
        self._stage(Stage.DECODING, lambda: self._decode(video, latents))
        self._unwritten = video

    def _wait_for_file(self) -> None:
        """Waits until the last decoded video is written. What prevents that is an error of that video."""
        video, self._unwritten = self._unwritten, None
        if video is None:
            return

        def wait() -> None:
            if self._mesh.is_writer:
                self._hooks.video_written(video)

        self._outcomes[video] = self._outcome(video, lambda: self._replica.together(wait))

    def _stage(self, stage: Stage, run: Callable[[], T]) -> T:
        try:
            with self._context.meter.stage(stage):
                return run()
        except RuntimeError as error:
            failure = memory_failure(error, self._context.device, self._context.rank, stage, self._advice)
            if failure is None:
                raise
            # Other ranks of the replica may wait for this one in a collective, for minutes.
            raise (failure if self._mesh[REPLICA].size == 1 else UnsharedError.of(failure)) from error

    def _report_memory(self, video: int, stage: Stage) -> None:
        self._hooks.memory_measured(video, stage, self._context.meter.peak_now())

    def _advice(self) -> Explanation | None:
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
            bytes_of(self._model.components.text_encoder),
            taken_bytes=self._context.links.taken_bytes(self._mesh.plan),
        )

    def _encode(self, video: int) -> TextEmbeddings:
        """Every rank encodes the prompt itself, and with guidance the negative prompt.

        Nothing is encoded, and the stage counts nothing, if all ranks have the embeddings from an earlier video.
        """
        prompt, device = self._job.prompt(video), self._context.device
        loaded, prompts = self._loaded, self._context.prompts
        key = PromptKey(loaded.folder, loaded.signature, device_name(device), self._model.dtype, prompt)
        cached = prompts.get(key, device)
        # Encoding may be collective, so all ranks must make the same choice.
        is_cached = self._replica.all(cached is not None)
        count = 0 if is_cached else 1 if prompt.negative is None else 2
        self._hooks.stage_started(video, Stage.ENCODING, count)
        self._replica.raise_if_any(self._hooks.cancel_requested())
        if cached is not None and is_cached:
            self._placement.release_text_encoder(self._text_encoder_policy)
        else:
            with self._placement.text_encoder(self._text_encoder_policy):
                cached = self._model.encode_prompt(prompt.positive, prompt.negative)
            prompts.put(key, cached, to_disk=self._mesh.is_writer)
            self._hooks.stage_progressed(video, Stage.ENCODING, count)
            self._report_memory(video, Stage.ENCODING)
        self._hooks.stage_finished(video, Stage.ENCODING)
        return cached

    def _denoise(self, video: int, text: TextEmbeddings) -> torch.Tensor:
        """Latents (1, F, C, H, W) after the last step, equal on every rank of the replica."""
        self._hooks.stage_started(video, Stage.DENOISING, self._job.num_inference_steps)
        self._bytes_before_step = self._context.traffic.bytes_sent
        denoised = self._model.denoise(
            self._job,
            self._job.videos[video].seed,
            text,
            self._replica.together(lambda: self._image(video)),
            DenoisingRun(
                self._placement, self._replica, self._hooks.cancel_requested, partial(self._report_step, video)
            ),
        )
        self._replica.together(lambda: _check_finite(denoised.latents))
        self._is_approximate = self._is_approximate or denoised.is_approximate
        self._report_memory(video, Stage.DENOISING)
        self._hooks.stage_finished(video, Stage.DENOISING)
        return denoised.latents

    def _image(self, video: int) -> Image | None:
        """The image that the video starts from, if the job has one. The model's task decides whether it needs one."""
        file = self._job.videos[video].image
        return None if file is None else fit_image(read_image(file), self._job)

    def _report_step(self, video: int, step: StepResult) -> None:
        bytes_sent = self._context.traffic.bytes_sent
        self._bytes_per_step.append(bytes_sent - self._bytes_before_step)
        self._bytes_before_step = bytes_sent
        completed = step.index + 1
        self._hooks.stage_progressed(video, Stage.DENOISING, completed)
        if completed in self._job.preview_steps and self._mesh.is_writer and step.latents is not None:
            with self._placement.vae():
                preview = self._model.preview(step.latents)
            self._hooks.preview(video, completed, preview)

    def _decode(self, video: int, latents: torch.Tensor) -> None:
        hooks, is_writer = self._hooks, self._mesh.is_writer
        self._replica.together(lambda: hooks.latents(video, latents.float().cpu()) if is_writer else None)
        decoder = self._model.decoder(latents)

        def tiles_done() -> None:
            self._report_memory(video, Stage.DECODING)
            # Bounds host memory to one clip.
            self._wait_for_file()

        with self._placement.vae():
            decode_video(video, decoder, hooks, self._replica, tiles_done, is_writer=is_writer)


def _check_finite(latents: torch.Tensor) -> None:
    """NaN decodes to black frames without an error."""
    if not bool(torch.isfinite(latents).all()):
        raise failures.latents_not_finite()
