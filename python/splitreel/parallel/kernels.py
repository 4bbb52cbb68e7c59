"""Attention kernels: softmax(q k^T / sqrt(d)) v over (B, H, S, D), with the log-sum-exp if Ring needs it.

SDPA lets torch choose (cuDNN on Hopper, flash, efficient, or the CPU's own). Any other kernel is compared with SDPA on
this machine before its first use; the results are kept in a `TrialsFile`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from splitreel.contract import failures, reasons
from splitreel.contract.errors import Reason, SplitreelError
from splitreel.rules.kernel_trials import (
    TOLERANCES,
    KernelNeeds,
    Trial,
    TrialsFile,
    judge,
    kernel_versions,
    needs_of,
    why_not,
)

Tensor = torch.Tensor
T = TypeVar("T")
# (q, k, v) -> out_BHSD
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
# (q, k, v) -> out_BHSD, lse_BHS in float32
AttendWithLse = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class AttentionKernel:
    """One implementation of attention. Ring needs `attend_with_lse`."""

    name: str
    attend: Attend
    attend_with_lse: AttendWithLse | None


# The log-sum-exp comes only from torch's private operators. Their arguments are those of torch 2.9 to 2.15.
_KNOWN_TORCH = ((2, 9), (2, 15))


def _aten_with_lse(operator: SDPBackend | None, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The one place that calls torch's private operators. `operator`: None takes the one that SDPA would choose.

    Raises RuntimeError on a version of torch whose operators were not checked.
    """
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if not _KNOWN_TORCH[0] <= version <= _KNOWN_TORCH[1]:
        msg = f"the log-sum-exp of SDPA is not known for torch {torch.__version__}"
        raise RuntimeError(msg)
    aten = torch.ops.aten
    if q.device.type == "cpu":
        out, lse = aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, False)
        return out, lse.float()
    match SDPBackend(int(aten._fused_sdp_choice(q, k, v))) if operator is None else operator:
        case SDPBackend.CUDNN_ATTENTION:
            out, lse = aten._scaled_dot_product_cudnn_attention(q, k, v, None, True)[:2]
            return out, lse.float().reshape(q.shape[:3])
        case SDPBackend.FLASH_ATTENTION:
            out, lse = aten._scaled_dot_product_flash_attention(q, k, v)[:2]
            return out, lse.float()
        case _:
            # The operator for float32. It pads the rows of the log-sum-exp to a multiple of 32.
            out, lse = aten._scaled_dot_product_efficient_attention(q, k, v, None, True)[:2]
            return out, lse[:, :, : q.shape[2]].float()


def _torch_kernel(name: str, backend: SDPBackend) -> AttentionKernel:
    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(q, k, v)

    return AttentionKernel(name, attend, partial(_aten_with_lse, backend))


def _flash3() -> AttentionKernel:
    from flash_attn_interface import flash_attn_func

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        answer = flash_attn_func(*(tensor.transpose(1, 2) for tensor in (q, k, v)))
        # Early versions always return the log-sum-exp as well.
        out: Tensor = answer[0] if isinstance(answer, tuple) else answer
        return out.transpose(1, 2)

    def attend_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        bshd = [tensor.transpose(1, 2) for tensor in (q, k, v)]
        try:
            out, lse, *_ = flash_attn_func(*bshd, return_attn_probs=True)
        except TypeError:
            out, lse, *_ = flash_attn_func(*bshd)
        return out.transpose(1, 2), lse.float()

    return AttentionKernel("flash3", attend, attend_with_lse)


def _flash4() -> AttentionKernel:
    # Takes (B, S, H, D) with any strides; its result is contiguous.
    from flash_attn.cute import flash_attn_func

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out: Tensor = flash_attn_func(*(tensor.transpose(1, 2) for tensor in (q, k, v)))[0]
        return out.transpose(1, 2)

    def attend_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        out, lse = flash_attn_func(*(tensor.transpose(1, 2) for tensor in (q, k, v)), return_lse=True)[:2]
        return out.transpose(1, 2), lse

    return AttentionKernel("flash4", attend, attend_with_lse)


SDPA = AttentionKernel("sdpa", F.scaled_dot_product_attention, partial(_aten_with_lse, None))

Makers = Mapping[str, Callable[[], AttentionKernel]]
MAKERS: Makers = {
    "cudnn": lambda: _torch_kernel("cudnn", SDPBackend.CUDNN_ATTENTION),
    "flash": lambda: _torch_kernel("flash", SDPBackend.FLASH_ATTENTION),
    "flash4": _flash4,
    "flash3": _flash3,
}

