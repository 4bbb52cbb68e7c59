"""What the kernel says about a process, and a clock that ignores time in which this process was stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from splitreel.machine import process_activity
from splitreel.machine.process_activity import SteadyClock, read_activity


def test_a_stopped_process_is_detected(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        running = read_activity(process.pid)
        assert running is not None
        assert not running.is_stopped
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        stopped = read_activity(process.pid)
        assert stopped is not None
        assert stopped.is_stopped
        os.kill(process.pid, signal.SIGCONT)
    finally:
        process.kill()
        process.wait()
    assert read_activity(process.pid) is None


def test_work_is_counted(tmp_path: Path) -> None:
    before = read_activity(os.getpid())
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    (tmp_path / "file").read_bytes()
    after = read_activity(os.getpid())
    assert before is not None
    assert after is not None
    assert after.read_bytes - before.read_bytes >= 1_000_000
    assert after.cpu_s >= before.cpu_s


def test_a_process_without_a_cpu_is_waiting_for_one() -> None:
    """Two processes share one CPU, so each is in the queue for about half of the time."""
    spin = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); print(flush=True)\nwhile True: pass"
    processes = [subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        begun = read_activity(processes[0].pid)
        assert begun is not None
        while (now := read_activity(processes[0].pid)) is not None and now.queued_s - begun.queued_s < 0.05:
            assert now.cpu_s - begun.cpu_s < 30
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
    assert now is not None


def test_time_while_this_process_was_stopped_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(process_activity.time, "monotonic", lambda: now)
    clock = SteadyClock()
    for now in (100.2, 100.4, 3700.0, 3700.2):  # noqa: B007 - read by the lambda
        clock.tick()
    assert clock.now == pytest.approx(0.2 + 0.2 + 1.0 + 0.2)
