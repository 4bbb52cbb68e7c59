"""The tables that TypeScript and Python both run: rules and messages mean the same on both sides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from splitreel.contract import protocol, wire
from splitreel.contract.errors import Reason, SplitreelError
from splitreel.contract.lines import event_line, parse_command
from splitreel.contract.messages import RESOURCES
from splitreel.contract.types import GenerateRequest, Offload, Plan, Quality
from splitreel.rules import plan as plans
from splitreel.rules.model_shape import ModelShape, shape_from_configs
from splitreel.rules.plan import PlanContext, PlanDevices
from splitreel.rules.request import check_request, default_params


def table(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((RESOURCES / "golden" / f"{name}.json").read_text("utf-8"))
    return parsed


PLANS = table("plan-cases")
REQUESTS = table("request-cases")
SHAPES = table("model-shapes")
PROTOCOL = table("protocol")


# Fields that no rule uses.
SAMPLE = {
    "modelId": "demo",
    "rewrittenFrom": None,
    "negativePrompt": "",
    "useDynamicCfg": True,
    "scheduler": "model",
    "offload": "none",
    "attention": "sdpa",
    "imageFit": "crop",
    "imagePosition": 0.5,
    "loras": [],
    "quality": "exact",
}


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


def as_wire(reasons: list[Reason]) -> object:
    return [wire.to_wire(reason) for reason in reasons]


def context_of(case: dict[str, Any]) -> PlanContext:
    request = case["request"]
    return PlanContext(
        wire.from_wire(ModelShape, PLANS["shapes"][case["shape"]]),
        wire.from_wire(PlanDevices, case["devices"]),
        request["guidanceScale"],
        request["videoCount"],
        Offload(request["offload"]),
        Quality(request.get("quality", "exact")),
    )


@pytest.mark.parametrize("case", PLANS["check"], ids=named)
def test_check_plan(case: dict[str, Any]) -> None:
    assert as_wire(plans.check_plan(context_of(case), Plan(**case["plan"]))) == case["reasons"]


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_half_a_character_is_refused(field: str) -> None:
    """Not in the table: JSON readers differ about it."""
    shape = wire.from_wire(ModelShape, REQUESTS["shapes"]["2b"])
    request = wire.from_wire(GenerateRequest, {**SAMPLE, **REQUESTS["cases"][0]["request"]})
    assert check_request(shape, replace(request, **{field: "a dog \U0001f600"})) == []
    found = check_request(shape, replace(request, **{field: "a \ud83d dog"}))
    assert [reason.code for reason in found] == [f"{field}_not_unicode"]


def test_the_search_for_plans_skips_impossible_degrees(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    check = plans.check_plan
    monkeypatch.setattr(plans, "check_plan", lambda *given: checked.append(given) or check(*given))
    shape = wire.from_wire(ModelShape, REQUESTS["shapes"]["5b"])
    context = PlanContext(shape, PlanDevices("cuda", 1_000))
    assert plans.recommend_plan(context).plan.world_size <= 1_000
    assert len(checked) < 200_000


@pytest.mark.parametrize("case", PLANS["recommend"], ids=named)
def test_recommend_plan(case: dict[str, Any]) -> None:
    found = plans.recommend_plan(context_of(case), case["measured"])
    assert wire.to_wire(found.plan) == case["best"]
    assert wire.to_wire(found.explanations) == case["explanations"]


@pytest.mark.parametrize("case", PLANS["rank"], ids=named)
def test_rank_plans(case: dict[str, Any]) -> None:
    assert [plan.key for plan in plans.rank_plans(context_of(case), case["measured"])] == case["plans"]


@pytest.mark.parametrize("case", REQUESTS["cases"], ids=named)
def test_check_request(case: dict[str, Any]) -> None:
    shape = wire.from_wire(ModelShape, REQUESTS["shapes"][case["shape"]])
    request = wire.from_wire(GenerateRequest, {**SAMPLE, **case["request"]})
    assert as_wire(check_request(shape, request)) == case["reasons"]


@pytest.mark.parametrize("case", REQUESTS["defaults"], ids=named)
def test_default_params(case: dict[str, Any]) -> None:
    shape = wire.from_wire(ModelShape, REQUESTS["shapes"][case["shape"]])
    assert wire.to_wire(default_params(shape)) == case["params"]


@pytest.mark.parametrize("case", SHAPES["cases"], ids=named)
def test_shape_from_configs(case: dict[str, Any]) -> None:
    if "shape" in case:
        assert wire.to_wire(shape_from_configs(case["configs"])) == case["shape"]
        return
    with pytest.raises(SplitreelError) as caught:
        shape_from_configs(case["configs"])
    assert caught.value.code == case["error"]["code"]
    # Each language may word the rest differently.
    for name, value in case["error"]["params"].items():
        assert caught.value.params[name] == value


@pytest.mark.parametrize("message", PROTOCOL["commands"], ids=lambda message: str(message["type"]))
def test_commands(message: dict[str, Any]) -> None:
    assert wire.to_wire(parse_command(json.dumps(message))) == message


@pytest.mark.parametrize("message", PROTOCOL["events"], ids=lambda message: str(message["type"]))
def test_events(message: dict[str, Any]) -> None:
    event: Any = wire.from_wire(protocol.EVENTS[message["type"]], message)
    assert json.loads(event_line(event, message["seq"])) == message


def test_every_event_has_an_example() -> None:
    examples = {message["type"] for message in PROTOCOL["events"] + PROTOCOL["commands"]}
    assert examples == set(protocol.EVENTS) | set(protocol.COMMANDS)
