"""Ranks and models that all engine tests share: starting them costs more than most of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from splitreel.models.cogvideox.random_model import make_model
from tests.engine.matrix import make_image
from tests.engine.world import Worlds


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    torch.set_num_threads(1)
    worlds = Worlds(lambda: tmp_path_factory.mktemp("world"))
    yield worlds
    worlds.close()


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A small model's folder by its kind, made once."""
    root = tmp_path_factory.mktemp("models")

    def folder(kind: str) -> Path:
        if not (root / kind).exists():
            make_model(kind, root / kind)
        return root / kind

    return folder


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For image-to-video."""
    return make_image(tmp_path_factory.mktemp("image") / "image.png")
