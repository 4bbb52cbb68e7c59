"""The schedule of the fast quality, held to the table that TypeScript runs too (src/shared/step-schedule.test.ts)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from splitreel.contract.messages import RESOURCES
from splitreel.rules.step_schedule import computed_steps

GOLDEN: dict[str, Any] = json.loads((RESOURCES / "golden" / "step-schedule.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: str(case["steps"]))
def test_the_computed_steps_are_the_same_as_in_the_window(case: dict[str, Any]) -> None:
    assert [step for step, is_computed in enumerate(computed_steps(case["steps"])) if is_computed] == case["computed"]
