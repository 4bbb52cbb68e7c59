"""Imports that last are made without the garbage collector, and no later collection visits them."""

from __future__ import annotations

import gc

import pytest

from splitreel.machine.imports import lasting_imports


def test_no_garbage_collection_during_import_and_none_of_its_objects_later() -> None:
    frozen = gc.get_freeze_count()
    with lasting_imports():
        assert not gc.isenabled()
        made = [[number] for number in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(made)


def test_an_import_that_fails_leaves_the_collector_on() -> None:
    with pytest.raises(ImportError), lasting_imports():
        raise ImportError("no such module")
    assert gc.isenabled()
