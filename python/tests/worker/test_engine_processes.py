"""When the zygote is replaced."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from splitreel.contract.errors import AppError
from splitreel.machine.process_activity import SteadyClock
from splitreel.worker.supervisor.engine_processes import EngineProcesses
from splitreel.worker.supervisor.launcher import Launcher, LauncherEvent, ZygoteExited
from tests.processes.worker import HERE, all_gone


def test_a_dead_zygote_is_replaced_before_its_exit_is_reported(tmp_path: Path) -> None:
    launchers: list[Launcher] = []

    def start() -> Launcher:
        launchers.append(Launcher("fake_engine", ignore, HERE))
        return launchers[-1]

    engine = EngineProcesses(tmp_path, start, SteadyClock())
    try:
        engine.start()
        engine.start()
        assert len(launchers) == 1
        os.kill(launchers[0].pid, signal.SIGKILL)
        assert all_gone([launchers[0].pid])
        engine.start()
        assert len(launchers) == 2
        assert engine.on_event(ZygoteExited(launchers[0].pid)) is None, "the report comes late and is of the old one"
        assert isinstance(engine.on_event(ZygoteExited(launchers[1].pid)), AppError)
    finally:
        engine.close()


def ignore(_event: LauncherEvent) -> None:
    pass