# About as many as in a typical video, so that Python's launch overhead is negligible.
_TIMED_TOKENS = 16384
_TIMED_RUNS = 5
_WORTH_NAMING = 0.98

# Absolute error of the log-sum-exp for scores of unit variance. In Ring an error of e weights a part wrong by e.
_LSE_TOLERANCE = 5e-2


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


class KernelChooser:
    """The kernels of one device. `trials`: the file that caches comparisons; None compares again in each process.

    Tests replace `needs` and `makers` to run other real kernels through the same mechanism.
    """

    def __init__(
        self,
        device: torch.device,
        trials: TrialsFile | None,
        *,
        needs: Callable[[str], KernelNeeds] = needs_of,
        makers: Makers = MAKERS,
    ) -> None:
        self._device = device
        self._trials = trials
        self._needs = needs
        self._makers = makers
        self.failures: list[str] = []  # sentences on kernels that failed after their trial
        self.failed: set[str] = set()  # their names: SDPA runs in their place
        self._fastest: dict[tuple[torch.dtype, int, bool], str] = {}
        self._chosen: dict[tuple[str, torch.dtype, int, bool], AttentionKernel] = {}

    @property
    def count(self) -> int:
        """How many kernels `fastest` tries."""
        return 0 if self._device.type != "cuda" else 1 + len(self._makers)

    def fastest(
        self,
        dtype: torch.dtype,
        head_dim: int,
        *,
        with_ring: bool,
        began: Callable[[], None] = lambda: None,
        tried: Callable[[], None] = lambda: None,
    ) -> str:
        """The fastest kernel here, among those that passed the comparison with SDPA.

        If that isn't known yet, calls `began` first and `tried` after each kernel. Both may raise to stop.
        """
        if self._device.type != "cuda" or dtype.itemsize > 2:
            return SDPA.name
        key = (dtype, head_dim, with_ring)
        if key not in self._fastest:
            began()
            seconds = {SDPA.name: self._seconds(SDPA, dtype, head_dim)}
            tried()
            for name in self._makers:
                with suppress(SplitreelError):
                    seconds[name] = self._seconds(
                        self.choose(name, dtype, head_dim, with_ring=with_ring), dtype, head_dim
                    )
                tried()
            seconds = {name: taken for name, taken in seconds.items() if name not in self.failed}
            # SDPA chooses among the same kernels, so prefer it unless another one is faster.
            best = min(seconds, key=lambda name: seconds[name])
            self._fastest[key] = best if seconds[best] < _WORTH_NAMING * seconds[SDPA.name] else SDPA.name
        return self._fastest[key]

    def _seconds(self, kernel: AttentionKernel, dtype: torch.dtype, head_dim: int) -> float:
        q, k, v = torch.randn(3, 1, 16, _TIMED_TOKENS, head_dim, device=self._device, dtype=dtype)
        times: list[float] = []
        for _ in range(_TIMED_RUNS + 1):
            torch.cuda.synchronize(self._device)
            began = time.perf_counter()
            kernel.attend(q, k, v)
            torch.cuda.synchronize(self._device)
            times.append(time.perf_counter() - began)
        return min(times[1:])

    def choose(self, name: str, dtype: torch.dtype, head_dim: int, *, with_ring: bool) -> AttentionKernel:
        """The kernel of this name, once a comparison on this machine has shown that it matches SDPA.

        Raises KERNEL_UNAVAILABLE with the reason if it can't run here, differs, or returns no log-sum-exp for Ring.
        """
        if name == SDPA.name:
            return SDPA
        key = (name, dtype, head_dim, with_ring)
        if key not in self._chosen:
            self._chosen[key] = self._try(name, dtype, head_dim, with_ring=with_ring)
        return self._chosen[key]

    def _try(self, name: str, dtype: torch.dtype, head_dim: int, *, with_ring: bool) -> AttentionKernel:
        needs = self._needs(name)
        is_cuda = self._device.type == "cuda"
        if reason := why_not(needs, torch.cuda.get_device_capability(self._device) if is_cuda else None):
            raise _unavailable(reason)
        device = torch.cuda.get_device_name(self._device) if is_cuda else "cpu"
        trial = Trial(name, kernel_versions(needs), device, str(dtype), head_dim, None, None)
        known = [] if self._trials is None else [old for old in self._trials.read() if old.key == trial.key]
        is_lasting = True
        try:
            kernel = self._makers[name]()
            trial = known[0] if known else compare(kernel, trial, self._device, dtype)
        except torch.OutOfMemoryError:
            raise  # says nothing about the kernel
        except Exception as error:  # noqa: BLE001 - the compiler of FlashAttention 4 has exceptions of its own
            kernel = SDPA
            trial = Trial(*trial.key, None, None, _first_line(error))
            # Such as a full disk: the next process tries again.
            is_lasting = not isinstance(error, OSError)
        if self._trials is not None and not known and is_lasting:
            self._trials.add(trial)
        if reason := judge(trial, TOLERANCES.get(name, 1e-2)):
            raise _unavailable(reason, trial.problem)
        gives_lse = trial.lse_difference is not None and trial.lse_difference <= _LSE_TOLERANCE
        if with_ring and not gives_lse:
            raise _unavailable(reasons.kernel_without_ring(kernel=name))
        return self._guarded(AttentionKernel(name, kernel.attend, kernel.attend_with_lse if gives_lse else None))

    def _guarded(self, kernel: AttentionKernel) -> AttentionKernel:
        """Runs the kernel until it fails at a size that no trial covered, then SDPA, even if only this rank switches.

        Other ranks are not affected: attention is local, and both kernels give the same numbers up to rounding.
        """
        with_lse, sdpa_with_lse = kernel.attend_with_lse, SDPA.attend_with_lse
        assert sdpa_with_lse is not None
        return AttentionKernel(
            kernel.name,
            self._until_it_fails(kernel.name, kernel.attend, SDPA.attend),
            None if with_lse is None else self._until_it_fails(kernel.name, with_lse, sdpa_with_lse),
        )

    def _until_it_fails(
        self, name: str, attend: Callable[[Tensor, Tensor, Tensor], T], instead: Callable[[Tensor, Tensor, Tensor], T]
    ) -> Callable[[Tensor, Tensor, Tensor], T]:
        has_failed = False

        def guarded(q: Tensor, k: Tensor, v: Tensor) -> T:
            nonlocal has_failed
            if not has_failed:
                try:
                    return attend(q, k, v)
                except torch.OutOfMemoryError:
                    raise  # says nothing about the kernel
                except Exception as error:  # noqa: BLE001 - as in a trial
                    has_failed = True
                    self.failed.add(name)
                    # The next job takes the fastest of the others.
                    self._fastest.clear()
                    self.failures.append(
                        f"The attention kernel {name} failed at {tuple(q.shape)}, and SDPA runs instead: {_first_line(error)}"
                    )
            return instead(q, k, v)

        return guarded


