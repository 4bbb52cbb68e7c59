"""A stage's peak is its own: a large stage before it leaves no mark."""

from __future__ import annotations

import torch

from splitreel.contract.types import Stage
from splitreel.engine.memory_meter import StageMeter
from splitreel.parallel.collectives import Traffic

MB = 1_000_000


def test_each_stage_has_its_own_peak_and_sums_what_it_took() -> None:
    traffic = Traffic()
    meter = StageMeter(torch.device("cpu"), traffic)
    with meter.stage(Stage.ENCODING):
        tensor = torch.ones(400 * MB // 4)
        traffic.bytes_sent += 5
        del tensor
    with meter.stage(Stage.DENOISING):
        traffic.bytes_sent += 7
    with meter.stage(Stage.ENCODING):
        traffic.bytes_sent += 1
    figures = meter.take()
    assert figures["encoding"].peak_host_bytes - figures["denoising"].peak_host_bytes > 300 * MB
    assert (figures["encoding"].bytes_sent, figures["denoising"].bytes_sent) == (6, 7)
    assert figures["encoding"].seconds > 0
    assert meter.take() == {}
