"""A loaded CogVideoX: diffusers' own pipeline, with its transformer and VAE split over a mesh."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import CogVideoXDDIMScheduler, CogVideoXDPMScheduler, CogVideoXImageToVideoPipeline, CogVideoXPipeline
from PIL.Image import Image
from transformers import T5Tokenizer

from splitreel.contract import failures
from splitreel.contract.types import Quality, SamplingParams
from splitreel.kernels.checks import fused_decoder_problem, fused_kernels_problem
from splitreel.models.cogvideox.decoder import ParallelDecoder
from splitreel.models.cogvideox.denoising import WholeVideo, denoise
from splitreel.models.cogvideox.image_encoder import ParallelImageEncoder
from splitreel.models.cogvideox.inputs import DenoisingInputs, Pipeline, prepare_inputs
from splitreel.models.cogvideox.patch_scheduler import Scheduler
from splitreel.models.cogvideox.patches import CogVideoXPatches
from splitreel.models.cogvideox.sharding import AbsentBlock
from splitreel.models.cogvideox.step_cache import StepCache
from splitreel.models.cogvideox.transformer import SplitTransformer
from splitreel.models.family import (
    Components,
    Denoised,
    DenoisingRun,
    Frames,
    LoadedComponents,
    TextEmbeddings,
)
from splitreel.models.frames import to_uint8
from splitreel.parallel.agreement import DeferredCancel
from splitreel.parallel.groups import REPLICA, Mesh
from splitreel.parallel.kernels import AttentionKernel
from splitreel.parallel.pipefusion import PipeFusion, StepResult
from splitreel.rules.config import Config
from splitreel.rules.step_schedule import computed_steps
from splitreel.store.files import read_json

PIPELINES: Mapping[str, type[Pipeline]] = {
    "CogVideoXPipeline": CogVideoXPipeline,
    "CogVideoXImageToVideoPipeline": CogVideoXImageToVideoPipeline,
}

# By `_class_name` in scheduler_config.json and by the name that a job can choose.
_SCHEDULERS: Mapping[str, Callable[[dict[str, object]], Scheduler]] = {
    "CogVideoXDDIMScheduler": CogVideoXDDIMScheduler.from_config,
    "CogVideoXDPMScheduler": CogVideoXDPMScheduler.from_config,
    "ddim": CogVideoXDDIMScheduler.from_config,
    "dpm": lambda config: CogVideoXDPMScheduler.from_config(config, timestep_spacing="trailing"),
}

# A preview's longer side in latents: enough to see the video form, at a small part of a step's time.
_PREVIEW_LATENTS = 24


class CogVideoXModel:
    """Implements `VideoModel`."""

    def __init__(self, loaded: LoadedComponents) -> None:
        self._folder = loaded.folder
        self._device = loaded.device
        index = Config.of("model_index.json", read_json(loaded.folder, "model_index.json"))
        self._pipeline = _pipeline(PIPELINES[index.text("_class_name")], loaded, self._scheduler("model"))
        self._split = SplitTransformer(self._pipeline.transformer, loaded.tp_group)
        self._traffic = loaded.tp_group.traffic
        self.head_dim = int(self._pipeline.transformer.config.attention_head_dim)
        self.components = Components(
            self._pipeline.text_encoder,
            self._pipeline.text_encoder.encoder.block,
            self._pipeline.transformer,
            [block for block in self._pipeline.transformer.transformer_blocks if not isinstance(block, AbsentBlock)],
            self._pipeline.vae,
        )
        self.fused_problem = (
            self._find_fused_problem(loaded.kernel_checked) if loaded.fused else "they were not requested"
        )
        if self.fused_problem is None:
            from splitreel.kernels.vae_decoder import prepare

            prepare(self._pipeline.vae.decoder)

    def _find_fused_problem(self, checked: Callable[[], None]) -> str | None:
        width = int(self._pipeline.transformer.config.num_attention_heads) * self.head_dim
        problem = fused_kernels_problem(
            self._device, self.dtype, width=width, head_width=self.head_dim, checked=checked
        )
        if problem is not None:
            return problem
        vae = self._pipeline.vae.config
        channels, groups = vae.block_out_channels, int(vae.norm_num_groups)
        return fused_decoder_problem(self._device, self.dtype, channels=channels, norm_groups=groups, checked=checked)

    def fuse(self) -> None:
        assert self.fused_problem is None
        self._split.fuse()

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self._pipeline.transformer.dtype
        return dtype

    def use(self, mesh: Mesh, kernel: AttentionKernel) -> None:
        self._split.use(mesh, kernel)

    @property
    def _text_tokens(self) -> int:
        return int(self._pipeline.transformer.config.max_text_seq_length)

    def encode_prompt(self, prompt: str, negative_prompt: str | None) -> TextEmbeddings:
        positive, negative = self._pipeline.encode_prompt(
            prompt,
            negative_prompt,
            do_classifier_free_guidance=negative_prompt is not None,
            max_sequence_length=self._text_tokens,
            device=self._device,
            dtype=self.dtype,
        )
        return TextEmbeddings(positive, negative)

    def denoise(
        self, params: SamplingParams, seed: int, text: TextEmbeddings, image: Image | None, run: DenoisingRun
    ) -> Denoised:
        self._pipeline.scheduler = self._scheduler(params.scheduler)
        is_image_to_video = isinstance(self._pipeline, CogVideoXImageToVideoPipeline)
        assert is_image_to_video == (image is not None), "the request is checked against the model's task"
        is_piped = self._split.mesh.plan.pp > 1
        denoised = (self._denoise_by_patches if is_piped else self._denoise_whole)(params, seed, text, image, run)
        # CogVideoX 1.5 pads at the front to a multiple of its temporal patch size. That isn't part of the video.
        frames = (params.num_frames - 1) // self._pipeline.vae_scale_factor_temporal + 1
        latents = denoised.latents
        return replace(denoised, latents=latents[:, latents.shape[1] - frames :])

    def _denoise_whole(
        self, params: SamplingParams, seed: int, text: TextEmbeddings, image: Image | None, run: DenoisingRun
    ) -> Denoised:
        """Each rank runs the whole scheduler, only the transformer is split."""
        inputs, both = self._inputs(params, seed, text, image, run)

        def after_step(step: StepResult) -> None:
            run.on_step(step)
            run.replica.raise_if_any(run.cancel_requested())

        with run.on_device.transformer():
            steps = params.num_inference_steps
            cache = StepCache(computed_steps(steps)) if params.quality is Quality.FAST else None
            video = WholeVideo(self._split, self._pipeline.scheduler, params, inputs, both, cache)
            latents = denoise(video, after_step)
        return Denoised(latents, is_approximate=cache is not None and cache.reused > 0)

    def _denoise_by_patches(
        self, params: SamplingParams, seed: int, text: TextEmbeddings, image: Image | None, run: DenoisingRun
    ) -> Denoised:
        """With PipeFusion's loop, in which one patch can be a step ahead of another."""
        mesh = self._split.mesh
        cfg = mesh["cfg"]
        inputs, both = self._inputs(params, seed, text, image, run)
        halves = both.chunk(cfg.size)[cfg.index]
        video = CogVideoXPatches(self._split, self._pipeline.scheduler, params, inputs, halves)
        pipefusion = PipeFusion(
            video,
            mesh,
            self._traffic,
            DeferredCancel(mesh[REPLICA].handle, run.cancel_requested),
            patches=params.num_pipeline_patch,
            warmup_steps=params.warmup_steps,
        )
        with closing(video), run.on_device.transformer():
            return Denoised(pipefusion.run(run.on_step), pipefusion.is_approximate)

    def _inputs(
        self, params: SamplingParams, seed: int, text: TextEmbeddings, image: Image | None, run: DenoisingRun
    ) -> tuple[DenoisingInputs, torch.Tensor]:
        """What denoising starts from, and the embeddings (B, T, D) of both halves of guidance, the negative first."""
        both = text.positive if text.negative is None else torch.cat([text.negative, text.positive])
        with self._image_encoder(run).replacing_vae_encode():
            return prepare_inputs(self._pipeline, params, seed, image, both.dtype, self._device), both

    def _image_encoder(self, run: DenoisingRun) -> ParallelImageEncoder:
        group = self._split.mesh[REPLICA]
        return ParallelImageEncoder(self._pipeline.vae, group, self._traffic, run.replica, run.on_device.vae)

    def decoder(self, latents_BFCHW: torch.Tensor) -> ParallelDecoder:
        group, is_fused = self._split.mesh[REPLICA], self._split.is_fused
        return ParallelDecoder(self._pipeline.vae, latents_BFCHW, group, self._traffic, is_fused=is_fused)

    def preview(self, latents_BFCHW: torch.Tensor) -> Frames:
        """The middle latent frame, reduced to a few latents and decoded."""
        middle_BCHW = latents_BFCHW[:, latents_BFCHW.shape[1] // 2]
        scale = min(1.0, _PREVIEW_LATENTS / max(middle_BCHW.shape[-2:]))
        if scale < 1:
            middle_BCHW = F.interpolate(middle_BCHW.float(), scale_factor=scale, mode="area").to(middle_BCHW.dtype)
        vae = self._pipeline.vae
        image: Frames = to_uint8(vae.decode(middle_BCHW.unsqueeze(2) / vae.config.scaling_factor).sample)[0]
        return image

    def _scheduler(self, choice: str) -> Scheduler:
        """`model`: the one the folder ships. Otherwise the scheduler of that name, with the folder's numbers."""
        file = "scheduler/scheduler_config.json"
        config = Config.of(file, read_json(self._folder, file))
        name = config.text("_class_name") if choice == "model" else choice
        make = _SCHEDULERS.get(name)
        if make is None:
            raise failures.model_unsupported(kind=name)
        return make(dict(config.fields))


def _pipeline(pipeline_class: type[Pipeline], loaded: LoadedComponents, scheduler: Scheduler) -> Any:
    # diffusers takes the device from the pipeline's first component, which may be offloaded when it asks.
    class_on_device = type(pipeline_class.__name__, (pipeline_class,), {"_execution_device": loaded.device})
    pipeline = class_on_device(
        tokenizer=T5Tokenizer.from_pretrained(loaded.folder / "tokenizer", local_files_only=True),
        scheduler=scheduler,
        **loaded.modules,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.enable_slicing()
    pipeline.vae.enable_tiling()
    return pipeline
