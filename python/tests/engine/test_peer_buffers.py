"""Exchange buffers on real ranks: what arrives in them, and when they are freed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from splitreel.bench.silent import SilentHooks
from splitreel.bench.world import RankContext, World
from splitreel.contract.types import Plan, Stage
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.engine.links import Links, buffer_use
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.exchange import TokenReturn, gather_tokens, send_heads
from splitreel.parallel.groups import Group, MeshBuilder
from splitreel.rules.memory import OVERHEAD_BYTES, link_bytes
from tests.parallel.shared_peers import ConnectShared

RANKS = 4
JOB = EngineJob(96, 64, 9, 2, videos=(VideoJob("a dog", "", 1),))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(RANKS, "cpu") as ranks:
        yield ranks


def meshes_of(context: RankContext, folder: Path) -> MeshBuilder:
    return MeshBuilder(context.rank, context.device, ConnectShared(folder))


@dataclass(frozen=True)
class Exchanged:
    heads: torch.Tensor
    returned: torch.Tensor
    gathered: torch.Tensor


def exchange(context: RankContext, folder: Path | None) -> tuple[Exchanged, Exchanged]:
    """Each exchange over peer memory and over the process group, twice through the same buffers."""

    def run(group: Group, turn: int) -> Exchanged:
        lengths, traffic = [3, 2], Traffic()
        own = lengths[group.index]
        packed = torch.arange(2.0 * 2 * own * 3 * 4).view(2, 2, own, 3, 4) + 1000 * group.ranks[group.index] + turn
        sent = send_heads(packed, lengths, 0, group, traffic)
        heads = sent.wait().clone()
        returning = TokenReturn(heads[0], 2, lengths, group, traffic)
        for video in heads:
            returning.send(video)
        returned = torch.stack([returning.wait(video) for video in range(2)])
        gathering = gather_tokens(packed[:, 0].contiguous(), lengths, 0, group, traffic)
        gathered = gathering.wait().clone()
        gathering.release()
        return Exchanged(heads, returned.clone(), gathered)

    meshes = MeshBuilder(context.rank) if folder is None else meshes_of(context, folder)
    mesh = meshes.mesh(Plan(cfg=2, ulysses=2))
    assert mesh is not None
    assert (mesh["ulysses"].peers is None) == (folder is None)
    return run(mesh["ulysses"], 0), run(mesh["ulysses"], 1)


def test_the_same_arrives_over_peer_memory_as_over_the_process_group(world: World, tmp_path: Path) -> None:
    over_memory = world.run(exchange, tmp_path, timeout_s=120)
    over_group = world.run(exchange, None, timeout_s=120)
    for ours, expected in zip(over_memory, over_group, strict=True):
        for one, other in zip(ours, expected, strict=True):
            for name in ("heads", "returned", "gathered"):
                assert torch.equal(getattr(one, name), getattr(other, name)), name


def buffers_by_job(context: RankContext, folder: Path) -> list[int]:
    """Bytes of this rank's buffers before each of several jobs, in which every group with peers takes the same amount."""
    meshes = meshes_of(context, folder)
    links = Links(meshes, Agreement(None, context.size), context.device, is_nvlinked=True)
    options, model = LoadOptions(), folder
    found: list[int] = []
    small = replace(JOB, num_frames=5)
    four, two = Plan(ulysses=RANKS), Plan(cfg=2, ring=2)
    for plan, job in ((four, JOB), (four, JOB), (four, small), (two, small), (Plan(cfg=2), small)):
        links.keep_buffers_for(buffer_use(model, options, plan, job))
        found.append(meshes.buffer_bytes)
        mesh = meshes.mesh(plan)
        for axis in ("ulysses", "ring") if mesh is not None else ():
            if mesh is not None and (peers := mesh[axis].peers) is not None:
                peers.buffers(1, 100 * job.num_frames)
    links.keep_buffers_for(None)
    return [*found, meshes.buffer_bytes]


def test_buffers_last_as_long_as_jobs_use_the_same_plan_and_size(world: World, tmp_path: Path) -> None:
    # The last plan leaves two ranks idle, which take part in freeing all the same.
    assert world.run(buffers_by_job, tmp_path, timeout_s=120) == [[0, 900, 0, 0, 0, 0]] * RANKS


def engine_buffers(context: RankContext, arguments: tuple[Path, Path]) -> list[int]:
    """Bytes of buffers when the engine starts to encode, after another job's buffers were made."""
    folder, model = arguments
    engine = context.engine
    engine._meshes._connect = ConnectShared(folder)
    found: list[int] = []

    class Hooks(SilentHooks):
        def stage_started(self, video: int, stage: Stage, total: int) -> None:
            if stage is Stage.ENCODING:
                found.append(engine._meshes.buffer_bytes)

    for plan, job in ((Plan(ulysses=2), JOB), (Plan(ulysses=2), JOB), (Plan(cfg=2), JOB)):
        engine.load(model, plan, LoadOptions(), Hooks(), job)
        engine.generate(job, plan, Hooks())
        mesh = engine._meshes.mesh(plan)
        if mesh is not None and (peers := mesh["ulysses"].peers) is not None:
            peers.buffers(1, 1000)
    return found


def test_an_engine_frees_the_buffers_of_another_plan_before_it_looks_at_memory(
    world: World, tmp_path: Path, model_of: Callable[[str], Path]
) -> None:
    found = world.run(engine_buffers, (tmp_path, model_of("t2v-2b")), timeout_s=120)
    assert found[:2] == [[0, 1000, 0]] * 2


def test_what_a_process_holds_already_is_not_needed_again() -> None:
    meshes = MeshBuilder(0)
    links = Links(meshes, Agreement(None, 1), torch.device("cpu"), is_nvlinked=True)
    plan, other = Plan(cfg=2), Plan(ulysses=2)
    assert links.taken_bytes(plan) == 0
    links.ran(plan)
    assert links.taken_bytes(other) == OVERHEAD_BYTES
    assert links.taken_bytes(plan) == OVERHEAD_BYTES + link_bytes(plan, is_nvlinked=True, is_first_gpu=True)
