"""The real Links: one rank per GPU, in processes that can be killed when a link hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from splitreel.commands.doctor.links import Exchange, Pair
from splitreel.contract.variables import P2P_DISABLE
from splitreel.worker.supervisor.process_environment import child_environment

_SCRIPT = Path(__file__).with_name("link_ranks.py")
# Importing torch on a busy machine, and NCCL's first communicator, which examines all links.
_START_S = 150.0
_PAIR_S = 60.0
# Each hang costs a minute: the test must also end on a machine where nothing works.
_MOST_HANGS = 3
# How long the other ranks may take to answer once one has died.
_GRACE_S = 2.0
_POLL_S = 0.05


class LinkProbe:
    def __init__(self, devices: Mapping[int, str], *, script: Path = _SCRIPT) -> None:
        """`devices`: UUIDs by GPU number, as pairs use them. Empty UUIDs mean ranks on the CPU, over gloo."""
        self._uuids = [uuid for uuid in devices.values() if uuid]
        self._positions = {number: position for position, number in enumerate(devices)}
        self._numbers = list(devices)
        self._script = script

    def exchange(self, pairs: Sequence[Pair], *, is_p2p_off: bool) -> Mapping[Pair, Exchange]:
        found: dict[Pair, Exchange] = {}
        hangs = 0
        while pending := [pair for pair in pairs if pair not in found]:
            if hangs == _MOST_HANGS:
                found |= dict.fromkeys(pending, Exchange("not tried, after others had failed"))
                break
            answered, problem = self._run(pending, is_p2p_off=is_p2p_off)
            found |= answered
            stuck = next((pair for pair in pending if pair not in found), None)
            if stuck is not None:
                found[stuck] = Exchange(problem)
                hangs += 1
        return found

    def _run(self, pairs: Sequence[Pair], *, is_p2p_off: bool) -> tuple[dict[Pair, Exchange], str]:
        """The answers that arrived before the ranks ended or hung, and why there are no more."""
        with tempfile.TemporaryDirectory(prefix="splitreel-doctor-") as name:
            folder = Path(name)
            launcher = self._start(folder, pairs, is_p2p_off=is_p2p_off)
            try:
                problem = _wait(launcher, folder)
            finally:
                # Its ranks are in its process group, even if it has already ended.
                with suppress(ProcessLookupError):
                    os.killpg(launcher.pid, signal.SIGKILL)
                launcher.wait()
            answers = _read(folder)
        return {
            (self._numbers[first], self._numbers[second]): each for (first, second), each in answers.items()
        }, problem

    def _start(self, folder: Path, pairs: Sequence[Pair], *, is_p2p_off: bool) -> subprocess.Popen[bytes]:
        env = {**child_environment(), "OMP_NUM_THREADS": "1"}
        env.pop(P2P_DISABLE, None)
        if is_p2p_off:
            env[P2P_DISABLE] = "1"
        env["CUDA_VISIBLE_DEVICES"] = ",".join(self._uuids)
        text = ",".join(f"{self._positions[first]}-{self._positions[second]}" for first, second in pairs)
        command = [sys.executable, "-I", str(self._script), str(len(self._numbers)), str(folder), text]
        with (folder / "output").open("wb") as output:
            return subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )


def _wait(launcher: subprocess.Popen[bytes], folder: Path) -> str:
    """Waits until all ranks have ended or nothing has arrived for too long. Returns the reason."""
    deadline = time.monotonic() + _START_S
    seen: object = None
    while launcher.poll() is None and time.monotonic() < deadline:
        progress = [path.stat().st_size for path in (folder / "started", folder / "results") if path.exists()]
        if progress and progress != seen:
            seen = progress
            deadline = time.monotonic() + _PAIR_S
        if (folder / "failed").exists():
            deadline = min(deadline, time.monotonic() + _GRACE_S)
        time.sleep(_POLL_S)
    failed = folder / "failed"
    if failed.exists():
        output = folder / f"output-{failed.read_text()}"
    elif launcher.poll():
        output = folder / "output"
    else:
        return "nothing arrived in time"
    lines = output.read_text("utf-8", "replace").strip().splitlines()
    return (lines or [f"the ranks ended with {launcher.returncode}"])[-1][:200]


def _read(folder: Path) -> dict[Pair, Exchange]:
    """The results of pairs of which both ranks have answered, or one got wrong numbers."""
    file = folder / "results"
    answers: dict[Pair, dict[int, Exchange]] = {}
    for line in file.read_text("utf-8").splitlines() if file.exists() else ():
        answer = json.loads(line)
        first, second = answer["pair"]
        answers.setdefault((first, second), {})[answer["rank"]] = Exchange(answer["problem"], answer["speed"])
    return {
        pair: next((answer for answer in both.values() if answer.problem), next(iter(both.values())))
        for pair, both in answers.items()
        if len(both) == 2 or any(answer.problem for answer in both.values())
    }
