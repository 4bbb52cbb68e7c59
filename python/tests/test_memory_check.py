"""Memory is checked before anything starts: refused where weights cannot fit, warned of where the rest may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from splitreel.contract.devices import cpu_devices
from splitreel.contract.errors import SplitreelError
from splitreel.contract.protocol import StartJob, WorkerVideo
from splitreel.contract.types import Device, Plan, SamplingParams, Scheduler
from splitreel.machine.gpus import Gpu
from splitreel.rules.memory_shape import PartWeights, memory_shape_from_configs
from splitreel.rules.model_shape import shape_from_configs
from splitreel.store.model_folder import ModelFolder
from splitreel.worker.supervisor import memory
from tests.test_memory_golden import GOLDEN

CONFIGS = GOLDEN["models"]["5b"]["configs"]
MODEL = ModelFolder(
    Path("/models/5b"),
    shape_from_configs(CONFIGS),
    memory_shape_from_configs(CONFIGS, CONFIGS["textEncoder"]),
    weight_bytes=1,
    fingerprint="f",
)


# So small that encoding is never the stage that needs the most.
SMALL = PartWeights(1, 1, 1, 0)


def job(devices: tuple[Device, ...]) -> StartJob:
    settings = SamplingParams(720, 480, 49, scheduler=Scheduler.DPM)
    video = WorkerVideo("a dog", "", 1, None, "/videos/a.mp4")
    return StartJob("j1", "5b", "/models/5b", settings, (video,), Plan(), devices, None)


def gpus(*gigabytes: int) -> list[Gpu]:
    return [Gpu(index, f"GPU-{index}", "NVIDIA X", size * 10**9, "580") for index, size in enumerate(gigabytes)]


def on(count: int) -> StartJob:
    return job(tuple(Device("cuda", index, f"GPU-{index}", "NVIDIA X") for index in range(count)))


def check_memory(
    job: StartJob, model: ModelFolder, gpus: list[Gpu], *, dtype_bytes: int, own: bool = True
) -> str | None:
    return memory.check_memory(job, model, gpus, dtype_bytes=dtype_bytes, has_own_kernels=own)


def test_what_fits_gives_no_warning() -> None:
    assert check_memory(on(1), MODEL, gpus(80), dtype_bytes=2) is None
    assert check_memory(job(cpu_devices(1)), MODEL, gpus(8), dtype_bytes=2) is None


def test_the_warning_names_the_smallest_change_that_fits() -> None:
    warning = check_memory(on(1), MODEL, gpus(22), dtype_bytes=2)
    assert warning == (
        "GPU 0 has 22.0 GB of memory, but encoding needs 23.1 GB. It would fit with CPU offload, one model at a time."
    )


def test_weights_that_cannot_fit_are_refused() -> None:
    with pytest.raises(SplitreelError) as caught:
        check_memory(on(2), MODEL, gpus(80, 16), dtype_bytes=2)
    assert caught.value.code == "MEMORY_SHORT"
    assert caught.value.error.exit_code == 4
    assert caught.value.params["device"] == "GPU 1", "the smallest of the chosen ones decides"
    with pytest.raises(SplitreelError):
        check_memory(on(1), MODEL, gpus(40), dtype_bytes=4)


def test_a_model_of_unknown_size_is_allowed() -> None:
    assert check_memory(on(1), replace(MODEL, memory=None), gpus(4), dtype_bytes=2) is None


def test_without_our_own_kernels_a_job_needs_more() -> None:
    model = replace(MODEL, memory=None if MODEL.memory is None else replace(MODEL.memory, text_encoder=SMALL))
    assert check_memory(on(1), model, gpus(16), dtype_bytes=2) is None
    assert check_memory(on(1), model, gpus(16), dtype_bytes=2, own=False) is not None


def test_nccl_takes_more_memory_over_nvlink(monkeypatch: pytest.MonkeyPatch) -> None:
    split = replace(on(2), plan=Plan(cfg=2))
    assert check_memory(split, MODEL, gpus(24, 24), dtype_bytes=2) is None
    monkeypatch.setattr(memory, "nvlink_island_size", len)
    warning = check_memory(split, MODEL, gpus(24, 24), dtype_bytes=2)
    assert warning is not None
    assert "GPU 0 has 24.0 GB of memory, but encoding needs" in warning
