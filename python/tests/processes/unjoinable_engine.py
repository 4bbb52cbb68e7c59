"""The fake engine on a machine whose CUDA doesn't start."""

from __future__ import annotations

from splitreel.contract import failures
from splitreel.worker.rank.messages import Join
from splitreel.worker.rank.port import RankEngine


def preload() -> None:
    pass


def join_world(join: Join, before: RankEngine | None) -> RankEngine:
    raise failures.cuda_unavailable(device=join.device.label, details="the driver is too old")
