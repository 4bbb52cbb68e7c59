"""The fused kernels, by Triton's interpreter: each operation as torch's, and every way to split a model as one process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from splitreel.contract.types import Plan
from splitreel.engine.api import LoadOptions
from splitreel.kernels.checks import fused_decoder_problem, fused_kernels_problem
from splitreel.models.cogvideox.random_model import make_model
from tests.engine.matrix import GUIDED, SIMILAR, TOLERANCE, relative
from tests.engine.world import RunRequest, World

Latents = npt.NDArray[np.float32]

pytest.importorskip("triton", reason="the CPU variant of the environment has no Triton")

_PLANS = (
    Plan(),
    Plan(ring=2, ulysses=2),
    Plan(tp=2, ulysses=2),
    # Each of their parts is in the plans above.
    *(
        pytest.param(plan, marks=pytest.mark.thorough)
        for plan in (Plan(cfg=2, ulysses=2), Plan(ulysses=3), Plan(ring=3))
    ),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With rotary positions and the scheduler that draws noise."""
    folder = tmp_path_factory.mktemp("models") / "narrow"
    make_model("narrow", folder)
    return folder


@pytest.fixture(scope="module")
def eager(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Latents:
    with World(1, tmp_path_factory.mktemp("eager")) as ranks:
        latents: Latents = ranks.run(RunRequest(model, Plan(), GUIDED))[0].latents[0]
        return latents


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(4, tmp_path_factory.mktemp("fused"), interprets_kernels=True) as ranks:
        yield ranks


@pytest.mark.slow
@pytest.mark.parametrize("plan", _PLANS, ids=lambda plan: plan.key)
def test_a_fused_model_makes_the_video_of_one_eager_process(
    plan: Plan, model: Path, world: World, eager: Latents
) -> None:
    answer = world.run(RunRequest(model, plan, GUIDED))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager) <= TOLERANCE
    assert answer.frame_count == GUIDED.num_frames


@pytest.mark.slow
@pytest.mark.parametrize("plan", [Plan(ring=2), Plan(ring=2, ulysses=2)], ids=lambda plan: plan.key)
def test_gathered_keys_make_the_same_video(plan: Plan, model: Path, world: World, eager: Latents) -> None:
    answer = world.run(RunRequest(model, plan, GUIDED, gathers_keys=True))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager) <= TOLERANCE


@pytest.mark.slow
def test_pipefusion_attends_to_cached_keys_in_fused_blocks(model: Path, world: World, eager: Latents) -> None:
    exact = replace(GUIDED, warmup_steps=GUIDED.num_inference_steps)
    answer = world.run(RunRequest(model, Plan(pp=2, ulysses=2), exact))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager) <= TOLERANCE


@pytest.mark.slow
def test_balanced_fused_blocks_compute_the_same(model: Path, world: World, tmp_path: Path) -> None:
    balanced = RunRequest(model, Plan(), GUIDED, options=LoadOptions(quantized=True))
    with World(1, tmp_path) as eager_rank:
        eager = eager_rank.run(balanced)[0]
    answer = world.run(replace(balanced, plan=Plan(ulysses=2)))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager.latents[0]) <= SIMILAR


_ASK = """
import torch
from splitreel.kernels import block_ops, checks
device = torch.device("cpu")
def ask():
    checks._problem.cache_clear()
    print(checks.fused_kernels_problem(device, torch.float32, width=48, head_width=16))
ask()
print(checks.fused_decoder_problem(device, torch.float32, channels=(128, 512), norm_groups=32))
print(checks.fused_decoder_problem(device, torch.float32, channels=(16, 24), norm_groups=4))
print(checks.fused_decoder_problem(device, torch.float32, channels=(16, 32), norm_groups=3))
block_ops.merge = lambda *args: args[-1].zero_()
ask()
def fail(*_):
    raise RuntimeError("no compiler")
block_ops.norm_rotate = fail
ask()
"""


def test_every_operation_is_torchs_and_one_that_is_not_is_refused_with_its_reason() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _ASK],
        capture_output=True,
        text=True,
        check=True,
        env={"TRITON_INTERPRET": "1", "PATH": "", "OMP_NUM_THREADS": "1"},
        cwd=Path(__file__).resolve().parents[2],
    )
    blocks, decoder, channels, groups, wrong, raising = ran.stdout.splitlines()
    assert (blocks, decoder) == ("None", "None")
    assert channels == "the VAE has 24 channels in 4 groups, which are not powers of two"
    assert groups == "the VAE has 16 channels in 3 groups, which are not powers of two"
    assert wrong == "differs from torch: {'merge, 19 tokens': 1.0, 'merge, 32 tokens': 1.0}"
    assert raising == "no compiler"


def test_without_a_gpu_models_run_as_diffusers_has_them() -> None:
    cpu = torch.device("cpu")
    assert fused_kernels_problem(cpu, torch.float32, width=48, head_width=16) == "there is no GPU"
    assert fused_decoder_problem(cpu, torch.float32, channels=(24,), norm_groups=4) == "there is no GPU"
