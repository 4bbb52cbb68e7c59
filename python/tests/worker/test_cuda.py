"""A GPU is listed, but CUDA doesn't start: one sentence with CUDA's own reason."""

from __future__ import annotations

import pytest
import torch

from splitreel.contract.errors import SplitreelError
from splitreel.worker.rank import cuda


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("No CUDA GPUs are available", "No CUDA GPUs are available"),
        ("CUDA error: 46.\n\nCUDA error: all CUDA-capable devices are busy.\n", "CUDA error: all CUDA-capable devices are busy"),
        ("", "it gives no reason"),
    ],
)  # fmt: skip
def test_the_details_start_with_the_reason(monkeypatch: pytest.MonkeyPatch, message: str, reason: str) -> None:
    def fail(_device: object) -> None:
        raise RuntimeError(message)

    monkeypatch.setattr(torch.cuda, "set_device", fail)
    with pytest.raises(SplitreelError) as raised:
        cuda.start_cuda(torch.device("cuda", 0), "GPU 0")
    assert str(raised.value) == "CUDA doesn't start on GPU 0."
    assert (raised.value.error.details or "").split("\n")[0] == reason


def test_a_fork_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_device: object) -> None:
        raise RuntimeError("Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, ...")

    monkeypatch.setattr(torch.cuda, "set_device", fail)
    monkeypatch.setattr(cuda, "_probe", lambda: "Traceback\nRuntimeError: The NVIDIA driver is too old.\n")
    with pytest.raises(SplitreelError) as raised:
        cuda.start_cuda(torch.device("cuda", 0), "GPU 0")
    assert (raised.value.error.details or "").startswith("The NVIDIA driver is too old\n")
