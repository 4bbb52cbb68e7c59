"""A rank on a busy machine is slow, not hung."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from splitreel.contract.devices import cpu_devices
from splitreel.contract.types import Stage
from splitreel.machine.process_activity import ProcessActivity
from splitreel.worker.rank.messages import Channel
from splitreel.worker.supervisor import watch
from splitreel.worker.supervisor.launcher import Tail
from splitreel.worker.supervisor.ranks import Rank, RankSet
from splitreel.worker.supervisor.watch import Deadlines, find_hung


def ranks_of(tmp_path: Path, forked_at: float) -> RankSet:
    """One rank that was requested at 0 and forked later."""
    ranks = RankSet(tmp_path, lambda: forked_at)
    ranks.ranks = [Rank(1, 0, cpu_devices(1)[0], Channel(io.BytesIO()), Tail(), 0.0, 0.0)]
    ranks.forked(1, 2**22 + 1)
    return ranks


@pytest.mark.parametrize(("queued_share", "is_hung"), [(0.9, False), (0.0, True)])
def test_a_rank_that_gets_no_cpu_is_in_the_queue_for_one(
    queued_share: float, is_hung: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = ranks_of(tmp_path, 0.0)
    now = 0.0
    monkeypatch.setattr(
        watch, "read_activity", lambda _pid: ProcessActivity(False, 0.001 * now, 0, queued_s=queued_share * now)
    )
    found = []
    for step in range(20):
        now = float(step)
        found.append(find_hung(ranks, now, Deadlines(), lambda _: Stage.LOADING))
    assert any(found) is is_hung


def test_a_rank_that_is_forked_late_was_not_silent_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "read_activity", lambda _pid: ProcessActivity(True, 0.0, 0, 0.0))
    ranks = ranks_of(tmp_path, 100.0)
    assert find_hung(ranks, 101.0, Deadlines(), lambda _: Stage.STARTING) is None
    assert find_hung(ranks, 109.0, Deadlines(), lambda _: Stage.STARTING) is not None
