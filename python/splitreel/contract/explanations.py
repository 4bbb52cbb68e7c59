"""Explanations of a plan and advice, one function for each code.

Generated from resources/messages.en.json by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from splitreel.contract.errors import Explanation
from splitreel.contract.kinds import PlanText


def data_first(*, dp: int) -> Explanation:
    """{dp} groups make {dp} videos at the same time, independently of each other."""
    return Explanation("data_first", {"dp": dp})


def cfg_first() -> Explanation:
    """CFG comes first: the two halves of guidance run side by side and exchange data once per step."""
    return Explanation("cfg_first", {})


def ulysses_gpus(*, ulysses: int) -> Explanation:
    """Ulysses {ulysses} divides the attention heads among the GPUs with the fastest links."""
    return Explanation("ulysses_gpus", {"ulysses": ulysses})


def ulysses_cpu(*, ulysses: int) -> Explanation:
    """Ulysses {ulysses} divides the attention heads among the CPU workers."""
    return Explanation("ulysses_cpu", {"ulysses": ulysses})


def ring_across(*, ring: int) -> Explanation:
    """Ring {ring} passes keys from worker to worker where the heads can't be divided further."""
    return Explanation("ring_across", {"ring": ring})


def ring_nvlink(*, ring: int) -> Explanation:
    """Ring {ring} gathers keys over NVLink while the GPUs compute."""
    return Explanation("ring_nvlink", {"ring": ring})


def fit_offload_model() -> Explanation:
    """It would fit with CPU offload, one model at a time."""
    return Explanation("fit_offload_model", {})


def fit_balanced() -> Explanation:
    """It would fit in balanced quality, which keeps most of the transformer's weights in 8 bits."""
    return Explanation("fit_balanced", {})


def fit_balanced_offloaded() -> Explanation:
    """It would fit in balanced quality with CPU offload, one model at a time."""
    return Explanation("fit_balanced_offloaded", {})


def fit_offload_sequential() -> Explanation:
    """It would fit with CPU offload, one block at a time."""
    return Explanation("fit_offload_sequential", {})


def fit_frames(*, frames: float) -> Explanation:
    """It would fit with {frames} frames."""
    return Explanation("fit_frames", {"frames": frames})


def fit_size(*, width: int, height: int) -> Explanation:
    """It would fit at {width} × {height}."""
    return Explanation("fit_size", {"width": width, "height": height})


def measured(*, seconds: float) -> Explanation:
    """Measured on this computer: {seconds} s per step, the fastest split so far."""
    return Explanation("measured", {"seconds": seconds})


def one_gpu() -> Explanation:
    """One GPU does all the work."""
    return Explanation("one_gpu", {})


def one_cpu_rank() -> Explanation:
    """One CPU worker does all the work."""
    return Explanation("one_cpu_rank", {})


def idle_gpus(*, idle: int, devices: int) -> Explanation:
    """Idle GPUs: {idle}. No valid split uses all {devices}."""
    return Explanation("idle_gpus", {"idle": idle, "devices": devices})


def idle_cpu(*, idle: int, devices: int) -> Explanation:
    """Idle CPU workers: {idle}. No valid split uses all {devices}."""
    return Explanation("idle_cpu", {"idle": idle, "devices": devices})


def fit_plan(*, split: PlanText) -> Explanation:
    """It would fit with the split {split}."""
    return Explanation("fit_plan", {"split": split})


def fit_one_rank() -> Explanation:
    """It would fit without a split."""
    return Explanation("fit_one_rank", {})


def fit_nothing(*, needed_bytes: int, free_bytes: int) -> Explanation:
    """No smaller video of this model fits: it needs {neededBytes}, and {freeBytes} is available."""
    return Explanation("fit_nothing", {"neededBytes": needed_bytes, "freeBytes": free_bytes})
