"""Finds ranks that died or hang: no sign of life, or no work although they aren't waiting for another rank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from splitreel.contract import failures
from splitreel.contract.errors import AppError
from splitreel.contract.types import Stage
from splitreel.machine.process_activity import read_activity
from splitreel.worker.supervisor.ranks import Rank, RankSet

_WINDOW_S = 2.0
# A rank that only sends heartbeats uses less than this share of a core.
_IDLE_CPU_SHARE = 0.02
_IDLE_READ_BYTES = 100_000
# The exit code may arrive this much later than the closed socket.
_EXIT_CODE_S = 1.0


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. Slow is not hung: a rank that computes or reads is never ended."""

    heartbeat_s: float = 8.0  # no heartbeat and no work
    idle_s: float = 60.0  # heartbeats, but neither work nor waiting for another rank
    deadlock_s: float = 300.0  # all ranks wait for each other
    cancel_s: float = 30.0  # from a cancel to the last rank's answer


def find_dead(ranks: RankSet, now: float, stage_of: Callable[[int], Stage]) -> AppError | None:
    """RANK_DIED for the first rank whose process is gone. The others may have died because of it."""
    gone = [(rank.disconnected_at, rank) for rank in ranks.ranks if rank.disconnected_at is not None]
    if not gone:
        return None
    at, first = min(gone, key=lambda entry: entry[0])
    if first.exit_code is None and now - at < _EXIT_CODE_S:
        return None
    return failures.rank_died(
        rank=first.number, stage=stage_of(first.number), exit=first.exit_code, details=first.tail.text()
    ).error


def find_hung(ranks: RankSet, now: float, deadlines: Deadlines, stage_of: Callable[[int], Stage]) -> AppError | None:
    """RANK_HUNG for the rank that keeps the others waiting."""
    for rank in ranks.ranks:
        if rank.pid is None or rank.answer is not None:
            continue
        if _has_worked(rank, now):
            rank.last_activity = now
        quiet_s = now - rank.last_heartbeat
        idle_s = now - rank.last_activity
        is_stopped = rank.activity is not None and rank.activity.is_stopped
        if quiet_s > deadlines.heartbeat_s and (is_stopped or idle_s > deadlines.heartbeat_s):
            return _hung(rank, quiet_s, stage_of)
        if not rank.is_waiting and idle_s > deadlines.idle_s:
            return _hung(rank, idle_s, stage_of)
    busy = [rank for rank in ranks.ranks if rank.answer is None and rank.pid is not None]
    if busy and all(rank.is_waiting and now - rank.last_activity > deadlines.deadlock_s for rank in busy):
        stuck = min(busy, key=lambda rank: rank.last_activity)
        return _hung(stuck, now - stuck.last_activity, stage_of)
    return None


def _hung(rank: Rank, seconds: float, stage_of: Callable[[int], Stage]) -> AppError:
    return failures.rank_hung(
        rank=rank.number,
        stage=stage_of(rank.number),
        silent_ms=1000 * seconds,
        details=f"{rank.where}\n{rank.tail.text()}",
    ).error


def _has_worked(rank: Rank, now: float) -> bool:
    """Asks the kernel every two seconds, not the rank: a heartbeat thread that gets no CPU must not look like a hang.

    Neither must a rank on a machine so busy that it hardly runs: then it is in the queue for a CPU.
    """
    assert rank.pid is not None
    window_s = now - rank.activity_read_at
    if rank.activity is not None and window_s < _WINDOW_S:
        return False
    before, after = rank.activity, read_activity(rank.pid)
    rank.activity, rank.activity_read_at = after, now
    if before is None or after is None:
        return before is None
    cpu_s = after.cpu_s - before.cpu_s + after.queued_s - before.queued_s
    read_bytes = after.read_bytes - before.read_bytes
    return cpu_s > _IDLE_CPU_SHARE * window_s or read_bytes > _IDLE_READ_BYTES * window_s
