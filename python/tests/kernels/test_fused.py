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

# Triton's interpreter takes milliseconds for each token of each block: two steps, and as few tokens as uneven shares and
# two tiles need.
_JOB = replace(GUIDED, height=16, num_inference_steps=2)
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
        latents: Latents = ranks.run(RunRequest(model, Plan(), _JOB))[0].latents[0]
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
    answer = world.run(RunRequest(model, plan, _JOB))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager) <= TOLERANCE
    assert answer.frame_count == _JOB.num_frames


@pytest.mark.slow
@pytest.mark.parametrize("plan", [Plan(ring=2), Plan(ring=2, ulysses=2)], ids=lambda plan: plan.key)
def test_gathered_keys_make_the_same_video(plan: Plan, model: Path, world: World, eager: Latents) -> None:
    answer = world.run(RunRequest(model, plan, _JOB, gathers_keys=True))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager) <= TOLERANCE


@pytest.mark.slow
def test_pipefusion_attends_to_cached_keys_in_fused_blocks(model: Path, world: World, eager: Latents) -> None:
    exact = replace(_JOB, warmup_steps=_JOB.num_inference_steps)
    answer = world.run(RunRequest(model, Plan(pp=2, ulysses=2), exact))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager) <= TOLERANCE


@pytest.mark.slow
def test_balanced_fused_blocks_compute_the_same(model: Path, world: World, tmp_path: Path) -> None:
    balanced = RunRequest(model, Plan(), _JOB, options=LoadOptions(quantized=True))
    with World(1, tmp_path) as eager_rank:
        eager = eager_rank.run(balanced)[0]
    answer = world.run(replace(balanced, plan=Plan(ulysses=2)))[0]
    assert answer.fused_problem is None
    assert relative(answer.latents[0], eager.latents[0]) <= SIMILAR


@pytest.mark.slow
def test_kernels_that_fail_within_a_job_on_one_rank_do_not_end_it(model: Path, world: World, eager: Latents) -> None:
    request = RunRequest(model, Plan(ring=2, ulysses=2), _JOB, kernels_fail_on=1)
    answers = world.run(request)
    assert [answer.errors for answer in answers] == [()] * 4
    assert relative(answers[0].latents[0], eager) <= TOLERANCE
    assert answers[0].frame_count == _JOB.num_frames
    # One sentence for each operation, from the rank that it happened on.
    named = [notice.split(" failed")[0].removeprefix("The GPU kernel ") for notice in answers[1].notices]
    assert sorted(named) == sorted(
        {"norm_modulate", "norm_rotate", "activate_rows", "merge", "channel_sums", "group_affine", "spatial_norm_silu"}
        | {"upsampled"}
    )
    assert all("shared memory" in notice for notice in answers[1].notices)
    assert answers[0].notices == ()


_SUBSTITUTES = """
import torch
from splitreel.kernels import vae_decoder as kernels, vae_torch

torch.manual_seed(0)
group = torch.nn.GroupNorm(4, 16).requires_grad_(False)
group.weight.normal_(), group.bias.normal_()
for frames, latent_frames in ((1, 1), (2, 2), (3, 2), (4, 2), (9, 3)):
    x, bias, latents = torch.randn(frames, 4, 6, 16), torch.randn(16), torch.randn(latent_frames, 2, 3, 32)
    for a_bias in (None, bias):
        for other in (None, torch.randn_like(x)):
            states = [f(x.clone(), a_bias, other) for f in (kernels._channel_sums.__wrapped__, vae_torch.channel_sums)]
            torch.testing.assert_close(states[0].x, states[1].x)
            affine, in_torch = (f(s, group) for f, s in zip((kernels._group_affine.__wrapped__, vae_torch.group_affine), states))
            torch.testing.assert_close(affine, in_torch, atol=1e-4, rtol=1e-4)
            normed = [torch.empty_like(x), torch.empty_like(x)]
            kernels._spatial_norm_silu.__wrapped__(x, affine, latents, normed[0])
            vae_torch.spatial_norm_silu(x, affine, latents, normed[1])
            torch.testing.assert_close(*normed, atol=1e-4, rtol=1e-4)
    for is_doubled in {False, frames > 1}:
        upsampled = [f(x, is_doubled=is_doubled) for f in (kernels._upsampled.__wrapped__, vae_torch.upsampled)]
        assert torch.equal(*upsampled)
print("the same")
"""


def test_the_fallback_of_the_decoders_kernels_gives_the_same_result() -> None:
    assert _run(_SUBSTITUTES) == ["the same"]


_ASK = """
import torch
from splitreel.kernels import block_ops, checks
device = torch.device("cpu")
counted = []
count = lambda: counted.append(1)
def ask():
    checks._problems.clear()
    print(checks.fused_kernels_problem(device, torch.float32, width=48, head_width=16, checked=count))
ask()
print(checks.fused_decoder_problem(device, torch.float32, channels=(128, 512), norm_groups=32, checked=count))
print(len(counted) - checks.own_kernel_checks(device))
print(checks.fused_decoder_problem(device, torch.float32, channels=(16, 24), norm_groups=4))
print(checks.fused_decoder_problem(device, torch.float32, channels=(16, 32), norm_groups=3))
checks._TOKENS = ((1, 2), (1, 3))
block_ops.merge = lambda *args: args[-1].zero_()
ask()
def fail(*_):
    raise RuntimeError("no compiler")
block_ops.norm_rotate = fail
ask()
"""


def test_operations_match_torch_and_one_that_differs_is_refused_with_the_reason() -> None:
    blocks, decoder, uncounted, channels, groups, wrong, raising = _run(_ASK)
    assert (blocks, decoder, uncounted) == ("None", "None", "0")
    assert channels == "the VAE has 24 channels in 4 groups, which are not powers of two"
    assert groups == "the VAE has 16 channels in 3 groups, which are not powers of two"
    assert wrong == "differs from torch: {'merge, 2 tokens': 1.0, 'merge, 3 tokens': 1.0}"
    assert raising == "no compiler"


def _run(program: str) -> list[str]:
    """The lines that a program prints with Triton's interpreter."""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"TRITON_INTERPRET": "1", "PATH": "", "OMP_NUM_THREADS": "1"},
        cwd=Path(__file__).resolve().parents[2],
    )
    return ran.stdout.splitlines()


def test_without_a_gpu_models_run_on_diffusers_modules() -> None:
    cpu = torch.device("cpu")
    assert fused_kernels_problem(cpu, torch.float32, width=48, head_width=16) == "there is no GPU"
    assert fused_decoder_problem(cpu, torch.float32, channels=(24,), norm_groups=4) == "there is no GPU"
