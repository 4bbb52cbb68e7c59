"""What a rank needs of an engine, so that the loop around it can be tested without one. No torch."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from splitreel.engine.api import EngineJob, EngineReport, Hooks, LoadOptions, LoadReport
from splitreel.rules.plan import Plan
from splitreel.worker.rank.messages import Join


class RankEngine(Protocol):
    def load(self, model: Path, plan: Plan, options: LoadOptions, hooks: Hooks) -> LoadReport: ...
    def generate(self, job: EngineJob, plan: Plan, hooks: Hooks) -> EngineReport: ...


@dataclass(frozen=True, slots=True)
class RankContext:
    """An engine in its place in the world."""

    engine: RankEngine
    device_name: str  # `cuda: NVIDIA H200` or `cpu`


class EngineModule(Protocol):
    """A module with these two: `preload` imports all that is heavy and touches no device; `seat` joins the world."""

    def preload(self) -> None: ...
    def join_world(self, join: Join, before: RankContext | None) -> RankContext: ...


def load_engine_module(module: str) -> EngineModule:
    return cast("EngineModule", importlib.import_module(module))
