"""What a rank needs from an engine, so that the process around it can be tested without one. No torch."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, cast

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, EngineReport, Hooks, LoadOptions, LoadReport
from splitreel.worker.rank.messages import Join


class RankEngine(Protocol):
    def load(
        self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks, job: EngineJob | None = None
    ) -> LoadReport: ...
    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport: ...


class EngineModule(Protocol):
    """A module that builds engines: `preload` imports everything heavy and touches no device."""

    def preload(self) -> None: ...

    def join_world(self, join: Join, before: RankEngine | None) -> RankEngine:
        """Meets the other ranks. `before`: the engine of an earlier, smaller world, whose weights are released."""
        ...


def load_engine_module(module: str) -> EngineModule:
    return cast("EngineModule", importlib.import_module(module))
