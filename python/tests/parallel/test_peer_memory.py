"""When exchanges do not run over peer memory. That they do is measured by `bench gpu`, and tried by the ranks themselves."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

from splitreel.contract.types import Plan
from splitreel.parallel import peer_memory
from splitreel.parallel.groups import MeshBuilder


def test_without_a_gpu_ranks_exchange_over_their_process_group() -> None:
    handle = dist.ProcessGroup(0, 2)
    assert peer_memory.connect_peers(handle, 0, 2, torch.device("cpu")) == (None, "there is no GPU")
    mesh = MeshBuilder(0, torch.device("cpu")).mesh(Plan())
    assert mesh is not None
    assert mesh["ulysses"].peers is None


@pytest.mark.parametrize(
    ("ranks", "problem"),
    [
        ([("a", 0, None), ("b", 0, None)], "the GPUs are in several machines"),
        ([("a", 0, None), ("a", 1, "no libcuda.so.1")], "no libcuda.so.1"),
    ],
)
def test_the_first_reason_against_it_is_every_ranks_answer(
    ranks: list[tuple[str, int, str | None]], problem: str
) -> None:
    assert peer_memory._problem(ranks) == problem


def test_gpus_that_do_not_reach_each_other_exchange_over_nccl(monkeypatch: pytest.MonkeyPatch) -> None:
    reach = {(0, 1): True, (1, 0): False}
    monkeypatch.setattr(torch.cuda, "can_device_access_peer", lambda one, other: reach[one, other])
    ranks = [("a", 0, None), ("a", 1, None)]
    assert peer_memory._problem(ranks) == "the GPUs can't access each other's memory"
    reach[1, 0] = True
    assert peer_memory._problem(ranks) is None


@pytest.mark.parametrize(("value", "is_off"), [("1", True), ("0", False), ("", False)])
def test_peer_memory_follows_the_switch_of_nccl(value: str, is_off: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_memory, "_driver", lambda: None)
    monkeypatch.setenv("NCCL_P2P_DISABLE", value)
    assert peer_memory._rank_problem() == ("peer-to-peer is switched off" if is_off else None)
