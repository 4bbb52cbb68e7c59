"""Each attention kernel on a real GPU, at the head width and about the length of CogVideoX's sequence."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from splitreel.contract.errors import SplitreelError
from splitreel.parallel.kernels import SDPA, KernelChooser
from splitreel.rules.kernel_trials import KERNELS, TOLERANCES, TrialsFile, needs_of, why_not

CUDA = torch.device("cuda", 0)
HEAD_DIM = 64


def possible() -> list[str]:
    """Kernels whose package is here and for which this GPU is new enough."""
    capability = torch.cuda.get_device_capability(CUDA)
    return [needs.name for needs in KERNELS if why_not(needs, capability) is None]


def kernel_functions(name: str, tensors: torch.Tensor) -> set[str]:
    """Names of the CUDA kernels that the attention launches."""
    kernel = (
        SDPA if name == "sdpa" else KernelChooser(CUDA, None).choose(name, torch.bfloat16, HEAD_DIM, with_ring=False)
    )
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        kernel.attend(*tensors)
        torch.cuda.synchronize()
    return {event.key for event in profile.key_averages()}


@pytest.mark.parametrize("name", possible())
def test_it_computes_what_float32_does(name: str, tmp_path: Path) -> None:
    trials = TrialsFile(tmp_path / "kernels.json")
    kernel = KernelChooser(CUDA, trials).choose(name, torch.bfloat16, HEAD_DIM, with_ring=False)
    q, k, v = torch.randn(3, 2, 8, 4_321, HEAD_DIM, device=CUDA, dtype=torch.bfloat16)
    expected = F.scaled_dot_product_attention(q.float(), k.float(), v.float())
    for found in (
        kernel.attend(q, k, v),
        *([] if kernel.attend_with_lse is None else [kernel.attend_with_lse(q, k, v)[0]]),
    ):
        difference = float((found.float() - expected).norm() / expected.norm())
        print(f"{name}: {difference:.2e}")
        assert difference <= max(TOLERANCES[name], 1e-2)


@pytest.mark.parametrize("name", possible())
def test_two_halves_are_merged_by_the_log_sum_exp(name: str) -> None:
    """What Ring does, on one GPU: attention to each half of the keys, joined, is attention to all."""
    if KernelChooser(CUDA, None).choose(name, torch.bfloat16, HEAD_DIM, with_ring=False).attend_with_lse is None:
        with pytest.raises(SplitreelError, match="Ring"):
            KernelChooser(CUDA, None).choose(name, torch.bfloat16, HEAD_DIM, with_ring=True)
        return
    kernel = KernelChooser(CUDA, None).choose(name, torch.bfloat16, HEAD_DIM, with_ring=True)
    assert kernel.attend_with_lse is not None
    q, k, v = torch.randn(3, 1, 8, 2_001, HEAD_DIM, device=CUDA, dtype=torch.bfloat16)
    first, first_lse = kernel.attend_with_lse(q, k[:, :, :901].contiguous(), v[:, :, :901].contiguous())
    second, second_lse = kernel.attend_with_lse(q, k[:, :, 901:].contiguous(), v[:, :, 901:].contiguous())
    weight = torch.sigmoid(second_lse - first_lse).unsqueeze(-1)
    joined = first.float() + weight * (second.float() - first.float())
    expected = F.scaled_dot_product_attention(q.float(), k.float(), v.float())
    assert float((joined - expected).norm() / expected.norm()) <= max(TOLERANCES[name], 1e-2)


def test_cudnn_and_flash_launch_their_own_kernels() -> None:
    tensors = torch.randn(3, 2, 8, 2_048, HEAD_DIM, device=CUDA, dtype=torch.bfloat16)
    assert any("cudnn" in key for key in kernel_functions("cudnn", tensors))
    assert any("flash" in key and "cudnn" not in key for key in kernel_functions("flash", tensors))


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # its parent package is missing
        return False


@pytest.mark.parametrize("name", ["flash3", "flash4"])
def test_a_kernel_that_is_not_installed_is_refused_with_the_reason(name: str) -> None:
    package = needs_of(name).package
    assert package is not None
    if _is_installed(package):
        assert KernelChooser(CUDA, None).choose(name, torch.bfloat16, HEAD_DIM, with_ring=False).name == name
        return
    with pytest.raises(SplitreelError, match="isn't installed"):
        KernelChooser(CUDA, None).choose(name, torch.bfloat16, HEAD_DIM, with_ring=False)
