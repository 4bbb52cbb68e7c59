"""The fake engine on a machine whose CUDA doesn't start."""

from __future__ import annotations

from splitreel.contract.errors import SplitreelError
from splitreel.worker.rank.messages import Join
from splitreel.worker.rank.port import RankEngine


def preload() -> None:
    pass


def join_world(join: Join, before: RankEngine | None) -> RankEngine:
    raise SplitreelError("CUDA_UNAVAILABLE", {"device": join.device.label, "problem": "the driver is too old"})
