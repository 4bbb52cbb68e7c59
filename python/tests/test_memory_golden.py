"""The memory planner's table, which TypeScript runs too (src/shared/memory.test.ts)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from splitreel.contract import wire
from splitreel.contract.messages import RESOURCES
from splitreel.contract.types import Plan
from splitreel.rules.memory import MemoryJob, can_fuse, keeps_text_encoder, memory_needs
from splitreel.rules.memory_advice import MemoryQuestion, fits, smallest_change
from splitreel.rules.memory_shape import MemoryShape, memory_shape_from_configs
from splitreel.rules.model_shape import shape_from_configs
from splitreel.rules.plan import PlanContext, PlanDevices

GOLDEN: dict[str, Any] = json.loads((RESOURCES / "golden" / "memory-cases.json").read_text("utf-8"))


def memory_shape(model: str) -> MemoryShape | None:
    configs = GOLDEN["models"][model]["configs"]
    return memory_shape_from_configs(configs, configs["textEncoder"])


def known(model: str) -> MemoryShape:
    shape = memory_shape(model)
    assert shape is not None
    return shape


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


@pytest.mark.parametrize("model", GOLDEN["models"])
def test_memory_shape_from_configs(model: str) -> None:
    assert wire.to_wire(memory_shape(model)) == GOLDEN["models"][model]["shape"]
    assert wire.to_wire(shape_from_configs(GOLDEN["models"][model]["configs"])) == GOLDEN["models"][model]["modelShape"]


@pytest.mark.parametrize("case", GOLDEN["needs"], ids=named)
def test_memory_needs(case: dict[str, Any]) -> None:
    shape, job, plan = known(case["model"]), wire.from_wire(MemoryJob, case["job"]), Plan(**case["plan"])
    needs = memory_needs(shape, job, plan, is_writer=case["isWriter"], keeps_text_encoder=case["keepsTextEncoder"])
    assert wire.to_wire(needs) == case["needs"]
    assert keeps_text_encoder(shape, job, plan, 24_000_000_000) == case["keepsAt24GB"]


@pytest.mark.parametrize("case", GOLDEN["fuses"], ids=named)
def test_can_fuse(case: dict[str, Any]) -> None:
    assert can_fuse(replace(known("5b").vae, channels=tuple(case["channels"]))) == case["fuses"]


@pytest.mark.parametrize("case", GOLDEN["advice"], ids=named)
def test_smallest_change(case: dict[str, Any]) -> None:
    job = wire.from_wire(MemoryJob, case["job"])
    devices = PlanDevices("cuda", case["devices"])
    guidance = 6.0 if job.is_guided else 1.0
    context = PlanContext(
        shape_from_configs(GOLDEN["models"][case["model"]]["configs"]), devices, guidance, 1, job.offload
    )
    question = MemoryQuestion(known(case["model"]), context, job, Plan(**case["plan"]), case["deviceBytes"])
    assert fits(question) == case["fits"]
    assert wire.to_wire(smallest_change(question)) == case["change"]
