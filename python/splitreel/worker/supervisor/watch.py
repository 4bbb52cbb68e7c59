"""Who is hung? A rank that gives no sign, or one that does nothing while it is not waiting for another."""

from __future__ import annotations

from dataclasses import dataclass

from splitreel.machine.vitals import read_vitals
from splitreel.worker.supervisor.ranks import Rank, RankSet

_WINDOW_S = 2.0
# Less of either than this a second is the heartbeat's own doing.
_IDLE_CPU_SHARE = 0.02
_IDLE_READ_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. Slow is not hung: a rank that computes or reads is never ended."""

    heartbeat_s: float = 8.0  # no heartbeat and no work
    idle_s: float = 60.0  # heartbeats, but neither work nor waiting for another rank
    deadlock_s: float = 300.0  # all ranks wait for each other
    cancel_s: float = 30.0  # from a cancel to the last rank's answer


@dataclass(frozen=True, slots=True)
class Hung:
    rank: Rank
    seconds: float


def find_hung(ranks: RankSet, now: float, deadlines: Deadlines) -> Hung | None:
    for rank in ranks.ranks:
        if rank.pid is None or rank.answer is not None:
            continue
        if _has_worked(rank, now):
            rank.last_activity = now
        quiet_s = now - rank.last_heartbeat
        idle_s = now - rank.last_activity
        is_stopped = rank.vitals is not None and rank.vitals.is_stopped
        if quiet_s > deadlines.heartbeat_s and (is_stopped or idle_s > deadlines.heartbeat_s):
            return Hung(rank, quiet_s)
        if not rank.is_waiting and idle_s > deadlines.idle_s:
            return Hung(rank, idle_s)
    busy = [rank for rank in ranks.ranks if rank.answer is None and rank.pid is not None]
    if busy and all(rank.is_waiting for rank in busy):
        stuck = min(busy, key=lambda rank: rank.last_activity)
        if all(now - rank.last_activity > deadlines.deadlock_s for rank in busy):
            return Hung(stuck, now - stuck.last_activity)
    return None


def _has_worked(rank: Rank, now: float) -> bool:
    """Looks every two seconds; None of it is told by the rank itself, so a starved thread does not matter."""
    assert rank.pid is not None
    window_s = now - rank.vitals_at
    if rank.vitals is not None and window_s < _WINDOW_S:
        return False
    before, after = rank.vitals, read_vitals(rank.pid)
    rank.vitals, rank.vitals_at = after, now
    if before is None or after is None:
        return before is None
    cpu_s, read_bytes = after.cpu_s - before.cpu_s, after.read_bytes - before.read_bytes
    return cpu_s > _IDLE_CPU_SHARE * window_s or read_bytes > _IDLE_READ_BYTES * window_s
