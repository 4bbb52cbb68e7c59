"""Ranks and models that all engine tests share: starting them costs more than most of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from splitreel.models.cogvideox.random_model import make_model
from tests.engine.matrix import make_image
from tests.engine.world import World


class _SharedWorld:
    """Eight ranks, started for the first test that needs them and again after a test that lost them."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._world: World | None = None

    def get(self) -> World:
        if self._world is None or self._world.is_lost:
            self.close()
            self._world = World(8, self._folder())
        return self._world

    def close(self) -> None:
        if self._world is not None:
            self._world.close()


@pytest.fixture(scope="session")
def _shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_SharedWorld]:
    torch.set_num_threads(1)
    shared = _SharedWorld(lambda: tmp_path_factory.mktemp("world"))
    yield shared
    shared.close()


@pytest.fixture
def world(_shared_world: _SharedWorld) -> World:
    return _shared_world.get()


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
