"""The engine module that ranks use: torch, a process group with a file store in a private folder, and `Engine`."""

from __future__ import annotations

from datetime import timedelta

from splitreel.parallel.peer_wait import waiting_for_peers
from splitreel.store.locations import kernel_trials_file, prompt_folder
from splitreel.worker.rank.cuda import start_cuda
from splitreel.worker.rank.messages import Join
from splitreel.worker.rank.port import RankEngine


def preload() -> None:
    """Imports once what every rank needs. Must not touch CUDA, which a forked process could not use afterwards."""
    import torch.distributed

    import splitreel.engine.engine
    import splitreel.video.mp4

    _ = (torch.distributed, splitreel.engine.engine, splitreel.video.mp4)


def join_world(join: Join, before: RankEngine | None) -> RankEngine:
    """Joins the process group, after releasing the engine of an earlier world."""
    import torch
    import torch.distributed as dist
    from torch._C._distributed_c10d import FileStore

    from splitreel.engine.engine import Engine

    if before is not None:
        assert isinstance(before, Engine)
        before.unload()
        dist.destroy_process_group()
    torch.set_num_threads(join.threads)
    device = torch.device("cpu")
    if join.device.kind == "cuda":
        device = torch.device("cuda", join.rank)
        start_cuda(device, join.device.label)
    with waiting_for_peers():
        dist.init_process_group(
            backend="cpu:gloo,cuda:nccl" if join.device.kind == "cuda" else "gloo",
            store=FileStore(join.store, join.world_size),
            rank=join.rank,
            world_size=join.world_size,
            timeout=timedelta(seconds=join.timeout_s),
        )
    return Engine(
        rank=join.rank,
        world_size=join.world_size,
        device=device,
        kernel_trials=kernel_trials_file(),
        prompt_folder=prompt_folder(),
        is_nvlinked=join.is_nvlinked,
    )
