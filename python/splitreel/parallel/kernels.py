"""Attention kernels: softmax(q k^T / sqrt(d)) v over [B, H, S, D], with the log-sum-exp where Ring needs it.

SDPA lets torch choose (cuDNN on Hopper, flash, efficient, or the CPU's own). The log-sum-exp is not part of
its public face; the three operators behind it give it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from splitreel.errors import SplitreelError

# (q, k, v) -> out_BHSD
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
# (q, k, v) -> out_BHSD, lse_BHS in float32
AttendWithLse = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class AttentionKernel:
    """One way of computing attention. `exact` kernels differ from SDPA by rounding only."""

    name: str
    attend: Attend
    attend_with_lse: AttendWithLse
    tolerance: float  # largest relative L2 difference from SDPA at which the kernel may be used


def _sdpa(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v)


def _sdpa_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    if q.device.type == "cpu":
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, False)
    elif q.dtype == torch.float32:
        out, lse = torch.ops.aten._scaled_dot_product_efficient_attention(q, k, v, None, True)[:2]
        lse = lse[:, :, : q.shape[2]]  # its rows are padded to a multiple of 32
    else:
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention(q, k, v)[:2]
    return out, lse.float()


def _cudnn(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    with sdpa_kernel(SDPBackend.CUDNN_ATTENTION):
        return F.scaled_dot_product_attention(q, k, v)


def _cudnn_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    out, lse = torch.ops.aten._scaled_dot_product_cudnn_attention(q, k, v, None, True)[:2]
    return out, lse.float().reshape(q.shape[:3])


def _flash(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        return F.scaled_dot_product_attention(q, k, v)


def _flash3() -> AttentionKernel:
    from flash_attn_interface import flash_attn_func

    def with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        bshd = [tensor.transpose(1, 2) for tensor in (q, k, v)]
        out, lse = flash_attn_func(*bshd, return_attn_probs=True)
        return out.transpose(1, 2), lse.float()

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return with_lse(q, k, v)[0]

    return AttentionKernel("flash3", attend, with_lse, tolerance=1e-2)


def _sage() -> AttentionKernel:
    from sageattention import sageattn

    def with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        out, lse = sageattn(q, k, v, tensor_layout="HND", is_causal=False, return_lse=True)
        return out, lse.float()

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out: Tensor = sageattn(q, k, v, tensor_layout="HND", is_causal=False)
        return out

    # It computes q k^T in 8 bits: a few per cent is its own design, more is a fault.
    return AttentionKernel("sage", attend, with_lse, tolerance=8e-2)


SDPA = AttentionKernel("sdpa", _sdpa, _sdpa_with_lse, tolerance=0.0)

_MAKERS: dict[str, tuple[str | None, Callable[[], AttentionKernel]]] = {
    "sdpa": (None, lambda: SDPA),
    "cudnn": (None, lambda: AttentionKernel("cudnn", _cudnn, _cudnn_with_lse, tolerance=1e-2)),
    "flash": (None, lambda: AttentionKernel("flash", _flash, _sdpa_with_lse, tolerance=1e-2)),
    "flash3": ("flash_attn_interface", _flash3),
    "sage": ("sageattention", _sage),
}


def attention_kernel(name: str, device: torch.device, dtype: torch.dtype, head_dim: int) -> AttentionKernel:
    """The kernel of this name, tried on this device against SDPA.

    Raises KERNEL_UNAVAILABLE where it is not installed, cannot run here, or gives something else.
    """
    package, make = _MAKERS[name]
    if name == "sdpa":
        return SDPA
    if device.type != "cuda":
        raise _unavailable(name, "it needs an NVIDIA GPU")
    if package is not None and importlib.util.find_spec(package) is None:
        raise _unavailable(name, f"the package {package} is not installed")
    try:
        kernel = make()
        difference = _difference(kernel, device, dtype, head_dim)
    except (RuntimeError, ImportError, AttributeError, TypeError) as problem:
        raise _unavailable(name, (str(problem).splitlines() or ["it failed"])[0]) from problem
    if not difference <= kernel.tolerance:
        raise _unavailable(name, f"it differs from the standard kernel by {difference:.2g}")
    return kernel


def _difference(kernel: AttentionKernel, device: torch.device, dtype: torch.dtype, head_dim: int) -> float:
    """Relative L2 difference from SDPA on one small case, of an odd length as real ones are."""
    generator = torch.Generator("cpu").manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 1023, head_dim, generator=generator).to(device, dtype)
    expected = _sdpa(q, k, v).float()
    worst = 0.0
    for out in (kernel.attend(q, k, v), kernel.attend_with_lse(q, k, v)[0]):
        worst = max(worst, float((out.float() - expected).norm() / expected.norm()))
    return worst


def _unavailable(kernel: str, problem: str) -> SplitreelError:
    return SplitreelError("KERNEL_UNAVAILABLE", {"kernel": kernel, "problem": problem})
