"""NaN ends with an error, on one rank and on several, and never as a black video."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from splitreel.contract.types import Plan
from splitreel.models.cogvideox.random_model import make_model
from tests.engine.matrix import GUIDED
from tests.engine.world import RunRequest, Worlds


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of which one weight, the bias of the last projection, is NaN in one place."""
    folder = tmp_path_factory.mktemp("models") / "t2v-2b"
    make_model("t2v-2b", folder)
    for file in (folder / "transformer").glob("*.safetensors"):
        tensors = load_file(file)
        if "proj_out.bias" in tensors:
            tensors["proj_out.bias"][3] = torch.nan
            save_file(tensors, file, metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize("plan", [Plan(), Plan(ulysses=2), Plan(cfg=2), Plan(pp=2)], ids=lambda plan: plan.key)
def test_nan_is_an_error_before_decoding(plan: Plan, broken: Path, world: Worlds) -> None:
    results = world.run(RunRequest(broken, plan, GUIDED))[: plan.world_size]
    assert {result.errors for result in results} == {("LATENTS_NOT_FINITE",)}
    assert all(result.frame_count == 0 and not result.latents for result in results)
