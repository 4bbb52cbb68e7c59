"""A hub for each test, and no proxy between it and us."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub
from tests.hub.client import DEMO, REPO


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    fake = FakeHub({REPO: DEMO})
    yield fake
    fake.close()
