"""What a rank reports of a job's outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from splitreel.contract import failures, wire
from splitreel.contract.errors import PeerError
from splitreel.contract.protocol import StartJob
from splitreel.contract.types import Kernel, TextEncoderPolicy
from splitreel.engine.api import EngineJob, EngineReport, Hooks, LoadOptions, LoadReport, VideoOutcome
from splitreel.parallel import agreement
from splitreel.parallel.agreement import Agreement
from splitreel.rules.plan import Plan
from splitreel.worker.rank.job import run_job
from splitreel.worker.rank.messages import Run
from tests.processes.worker import start_job
from tests.worker.test_hooks import Recorder


@dataclass
class _Engine:
    outcomes: tuple[VideoOutcome, ...]

    def load(
        self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks, job: EngineJob | None = None
    ) -> LoadReport:
        return LoadReport(True, 0, 0, 0, 0, 0.0)

    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport:
        return EngineReport(True, self.outcomes, {}, (), False, TextEncoderPolicy.KEPT, Kernel.SDPA)


def test_a_rank_reports_its_own_errors_and_not_those_of_peers(tmp_path: Path) -> None:
    run = Run(
        1, wire.from_wire(StartJob, start_job(tmp_path, tmp_path, ("a", "b", "c"))), "m", "f", {}, None, 0.0, "auto"
    )
    outcomes = (
        VideoOutcome(0, 0),
        VideoOutcome(1, 0, failures.disk_full(folder="x", needed_bytes=1_000_000, free_bytes=0).error),
        VideoOutcome(2, 0, PeerError().error, is_peer_error=True),
    )
    done, _ = run_job(run, _Engine(outcomes), Recorder(), Event(), lambda _report: None)
    assert [(error.video, error.error.code) for error in done.errors] == [(1, "DISK_FULL")]


def test_a_peers_failure_is_not_reported_as_this_ranks_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement.dist, "all_reduce", lambda flag, **_: flag.fill_(2))
    with pytest.raises(PeerError):
        Agreement(None, 2).together(lambda: None)
    with pytest.raises(OSError, match="mine"):
        Agreement(None, 2).together(_fail)


def _fail() -> None:
    raise OSError("mine")
