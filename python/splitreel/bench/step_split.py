"""How the device spends one step, by torch's profiler: attention, products, elementwise work, exchanges, idle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

import torch
from torch._C._autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from splitreel.bench.step_clock import StepClock
from splitreel.contract.types import Stage

# The first pattern that matches a kernel's name decides. All others are elementwise: norms, GELU, copies within kernels.
_KINDS = (
    ("communication", re.compile(r"nccl|memcpy.*(ptop|peer|dtod)", re.IGNORECASE)),
    ("attention", re.compile(r"attention|flash|fmha|sdpa|cudnn_generated_fort_native_sdpa|FwdSm", re.IGNORECASE)),
    ("matmul", re.compile(r"gemm|nvjet|xmma|cutlass|cublas|scaled_mm|splitk", re.IGNORECASE)),
)
_ELEMENTWISE = "elementwise"
# If several run at once, the time counts for the first of these, so an exchange only counts where nothing hides it.
_ORDER = ("attention", "matmul", _ELEMENTWISE, "communication")

Activity: TypeAlias = tuple[str, float, float]  # name, start and end in microseconds


def kind_of(name: str) -> str:
    return next((kind for kind, pattern in _KINDS if pattern.search(name)), _ELEMENTWISE)


def split_time(activities: Iterable[Activity]) -> dict[str, float]:
    """Milliseconds of each kind from the first start to the last end. They add up to `step`.

    `communication` is the exposed part of exchanges, `communication_hidden` the rest; `idle` is when nothing runs.
    """
    edges: list[tuple[float, int, str]] = []
    for name, start, end in activities:
        kind = kind_of(name)
        edges += [(start, 1, kind), (end, -1, kind)]
    edges.sort(key=lambda edge: edge[0])
    found = dict.fromkeys((*_ORDER, "communication_hidden", "idle", "step"), 0.0)
    running = dict.fromkeys(_ORDER, 0)
    before = edges[0][0] if edges else 0.0
    for moment, change, kind in edges:
        span = (moment - before) / 1000
        first = next((kind for kind in _ORDER if running[kind] > 0), "idle")
        found[first] += span
        found["step"] += span
        if first != "communication" and running["communication"] > 0:
            found["communication_hidden"] += span
        running[kind] += change
        before = moment
    return found


class ProfilingClock(StepClock):
    """Records what the device does in the second step."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.split_ms: dict[str, float] = {}
        self._profile: profile | None = None

    def stage_progressed(self, video: int, stage: Stage, completed: int) -> None:
        super().stage_progressed(video, stage, completed)
        if stage is not Stage.DENOISING or self._device.type != "cuda":
            return
        if completed == 1:
            self._profile = profile(activities=[ProfilerActivity.CUDA])
            self._profile.start()
        elif completed == 2 and self._profile is not None:
            self._profile.stop()
            events = self._profile.events() or []  # type: ignore[no-untyped-call]
            self.split_ms = split_time(
                (event.name, event.time_range.start, event.time_range.end)
                for event in events
                if event.device_type == DeviceType.CUDA
            )
            self._profile = None
