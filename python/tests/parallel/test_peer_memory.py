"""When exchanges do not run over peer memory. That they do is measured by `bench gpu`, and tried by the ranks themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
import torch.distributed as dist

from splitreel.contract.types import Plan
from splitreel.parallel import peer_memory
from splitreel.parallel.groups import MeshBuilder
from splitreel.parallel.peer_memory import Copy, PeerMemory
from splitreel.parallel.peer_wait import is_waiting_for_peers

GPU = torch.device("cuda", 0)


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


class Exchanges:
    """What the second of two ranks answers in each exchange of the first. None: the same as the first."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)

    def __call__(self, gathered: list[object], own: object, group: object) -> None:
        answer = self._answers.pop(0)
        gathered[:] = [own, own if answer is None else answer]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps of connecting that ran on this rank. None of them touches a GPU."""
    ran: list[str] = []

    def step(name: str, result: object) -> Callable[..., object]:
        return lambda *_: (ran.append(name), result)[1]

    monkeypatch.setattr(peer_memory, "_rank_problem", lambda: None)
    monkeypatch.setattr(peer_memory, "_problem", lambda _: None)
    monkeypatch.setattr(peer_memory, "PeerMemory", step("connect", object.__new__(PeerMemory)))
    monkeypatch.setattr(peer_memory, "_try_messages", step("try", None))
    monkeypatch.setattr(peer_memory, "_copy_rate", step("measure", 2e11))
    return ran


@pytest.mark.parametrize(
    ("answers", "ran"),
    [
        ((None, "no memory"), ["connect"]),
        ((None, None, "a copy into another GPU's memory arrived corrupted"), ["connect", "try"]),
        ((None, None, None, "no memory"), ["connect", "try", "measure"]),
    ],
)
def test_no_rank_goes_on_alone_after_another_failed(
    answers: tuple[str | None, ...], ran: list[str], steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges = [("", 0, None), *answers[1:]]
    monkeypatch.setattr(dist, "all_gather_object", Exchanges(*exchanges))
    assert peer_memory.connect_peers(dist.ProcessGroup(0, 2), 0, 2, GPU) == (None, answers[-1])
    assert steps == ran


@pytest.mark.parametrize(("other", "is_fast"), [(3e11, True), (4e10, False)])
def test_peers_are_as_fast_as_the_slowest(
    other: float, is_fast: bool, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Exchanges(None, None, None, None, other)
    monkeypatch.setattr(dist, "all_gather_object", answers)
    peers, problem = peer_memory.connect_peers(dist.ProcessGroup(0, 2), 0, 2, GPU)
    assert problem is None
    assert peers is not None
    assert peers.is_fast is is_fast
    assert steps == ["connect", "try", "measure"]


class Peers:
    """Two ranks that send the same. `corrupted` and `lost`: numbers of messages."""

    index, size = 0, 2

    def __init__(self, *, corrupted: tuple[int, ...] = (), lost: tuple[int, ...] = ()) -> None:
        self.sent = 0
        self._corrupted = corrupted
        self._lost = lost
        self._buffers = [torch.zeros(1 << 20, dtype=torch.uint8) for _ in range(2)]

    def buffers(self, _slot: int, _nbytes: int) -> list[torch.Tensor]:
        return self._buffers

    def start(self, _slot: int, copies: Sequence[Copy], *, may_overwrite: bool) -> Peers:
        assert not may_overwrite
        width = copies[0].source.numel()
        self._buffers[0][:width].copy_(copies[0].source)
        self._buffers[0][width : 2 * width].copy_(copies[0].source + 1)
        if self.sent in self._corrupted:
            self._buffers[0][width] = 0
        self.sent += 1
        return self

    def wait(self) -> None: ...

    def release(self) -> None: ...

    def arrives(self, _within_s: float) -> bool:
        return self.sent - 1 not in self._lost


@pytest.mark.parametrize(
    ("peers", "problem"),
    [
        (Peers(corrupted=(0,)), "arrived corrupted"),
        (Peers(corrupted=(1,)), "arrived corrupted"),
        (Peers(lost=(0,)), "did not arrive"),
        (Peers(corrupted=(0,), lost=(1,)), "did not arrive"),
    ],
)
def test_a_failed_trial_still_sends_what_other_ranks_wait_for(peers: Peers, problem: str) -> None:
    with pytest.raises(RuntimeError, match=problem):
        peer_memory._try_messages(cast("PeerMemory", peers), torch.device("cpu"))
    assert peers.sent == 2


def test_messages_that_arrive_pass_the_trial() -> None:
    peer_memory._try_messages(cast("PeerMemory", Peers()), torch.device("cpu"))


def _refusing(*errors: str) -> Callable[..., str]:
    """An allocation that fails with these errors before it succeeds."""
    left = list(errors)

    def empty(*_: Any, **__: Any) -> str:
        if left:
            raise RuntimeError(left.pop(0))
        return "memory"

    return empty


@pytest.mark.parametrize(
    ("errors", "result"),
    [
        ([], "memory"),
        (["CUDA driver error: out of memory"], "memory"),
        (["CUDA driver error: out of memory"] * 2, torch.OutOfMemoryError),
        (["CUDA driver error: invalid argument"], RuntimeError),
    ],
)
def test_buffers_may_take_what_torch_caches(
    errors: list[str], result: str | type[RuntimeError], monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch.distributed import _symmetric_memory as symmetric

    emptied: list[None] = []
    monkeypatch.setattr(symmetric, "empty", _refusing(*errors))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(None))
    if isinstance(result, str):
        assert peer_memory._allocate(1, GPU) == result
    else:
        with pytest.raises(RuntimeError) as caught:
            peer_memory._allocate(1, GPU)
        assert caught.type is result
    assert len(emptied) == ("out of memory" in "".join(errors))


def test_a_rank_that_waits_for_a_larger_buffer_is_seen_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.distributed import _symmetric_memory as symmetric

    seen: list[bool] = []

    def wait(*_: object, **__: object) -> Any:
        seen.append(is_waiting_for_peers())
        return SimpleNamespace(get_buffer=lambda *_: torch.zeros(2))

    monkeypatch.setattr(torch.cuda, "synchronize", wait)
    monkeypatch.setattr(dist, "barrier", wait)
    monkeypatch.setattr(symmetric, "rendezvous", wait)
    monkeypatch.setattr(symmetric, "empty", lambda *_, **__: torch.zeros(2))
    peers = object.__new__(PeerMemory)
    peers.index, peers.size, peers._device, peers._buffers = 0, 2, GPU, {}
    peers._handle = cast("dist.ProcessGroup", SimpleNamespace(group_name="pair"))
    peers.buffers(0, 1)
    peers.buffers(0, 3)
    # Before the smaller buffer goes, for the larger one, and until every rank has it.
    assert seen == [True] * 11
