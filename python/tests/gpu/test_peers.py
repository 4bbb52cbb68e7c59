"""Peer memory on two GPUs: copies arrive whole, also into a buffer whose owner is late, or not at all."""

from __future__ import annotations

import pytest
import torch

from splitreel.bench.world import RankContext, World
from splitreel.contract.types import Plan
from splitreel.parallel.groups import MeshBuilder
from splitreel.parallel.peer_memory import Copy

pytestmark = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
BYTES = 64 << 20


def first_message(context: RankContext, late: int) -> bool:
    """Sends into a new buffer while the stream of rank `late` is busy. Whether all bytes arrived."""
    mesh = MeshBuilder(context.rank, context.device).mesh(Plan(ulysses=2))
    assert mesh is not None
    peers = mesh["ulysses"].peers
    assert peers is not None
    sent = torch.full((BYTES // 2,), context.rank + 1, dtype=torch.uint8, device=context.device)
    if context.rank == late:
        torch.cuda._sleep(2_000_000_000)  # about a second
    buffers = peers.buffers(3, BYTES)
    start = context.rank * len(sent)
    copies = [Copy(rank, sent, buffers[rank][start : start + len(sent)]) for rank in range(2)]
    message = peers.start(3, copies, may_overwrite=True)
    message.wait()
    received = buffers[context.rank][:BYTES].view(2, -1)
    return all(bool((received[rank] == rank + 1).all()) for rank in range(2))


@pytest.mark.parametrize("late", [0, 1])
def test_a_message_into_a_new_buffer_arrives_whole(late: int) -> None:
    with World(2, "cuda") as world:
        assert world.run(first_message, late, timeout_s=120) == [True, True]


def missing_message(context: RankContext, sender: int) -> bool:
    """Waits for a message that only rank `sender` sends. Whether it arrived."""
    mesh = MeshBuilder(context.rank, context.device).mesh(Plan(ulysses=2))
    assert mesh is not None
    peers = mesh["ulysses"].peers
    assert peers is not None
    number = 1
    if context.rank == sender:
        peers.start(5, [], may_overwrite=True)
    peers.wait(5, number)
    arrives = peers.arrives(5, number, within_s=2.0)
    torch.cuda.synchronize()
    return arrives


def test_a_message_that_never_arrives_ends_the_wait_for_it() -> None:
    with World(2, "cuda") as world:
        assert world.run(missing_message, 1, timeout_s=120) == [True, False]
