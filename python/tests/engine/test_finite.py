"""Numbers that are none end with an error, on one rank and on several, and never as a black video."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from splitreel.contract.types import Plan
from splitreel.models.random import make_model
from tests.engine.matrix import GUIDED
from tests.engine.world import Order, World


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


def test_nan_is_an_error_before_decoding(broken: Path, tmp_path: Path) -> None:
    with World(2, tmp_path) as world:
        for plan in (Plan(), Plan(ulysses=2), Plan(cfg=2), Plan(pp=2)):
            answers = world.run(Order(broken, plan, GUIDED))[: plan.world_size]
            assert {answer.errors for answer in answers} == {("LATENTS_NOT_FINITE",)}, plan.key
            assert all(answer.frame_count == 0 and not answer.latents for answer in answers)
