"""A rank that waits for others says so, in every call that waits."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

from splitreel.contract.errors import Canceled
from splitreel.contract.types import Plan
from splitreel.parallel.agreement import Agreement
from splitreel.parallel.collectives import Traffic, all_gather, all_reduce, connect
from splitreel.parallel.groups import Group, MeshBuilder
from splitreel.parallel.peer_wait import is_waiting_for_peers, waiting_for_peers

PAIR = Group((0, 1), 0, None)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the flag was inside each of torch's calls."""
    seen: list[bool] = []
    for name in ("all_reduce", "all_gather", "new_group"):
        monkeypatch.setattr(dist, name, lambda *_, **__: seen.append(is_waiting_for_peers()))
    return seen


def test_every_call_that_waits_sets_the_flag(seen: list[bool]) -> None:
    tensor, traffic = torch.zeros(2), Traffic()
    all_reduce(tensor, PAIR, traffic)
    all_gather(tensor, [2, 2], 0, PAIR, traffic)
    connect(PAIR, torch.device("cpu"))
    Agreement(None, 2).raise_if_any(canceled=False)
    with pytest.raises(Canceled):
        Agreement(None, 2).raise_if_any(canceled=True)
    MeshBuilder(0).mesh(Plan(ring=2))
    assert seen
    assert all(seen)
    assert not is_waiting_for_peers()


def test_the_flag_is_cleared_by_an_error() -> None:
    with pytest.raises(RuntimeError), waiting_for_peers(), waiting_for_peers():
        raise RuntimeError("a peer is gone")
    assert not is_waiting_for_peers()
