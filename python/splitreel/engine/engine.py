"""One rank's engine: the model it holds, the meshes over it, and the jobs it runs."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path

import torch

from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Kernel, Plan, Stage, TextEncoderPolicy
from splitreel.engine.api import EngineJob, EngineReport, Hooks, LoadOptions, LoadReport
from splitreel.engine.context import EngineContext
from splitreel.engine.links import Links, buffer_use
from splitreel.engine.loaded_model import LoadedModel, LoadRequest, dtype_of, load_model, load_text_encoder
from splitreel.engine.memory_budget import DeviceMemoryBudget, MemoryBudget
from splitreel.engine.memory_meter import StageMeter
from splitreel.engine.optimizing import OptimizingStage
from splitreel.engine.prompt_cache import PromptCache, PromptKey, Signature, text_encoder_signature
from splitreel.engine.prompt_files import PromptFiles, device_name
from splitreel.engine.run import JobRun
from splitreel.kernels.checks import can_run_kernels, own_kernel_checks
from splitreel.kernels.fallback import kernel_failures
from splitreel.models.loading import bytes_of
from splitreel.models.tensor_files import OpenTensors, open_safetensors
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import MeshBuilder
from splitreel.parallel.kernels import AttentionKernel, KernelChooser
from splitreel.parallel.placement import Shard, assign_ranks, first_shards
from splitreel.parallel.tensor import TensorParallelGroup
from splitreel.rules.kernel_trials import TrialsFile, own_kernels_trial
from splitreel.rules.memory import can_fuse


class Engine:
    """Lives as long as its process and keeps the model between jobs.

    The default process group must be initialized (gloo on the CPU, "cpu:gloo,cuda:nccl" on CUDA).
    Raises SplitreelError and Canceled, on every rank that took part.
    """

    def __init__(
        self,
        *,
        rank: int,
        world_size: int,
        device: torch.device,
        kernel_trials: Path | None = None,
        prompt_folder: Path | None = None,
        open_tensors: OpenTensors = open_safetensors,
        memory_budget: MemoryBudget | None = None,
        is_nvlinked: bool = False,
    ) -> None:
        """`kernel_trials`: the file that caches kernel comparisons; None compares again in each process.

        `prompt_folder`: where embeddings of prompts are kept between processes; None keeps them in memory only.

        `is_nvlinked`: for the memory forecast; whether ranks exchange over NVLink is found out by a trial.
        """
        traffic = Traffic()
        self._meshes = MeshBuilder(rank, device)
        self._world = Agreement(None, world_size)
        self._context = EngineContext(
            rank,
            world_size,
            device,
            memory_budget or DeviceMemoryBudget(device),
            traffic,
            StageMeter(device, traffic),
            PromptCache(None if prompt_folder is None else PromptFiles(prompt_folder)),
            Links(self._meshes, self._world, device, is_nvlinked=is_nvlinked),
        )
        self._open_tensors = open_tensors
        self._tp_group = TensorParallelGroup(traffic)
        self._trials = None if kernel_trials is None else TrialsFile(kernel_trials)
        self._kernels = KernelChooser(device, self._trials)
        self._shards: tuple[Shard, ...] = ()  # of all ranks, from which each rank computes where a plan can run
        self._loaded: LoadedModel | None = None
        self._optimizing: OptimizingStage | None = None  # begun while loading, ended by the next job
        self._noticed: set[str] = set()

    def load(
        self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks, job: EngineJob | None = None
    ) -> LoadReport:
        """Collective over all ranks. Reads nothing if the weights already held fit the plan.

        `job`: the next one. Where every rank has the embeddings of all its prompts, the text encoder isn't read.
        """
        began = time.perf_counter()
        # First, because what is read here may need the memory.
        self._context.links.keep_buffers_for(None if job is None else buffer_use(model, options, plan, job))
        loaded = self._loaded
        if loaded is not None and not ((loaded.folder, loaded.options) == (model, options) and self._can_run(plan)):
            loaded = None
        signature = self._signature_of(model) if loaded is None else loaded.signature
        needs_text = self._needs_text_encoder(model, signature, options, job)
        if loaded is not None and (not needs_text or self._can_read_text_encoder(loaded)):
            read = self._load_text_encoder(loaded, plan, hooks) if needs_text else 0
            return _load_report(loaded, read, reused=True, seconds=time.perf_counter() - began)
        del loaded
        self.unload()
        self._shards = first_shards(plan, self._context.world_size)
        request = LoadRequest(model, options, plan, self._shards[self._context.rank], self._open_tensors)
        self._optimizing = optimizing = self._optimizing_stage(hooks)
        with self._context.meter.stage(Stage.LOADING):
            loaded = self._world.together(
                lambda: load_model(
                    request, self._tp_group, self._context, hooks, optimizing, with_text_encoder=needs_text
                )
            )
        # Fused and unfused ranks exchange different tensors, so all ranks must agree.
        problem = loaded.model.fused_problem = self._world.first(loaded.model.fused_problem)
        if problem is None:
            loaded.model.fuse()
        self._record_own_kernels(loaded, problem)
        self._loaded = loaded
        hooks.stage_finished(0, Stage.LOADING)
        return _load_report(loaded, loaded.bytes_read, reused=False, seconds=time.perf_counter() - began)

    def _needs_text_encoder(
        self, model: Path, signature: Signature, options: LoadOptions, job: EngineJob | None
    ) -> bool:
        """Collective. Whether a rank lacks the embeddings of one of the job's prompts."""
        if job is None:
            return True
        device, prompts = self._context.device, self._context.prompts
        name, dtype = device_name(device), dtype_of(options, device)
        wanted = {job.prompt(video) for video in range(len(job.videos))}
        return not self._world.all(
            all(PromptKey(model, signature, name, dtype, prompt) in prompts for prompt in wanted)
        )

    def _can_read_text_encoder(self, loaded: LoadedModel) -> bool:
        """Collective. False if the files changed since the model was loaded: the two would be of different versions."""
        is_same = self._signature_of(loaded.folder) == loaded.signature
        return self._world.all(loaded.placement.has_text_encoder or is_same)

    def _signature_of(self, model: Path) -> Signature:
        """Collective. Reading a folder can fail on one rank alone, when another waits for the next agreement."""
        return self._world.together(lambda: text_encoder_signature(model))

    def _load_text_encoder(self, loaded: LoadedModel, plan: Plan, hooks: Hooks) -> int:
        """Collective. Reads it on the ranks on which it isn't in memory, as a part of the stage LOADING."""
        with self._context.meter.stage(Stage.LOADING):
            read = self._world.together(lambda: load_text_encoder(loaded, plan, self._context, hooks))
        if read > 0:
            hooks.stage_finished(0, Stage.LOADING)
        return read

    def _can_run(self, plan: Plan) -> bool:
        return assign_ranks(plan, self._shards) is not None

    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport:
        """Collective over all ranks. Ranks outside the plan return at once."""
        loaded, links = self.loaded, self._context.links
        links.keep_buffers_for(buffer_use(loaded.folder, loaded.options, plan, job))
        mesh = self._meshes.mesh(plan, assign_ranks(plan, self._shards))
        optimizing = self._optimizing or self._optimizing_stage(hooks)
        self._optimizing = None
        kernel = self._kernel(loaded, job, plan, optimizing)
        optimizing.end()
        if mesh is None:
            return EngineReport(False, (), {}, (), False, TextEncoderPolicy.KEPT, job.attention)
        loaded.model.use(mesh, kernel)
        try:
            report = JobRun(loaded, job, mesh, Kernel(kernel.name), self._context, hooks).all_videos()
            links.ran(plan)
        finally:
            self._context.meter.take()
            if failed := kernel_failures():
                self._record_own_kernels(loaded, failed[0])
        if kernel.name in self._kernels.failed:
            report = replace(report, kernel=Kernel.SDPA)
        return replace(report, notices=self._new_notices(loaded))

    def _optimizing_stage(self, hooks: Hooks) -> OptimizingStage:
        return OptimizingStage(hooks, own_kernel_checks(self._context.device) + self._kernels.count)

    def _record_own_kernels(self, loaded: LoadedModel, problem: str | None) -> None:
        """For the memory forecast of later jobs, which doesn't start CUDA."""
        device, shape = self._context.device, loaded.memory_shape
        if self._trials is None or not loaded.options.fused or not can_run_kernels(device):
            return
        if shape is None or not can_fuse(shape.vae):
            return  # it knows this from the model
        model = loaded.model
        trial = own_kernels_trial(device_name(device), str(model.dtype), model.head_dim, problem)
        if trial not in self._trials.read():
            self._trials.add(trial)

    def _new_notices(self, loaded: LoadedModel) -> tuple[str, ...]:
        """What this engine has not reported before."""
        notices = [*self._kernels.failures, *kernel_failures()]
        problem = loaded.model.fused_problem
        if loaded.options.fused and problem is not None and self._context.device.type == "cuda":
            notices.append(f"Splitreel's own GPU kernels are off, and the model runs as in diffusers: {problem}")
        new = tuple(notice for notice in notices if notice not in self._noticed)
        self._noticed.update(new)
        return new

    def _kernel(self, loaded: LoadedModel, job: EngineJob, plan: Plan, optimizing: OptimizingStage) -> AttentionKernel:
        """The requested kernel, compared with SDPA before its first use. If it fails on one rank, it fails on all.

        AUTO is the first rank's choice, or SDPA if another rank can't run that.
        """
        model = loaded.model
        # Under PipeFusion, Ring only exchanges fresh keys and values, so it needs no log-sum-exp.
        with_ring = plan.ring > 1 and plan.pp == 1

        def choose(name: str) -> AttentionKernel:
            return self._world.together(
                lambda: self._kernels.choose(name, model.dtype, model.head_dim, with_ring=with_ring)
            )

        if job.attention is not Kernel.AUTO:
            return choose(job.attention.value)
        names = [kernel.value for kernel in Kernel]
        fastest = self._world.together(
            lambda: self._kernels.fastest(
                model.dtype,
                model.head_dim,
                with_ring=with_ring,
                began=optimizing.begin,
                tried=optimizing.kernel_checked,
            )
        )
        name = names[self._world.of_first(names.index(fastest))]
        try:
            return choose(name)
        except SplitreelError:
            return choose(Kernel.SDPA.value)

    def unload(self) -> None:
        """Frees every weight on this rank."""
        self._loaded = None
        self._shards = ()
        gc.collect()
        if self._context.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def loaded(self) -> LoadedModel:
        """The model that `load` put in memory. Calling this before `load` is a programming error."""
        if self._loaded is None:
            msg = "no model is loaded"
            raise RuntimeError(msg)
        return self._loaded


def _load_report(loaded: LoadedModel, bytes_read: int, *, reused: bool, seconds: float) -> LoadReport:
    held = loaded.component_bytes
    blocks = sum(bytes_of(block) for block in loaded.model.components.transformer_blocks)
    return LoadReport(reused, bytes_read, sum(held), held[1], blocks, seconds)