def compare(kernel: AttentionKernel, trial: Trial, device: torch.device, dtype: torch.dtype) -> Trial:
    """Runs the kernel and SDPA on one small case with odd lengths, which real videos have too."""
    generator = torch.Generator("cpu").manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 1023, trial.head_dim, generator=generator).to(device, dtype)
    difference = _relative(kernel.attend(q, k, v), F.scaled_dot_product_attention(q, k, v))
    return Trial(*trial.key, difference, _lse_difference(kernel, q, k[:, :, :517], v[:, :, :517]))


def _lse_difference(kernel: AttentionKernel, q: Tensor, k: Tensor, v: Tensor) -> float | None:
    """For fewer keys than queries, as in Ring. None if the kernel returns no log-sum-exp or a wrong output with it."""
    if kernel.attend_with_lse is None:
        return None
    try:
        out, lse = kernel.attend_with_lse(q, k.contiguous(), v.contiguous())
    except torch.OutOfMemoryError:
        raise
    except Exception:  # noqa: BLE001 - as in a trial
        return None
    scores = q.float() @ k.float().transpose(-1, -2) / q.shape[-1] ** 0.5
    expected = torch.logsumexp(scores, dim=-1)
    if lse.shape != expected.shape or _relative(out, scores.softmax(-1) @ v.float()) > TOLERANCES["flash4"]:
        return None
    return float((lse - expected).abs().max())


def _relative(found: Tensor, expected: Tensor) -> float:
    return float((found.float() - expected.float()).norm() / expected.float().norm())


def _unavailable(reason: Reason, details: str | None = None) -> SplitreelError:
    return failures.kernel_unavailable(kernel=str(reason.params["kernel"]), reasons=[reason], details=details)
