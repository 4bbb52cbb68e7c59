"""`bench gpu` at a small size on the CPU: that every part of it runs, and that its figures can be believed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
from diffusers import CogVideoXTransformer3DModel
from torch.utils.flop_counter import FlopCounterMode

from splitreel.bench import gpu, gpu_cases, roof
from splitreel.bench.gpu_cases import small
from splitreel.bench.plain import plain_pipeline
from splitreel.bench.planner_check import check_planner, planner_problem
from splitreel.bench.synthetic_model import MODELS, make_folder, open_synthetic
from splitreel.bench.world import RankContext, RunRefused, World, WorldLost
from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Plan, Quality
from splitreel.rules.plan import PlanContext, PlanDevices
from splitreel.store.model_folder import check_model_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    out = tmp_path_factory.mktemp("bench") / "gpu.json"
    assert gpu.main(["--small", "--steps", "2", "--models", "5b", "--out", str(out)]) == 0
    read: dict[str, list[dict[str, object]]] = json.loads(out.read_text())
    return read


def test_every_plan_and_plain_diffusers_are_measured(figures: dict[str, list[dict[str, object]]]) -> None:
    rows = {(row["engine"], row["plan"]): row for row in figures["rows"]}
    assert {("Splitreel", plan) for plan in ("1 rank", "cfg 2", "ulysses 2", "ring 2")} <= set(rows)
    assert ("diffusers", "1 rank") in rows
    for row in rows.values():
        assert isinstance(row["step_s"], float)
        assert row["step_s"] > 0
        assert row["decode_s"]


def test_one_rank_is_plain_diffusers_and_exact_plans_are_one_rank(
    figures: dict[str, list[dict[str, object]]],
) -> None:
    for row in figures["rows"]:
        if "pp" in str(row["plan"]) or row["difference"] is None:
            continue
        assert isinstance(row["difference"], float)
        assert row["difference"] <= 1e-5, row


def test_the_planners_first_choice_is_compared_with_the_fastest_plan(
    figures: dict[str, list[dict[str, object]]],
) -> None:
    (found,) = figures["planner"]
    assert found["model"] == "CogVideoX-5B"
    steps = {row["plan"]: row["step_s"] for row in figures["rows"] if row["engine"] == "Splitreel"}
    assert found["chosen"] in steps
    assert found["best"] in steps


@pytest.mark.parametrize(
    ("chosen_s", "problem"),
    [
        (0.308, None),
        (0.32, "5B: the planner picks cfg 2, ring 2, which is 7% slower than cfg 2, ulysses 2."),
        (None, "5B: the planner picks cfg 2, ring 2, which was not measured."),
    ],
)
def test_a_slow_first_choice_is_reported(chosen_s: float | None, problem: str | None, tmp_path: Path) -> None:
    shape = check_model_folder(make_folder(MODELS["5b"], tmp_path / "5b")).shape
    context = PlanContext(shape, PlanDevices("cuda", 4, 4))
    # PipeFusion makes another video, and data parallelism several.
    steps = {Plan(): 1.2, Plan(cfg=2, ulysses=2): 0.3, Plan(cfg=2, pp=2): 0.2, Plan(dp=4): 0.1}
    if chosen_s is not None:
        steps[Plan(cfg=2, ring=2)] = chosen_s
    assert planner_problem("5B", check_planner(context, steps)) == problem


def test_dbcache_is_measured_over_as_many_steps_as_our_fast_quality(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It computes the first eight steps in any case, so a few steps would show nothing of it."""
    monkeypatch.setattr(gpu_cases, "cache_dit_problem", lambda: None)
    options = gpu_cases.Options(("5b",), 3, 0, 0, 0, 60.0, 2, ("cache-dit",), "cuda", small=False, out=None)
    rows = list(gpu_cases.cases(options, {"5b": make_folder(MODELS["5b"], tmp_path / "5b")}))
    whole = [(row.engine, row.variant, row.quality.value) for row in rows if row.steps == gpu_cases.JOB_STEPS]
    assert whole == [
        ("Splitreel", "", "exact"),
        ("Splitreel", "", "fast"),
        ("cache-dit", "DBCache, compiled", "exact"),
        ("cache-dit", "DBCache, compiled", "exact"),
    ]
    assert all(row.reuses_steps == (row.quality is Quality.FAST or "DBCache" in row.variant) for row in rows)


