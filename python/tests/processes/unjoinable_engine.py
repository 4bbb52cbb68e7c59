"""The fake engine on a machine whose CUDA doesn't start."""

from __future__ import annotations

from splitreel.contract.errors import SplitreelError
from splitreel.worker.rank.messages import Join
from splitreel.worker.rank.port import RankContext


def preload() -> None:
    pass


def join_world(join: Join, before: RankContext | None) -> RankContext:
    raise SplitreelError("CUDA_UNAVAILABLE", {"device": join.label, "problem": "the driver is too old"})
