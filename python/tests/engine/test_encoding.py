"""The picture that a video starts from: encoded in shares, equal to one rank's tiled encode bit for bit."""

from __future__ import annotations

import multiprocessing as mp
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from diffusers import AutoencoderKLCogVideoX

from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Plan
from splitreel.models.cogvideox.image_encoder import ParallelImageEncoder
from splitreel.models.cogvideox.random_model import make_model
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import REPLICA, MeshBuilder

# 112 x 104 pixels in tiles of 48 x 40 with overlaps: twelve tiles, those at the edges smaller.
PICTURE = torch.rand(1, 3, 1, 112, 104, generator=torch.Generator().manual_seed(5)) * 2 - 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("model")
    make_model("i2v-5b", root)
    return root / "vae"


def load(folder: Path) -> AutoencoderKLCogVideoX:
    vae = AutoencoderKLCogVideoX.from_pretrained(folder).requires_grad_(False)
    vae.enable_tiling()
    return vae


def out_of_memory(*_: object, **__: object) -> None:
    raise torch.OutOfMemoryError("played")


def _rank(rank: int, size: int, folder: Path, store: str, pipe: Connection) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=size, timeout=timedelta(seconds=120)
    )
    mesh = MeshBuilder(rank).mesh(Plan(ring=size))
    assert mesh is not None
    vae = load(folder)
    calls = 0
    encoder = vae.encoder.forward

    def counted(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        return encoder(*args, **kwargs)

    vae.encoder.forward = counted
    shared = ParallelImageEncoder(vae, mesh[REPLICA], Traffic(), Agreement(mesh[REPLICA].handle, size))
    with shared.replacing_vae_encode():
        moments = vae.encode(PICTURE).latent_dist.parameters
    shared_calls = calls
    plain = vae.encode(PICTURE).latent_dist.parameters
    # A failure on one rank ends the encoding on all, so none waits for its tiles.
    if rank == 1:
        vae.encoder.forward = out_of_memory
    try:
        shared.moments(PICTURE)
    except (SplitreelError, torch.OutOfMemoryError):
        failed = True
    else:
        failed = False
    pipe.send((shared_calls, torch.equal(moments, plain), failed))
    pipe.recv()


@pytest.mark.parametrize("size", [2, 3])
def test_tiles_over_ranks_are_the_tiled_encode_bit_for_bit(size: int, folder: Path, tmp_path: Path) -> None:
    context = mp.get_context("fork")
    pipes, processes = [], []
    for rank in range(size):
        ours, theirs = context.Pipe()
        arguments = (rank, size, folder, str(tmp_path / "store"), theirs)
        process = context.Process(target=_rank, args=arguments, daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)
    calls = []
    for pipe in pipes:
        assert pipe.poll(120)
        shared_calls, is_equal, failed = pipe.recv()
        calls.append(shared_calls)
        assert is_equal
        assert failed
    assert sum(calls) == 12, "each tile is encoded once"
    assert max(calls) < 12 / size + 2
    for pipe, process in zip(pipes, processes, strict=True):
        pipe.send(None)
        process.join(10)
        process.kill()


@torch.no_grad()
def test_an_image_no_larger_than_a_tile_is_not_split(folder: Path) -> None:
    vae = load(folder)
    mesh = MeshBuilder(0).mesh(Plan())
    assert mesh is not None
    picture = PICTURE[..., :48, :40]
    found = ParallelImageEncoder(vae, mesh[REPLICA], Traffic(), Agreement(None, 1)).moments(picture)
    assert torch.equal(found, vae.encode(picture).latent_dist.parameters)