def test_the_formula_of_a_steps_flops_counts_what_torch_counts() -> None:
    model = replace(MODELS["2b"], head_dim=32, blocks=3, text_width=64, text_tokens=18)
    transformer = CogVideoXTransformer3DModel(
        num_attention_heads=model.heads, attention_head_dim=model.head_dim, num_layers=model.blocks,
        text_embed_dim=model.text_width, max_text_seq_length=model.text_tokens,
    )  # fmt: skip
    latents, text = torch.zeros(2, 3, 16, 20, 30), torch.zeros(2, model.text_tokens, model.text_width)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        transformer(latents, text, torch.tensor([1, 1]))
    counted = counter.get_total_flops()
    assert 0.97 * counted <= roof.step_flops(model, 240, 160, 9, batch=2) <= counted


@pytest.mark.parametrize(("key", "billions"), [("2b", 1.69), ("5b", 5.57)])
def test_the_models_have_their_true_size_and_take_no_disk_space(key: str, billions: float, tmp_path: Path) -> None:
    folder = make_folder(MODELS[key], tmp_path / key)
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    assert file.stat().st_size / 2e9 == pytest.approx(billions, abs=0.01)
    assert file.stat().st_blocks * 512 < 1_000_000
    assert check_model_folder(folder).shape.heads == MODELS[key].heads


def test_a_tensor_has_the_same_values_whole_and_in_slices(tmp_path: Path) -> None:
    folder = make_folder(small(MODELS["5b"]), tmp_path / "small")
    one, two = (
        plain_pipeline(folder, torch.float32, torch.device("cpu"), open_synthetic(torch.device("cpu"))).transformer
        for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    file = next((folder / "transformer").glob("*.safetensors"))
    with open_synthetic(torch.device("cpu"))(file) as tensors:
        name = "transformer_blocks.0.attn1.to_q.weight"
        assert torch.equal(tensors.get_slice(name)[3:5], tensors.get_tensor(name)[3:5])
        assert not torch.equal(tensors.get_tensor(name), tensors.get_tensor(name.replace("to_q", "to_k")))


def _double(context: RankContext, number: int) -> int:
    return number * 2 + context.rank


def _one_fails(context: RankContext, rank: int) -> None:
    if context.rank == rank:
        raise RuntimeError("broken on purpose")


def _one_hangs(context: RankContext, rank: int) -> None:
    if context.rank == rank:
        Event().wait()


def _all_refuse(context: RankContext, code: str) -> None:
    raise SplitreelError(code, {})


@pytest.fixture
def world() -> Iterator[World]:
    with World(2, "cpu") as ranks:
        yield ranks


def test_ranks_answer_in_order_and_continue_after_a_refusal(world: World) -> None:
    assert world.run(_double, 4, timeout_s=60) == [8, 9]
    with pytest.raises(RunRefused):
        world.run(_all_refuse, "DISK_FULL", timeout_s=60)
    assert world.run(_double, 1, timeout_s=60) == [2, 3]


def test_a_rank_that_fails_is_reported_and_ends_the_ranks(world: World) -> None:
    with pytest.raises(WorldLost, match="broken on purpose"):
        world.run(_one_fails, 1, timeout_s=60)


def test_a_rank_that_hangs_is_named(world: World) -> None:
    world.run(_double, 1, timeout_s=60)
    with pytest.raises(WorldLost, match="rank 1"):
        world.run(_one_hangs, 1, timeout_s=4)


def test_nothing_touches_cuda_before_ranks_are_forked() -> None:
    """A rank cannot use CUDA when the process that it was forked from has asked it for as much as its GPUs."""
    script = """
import os, torch
asked = []
torch._C._cuda_getDeviceCount = lambda: asked.append(1) or 0
torch.cuda._device_count_nvml = lambda: 0  # a driver's library that answers, as on machines with GPUs
from splitreel.bench.__main__ import main
assert main(["gpu", "--small", "--steps", "2", "--models", "2b", "--ranks", "1", "--only", "reference"]) == 0
assert not asked, "CUDA was asked"
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
