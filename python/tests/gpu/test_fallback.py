"""Kernels that can't be launched on a real GPU: the job continues in torch and says so once."""

from __future__ import annotations

from pathlib import Path

import torch

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.engine.engine import Engine
from splitreel.models.cogvideox.random_model import make_model
from tests.engine.world import RecordingHooks, kernels_fail

CUDA = torch.device("cuda", 0)
JOB = EngineJob(48, 32, 9, 3, videos=(VideoJob("a dog", "", 1),))


def test_a_job_continues_without_its_kernels(tmp_path: Path) -> None:
    make_model("t2v-5b", tmp_path / "model")
    made = Engine(rank=0, world_size=1, device=CUDA)
    made.load(tmp_path / "model", Plan(), LoadOptions(), RecordingHooks())
    assert made.loaded.model.fused_problem is None
    whole, without = RecordingHooks(), RecordingHooks()
    made.generate(JOB, Plan(), whole)
    with kernels_fail():
        report = made.generate(JOB, Plan(), without)
    made.unload()
    assert report.outcomes[0].error is None
    assert any("norm_modulate failed" in notice for notice in report.notices)
    difference = (without.final[0] - whole.final[0]).norm() / whole.final[0].norm()
    assert float(difference) <= 5e-2
    assert len(without.frames) == JOB.num_frames
