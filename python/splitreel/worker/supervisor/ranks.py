"""The running ranks: their state, and how they start and end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from splitreel.contract.protocol import RunningRank
from splitreel.contract.types import Device
from splitreel.machine.process_activity import ProcessActivity
from splitreel.machine.topology import nvlink_island_size
from splitreel.worker.rank.messages import Channel, Done, Join, RankCommand, Stopped
from splitreel.worker.supervisor.launcher import LaunchedRank, Launcher, Tail
from splitreel.worker.supervisor.process_environment import core_count

# A slow peer is not a dead peer. The supervisor finds dead ones by watching, long before a collective times out.
_COLLECTIVE_TIMEOUT_S = 3600.0


@dataclass(slots=True)
class Rank:
    serial: int  # of the process; a restarted rank gets a new one
    number: int
    device: Device
    channel: Channel
    tail: Tail
    last_heartbeat: float  # all times are the steady clock's
    last_activity: float
    pid: int | None = None
    pidfd: int | None = None
    is_waiting: bool = False
    where: str = ""
    is_joined: bool = False
    disconnected_at: float | None = None
    exit_code: int | None = None
    activity: ProcessActivity | None = None
    activity_read_at: float = 0.0
    answer: Done | Stopped | None = None

    def send(self, command: RankCommand) -> None:
        # A dead rank is found by its closed socket.
        with suppress(OSError, ValueError):
            self.channel.send(command)


class RankSet:
    """Ranks of one world on one choice of devices."""

    def __init__(self, private_folder: Path, now: Callable[[], float]) -> None:
        self._folder = private_folder
        self._now = now
        self._serial = 0
        self._generation = 0
        self.devices: tuple[Device, ...] = ()
        self.ranks: list[Rank] = []

    def __len__(self) -> int:
        return len(self.ranks)

    @property
    def joined_count(self) -> int:
        return sum(rank.is_joined for rank in self.ranks)

    @property
    def all_joined(self) -> bool:
        """Also requires their pids: a rank may join before the zygote's message about its fork arrives."""
        return bool(self.ranks) and all(rank.is_joined and rank.pid is not None for rank in self.ranks)

    def by_serial(self, serial: int) -> Rank | None:
        return next((rank for rank in self.ranks if rank.serial == serial), None)

    def running(self) -> tuple[RunningRank, ...]:
        return tuple(RunningRank(rank.number, rank.pid or 0, rank.device) for rank in self.ranks)

    def provide(self, launcher: Launcher, devices: tuple[Device, ...], count: int) -> None:
        """Makes sure that at least `count` ranks run on these devices, and keeps those that do."""
        if self.ranks and not self._can_keep(devices):
            self.end()
        if not self.ranks or len(devices) > len(self.devices):
            self.devices = devices
        if len(self.ranks) >= count:
            return
        for number in range(len(self.ranks), count):
            self._start(launcher, number)
        self._join_all()

    def end(self) -> None:
        """Kills every rank. The kernel frees their memory, whatever state they were in."""
        for rank in self.ranks:
            _kill(rank)
        self.ranks = []
        self.devices = ()

    def forked(self, serial: int, pid: int) -> None:
        rank = self.by_serial(serial)
        if rank is None:
            # The job ended before the fork.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        rank.pid = pid
        # The zygote may have imported for a minute before it forked.
        rank.last_heartbeat = rank.last_activity = self._now()
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):
                rank.pidfd = os.pidfd_open(pid)

    def exited(self, pid: int, code: int) -> None:
        for rank in self.ranks:
            if rank.pid == pid:
                rank.exit_code = code

    def _start(self, launcher: Launcher, number: int) -> None:
        self._serial += 1
        environment: dict[str, str] = {}
        device = self.devices[number]
        if device.kind == "cuda":
            # Every rank sees all devices of the set, so that peers can access each other's memory.
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(each.uuid or str(each.index) for each in self.devices)
        launched: LaunchedRank = launcher.fork(self._serial, environment)
        now = self._now()
        self.ranks.append(Rank(self._serial, number, device, launched.channel, launched.tail, now, now))

    def _join_all(self) -> None:
        self._generation += 1
        store = self._folder / f"store-{self._generation}"
        gpus = [rank.device.index for rank in self.ranks if rank.device.kind == "cuda"]
        is_nvlinked = nvlink_island_size(gpus) > 1
        for rank in self.ranks:
            rank.is_joined = False
            rank.send(
                Join(
                    rank=rank.number,
                    world_size=len(self.ranks),
                    store=str(store),
                    device=rank.device,
                    threads=max(1, core_count() // len(self.ranks)),
                    timeout_s=_COLLECTIVE_TIMEOUT_S,
                    is_nvlinked=is_nvlinked,
                )
            )

    def _can_keep(self, devices: tuple[Device, ...]) -> bool:
        """A rank only sees the GPUs that it was started with. On a CPU nothing can differ."""
        if self.devices == devices:
            return True
        return all(device.kind == "cpu" for device in (*self.devices, *devices))


def _kill(rank: Rank) -> None:
    # Signaling a rank that is already gone raises.
    with suppress(OSError, ValueError):
        if rank.pidfd is not None:
            # The kernel may have reused the pid; the descriptor still means this process.
            signal.pidfd_send_signal(rank.pidfd, signal.SIGKILL)
        elif rank.pid is not None:
            os.kill(rank.pid, signal.SIGKILL)
    if rank.pidfd is not None:
        os.close(rank.pidfd)
        rank.pidfd = None
