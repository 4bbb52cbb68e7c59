"""`--thorough`: every kind of model and plan, faults on every rank, more repetitions. The default is a sample."""

from __future__ import annotations

import atexit
import gc

import pytest

# Collecting tests imports torch and what rests on it: without the garbage collector, as splitreel.machine.imports does.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
    # Extensions count what is left at the end, and list it as leaked.
    atexit.register(gc.unfreeze)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="also run tests marked thorough")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--thorough"):
        return
    left_out = [item for item in items if item.get_closest_marker("thorough") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
