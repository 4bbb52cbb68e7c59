"""One rank's engine: a loaded pipeline, the meshes over it, and the run of a job through its stages."""

from __future__ import annotations

import gc
import time
from functools import partial
from pathlib import Path

import torch

from splitreel.contract.errors import Cancelled
from splitreel.engine.agreement import Agreement
from splitreel.engine.api import (
    EngineJob,
    EngineReport,
    Hooks,
    LoadOptions,
    LoadReport,
    Offload,
    Stage,
)
from splitreel.engine.memory_control import (
    RealRoom,
    Room,
    loading_advice,
    make_places,
    may_pin,
    memory_failure,
)
from splitreel.engine.memory_meter import StageMeter
from splitreel.engine.offload import Places
from splitreel.engine.run import JobRun
from splitreel.models.loading import Loaded, Reading, bytes_of, load_pipeline, read_text_encoder_again
from splitreel.models.split_transformer import SplitTransformer
from splitreel.models.tensor_files import OpenTensors, open_safetensors
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import MeshMaker
from splitreel.parallel.kernels import AttentionKernel, KernelChooser
from splitreel.parallel.placement import Shard, first_shards, place_ranks
from splitreel.parallel.tensor import TensorTeam
from splitreel.rules.kernel_trials import TrialsFile
from splitreel.rules.memory_shape import MemoryShape, read_memory_shape
from splitreel.rules.plan import Plan


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
        self._team = TensorTeam(self._traffic)
        self.meter = StageMeter(device, self._traffic)
        self._held: tuple[Path, LoadOptions] | None = None
        self._shards: tuple[Shard, ...] = ()  # of every rank: all of them know where a plan can go
        self._loaded: Loaded | None = None
        self._split: SplitTransformer | None = None
        self._places: Places | None = None
        self.memory_shape: MemoryShape | None = None
        self.room: Room = room or RealRoom(device)
        self._world = Agreement(None, world_size)
        self._kernels = KernelChooser(device, None if kernel_trials is None else TrialsFile(kernel_trials))

    def load(self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks) -> LoadReport:
        """Collective over all ranks. Reads nothing where the held weights fit."""
        began = time.perf_counter()
        reused = self._held == (model, options) and place_ranks(plan, self._shards) is not None
        if not reused:
            self.unload()
            self._shards = first_shards(plan, self.world_size)
            with self.meter.stage(Stage.LOADING):
                self._read(model, plan, options, hooks)
        return self._load_report(reused, time.perf_counter() - began)

    def _read(self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks) -> None:
        has_started = False

        def progressed(read: int, total: int) -> None:
            nonlocal has_started
            # Local: ranks need not agree while they read, for none waits for another until all are done.
            if hooks.cancel_requested():
                raise Cancelled
            if not has_started:
                hooks.stage_started(0, Stage.LOADING, total)
                has_started = True
            else:
                hooks.stage_progressed(0, Stage.LOADING, read)

        dtype, home = self._dtype(options), torch.device("cpu")
        first_place = self.device if options.offload is Offload.NONE else home
        reading = Reading(dtype, first_place, progressed, self._open_tensors)

        def read_all() -> None:
            try:
                self._loaded = load_pipeline(model, self._shards[self.rank], self._team, reading)
            except RuntimeError as error:
                advice = partial(loading_advice, model, options, dtype, plan, self.room, device_count=self.world_size)
                failure = memory_failure(error, self.device, self.rank, Stage.LOADING, advice)
                if failure is None:
                    raise
                raise failure from error

        self._world.together(read_all)
        assert self._loaded is not None
        loaded, pipeline = self._loaded, self._loaded.pipeline
        again = Reading(dtype, self.device, lambda _read, _total: None, self._open_tensors)
        read_text_encoder = partial(read_text_encoder_again, loaded, model, again)
        held = sum(bytes_of(part) for part in (pipeline.text_encoder, pipeline.transformer, pipeline.vae))
        can_pin = may_pin(self.room, self.world_size, held)
        self._places = make_places(pipeline, options, self.device, home, read_text_encoder, can_pin=can_pin)
        self.memory_shape = read_memory_shape(model)
        self._split = loaded.family.split(pipeline.transformer, self._team)
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
        held = [bytes_of(part) for part in (pipeline.text_encoder, pipeline.transformer, pipeline.vae)]
        blocks = bytes_of(pipeline.transformer.transformer_blocks)
        return LoadReport(reused, 0 if reused else self._loaded.bytes_read, sum(held), held[1], blocks, seconds)

    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport:
        """Collective over all ranks; those with no place in the plan return at once."""
        mesh = self._meshes.mesh(plan, place_ranks(plan, self._shards))
        kernel = self._kernel(job, plan)
        if mesh is None:
            return EngineReport(False, (), {}, (), (), False, "kept", job.kernel)
        assert self._split is not None
        assert self._held is not None
        self._split.use(mesh, kernel)
        run = JobRun(self, *self._held, job, mesh, hooks)
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
            # Under PipeFusion Ring exchanges fresh keys only, and joins nothing by log-sum-exp.
            with_ring = plan.ring > 1 and plan.pp == 1
            chosen.append(self._kernels.choose(job.kernel.value, transformer.dtype, head_dim, with_ring=with_ring))

        self._world.together(choose)
        return chosen[0]

    def unload(self) -> None:
        """Frees every weight of this rank."""
        self._held = self._loaded = self._split = self._places = None
        self._shards = ()
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def pipeline(self) -> Loaded:
        assert self._loaded is not None
        return self._loaded

    @property
    def split(self) -> SplitTransformer:
        assert self._split is not None
        return self._split

    @property
    def places(self) -> Places:
        assert self._places is not None
        return self._places

    @property
    def traffic(self) -> Traffic:
        return self._traffic
