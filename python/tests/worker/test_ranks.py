"""When a set of ranks is ready for a job."""

from __future__ import annotations

import io
from pathlib import Path

from splitreel.worker.rank.messages import Channel
from splitreel.worker.supervisor.launcher import Tail
from splitreel.worker.supervisor.ranks import Rank, RankSet


def test_ranks_are_ready_once_they_have_joined_and_their_pids_are_known(tmp_path: Path) -> None:
    ranks = RankSet(tmp_path, lambda: 0.0)
    assert not ranks.all_joined
    ranks.ranks = [
        Rank(serial, number, "CPU", Channel(io.BytesIO()), Tail(), 0.0, 0.0) for serial, number in ((7, 0), (8, 1))
    ]
    for rank in ranks.ranks:
        rank.is_joined = True
    assert not ranks.all_joined
    for serial in (7, 8):
        ranks.forked(serial, 2**22 + serial)
    assert ranks.all_joined
