"""When a set of ranks is ready for a job, and what it leaves behind."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("is_gone", [True, False], ids=["gone", "running"])
def test_the_end_of_a_rank_closes_its_descriptor(tmp_path: Path, is_gone: bool) -> None:
    ranks = RankSet(tmp_path, lambda: 0.0)
    ranks.ranks = [Rank(1, 0, "CPU", Channel(io.BytesIO()), Tail(), 0.0, 0.0)]
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ranks.forked(1, process.pid)
    descriptor = ranks.ranks[0].pidfd
    assert descriptor is not None
    if is_gone:
        process.kill()
        process.wait()
    ranks.end()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    process.communicate()
