"""What a rank sees of the environment in which the app was started."""

from __future__ import annotations

import pytest

from splitreel.worker.supervisor.process_environment import ENGINE_SETTINGS, child_environment


@pytest.mark.parametrize(
    "name", ["NCCL_P2P_DISABLE", "NCCL_NVLS_ENABLE", "HF_HOME", "HF_HUB_CACHE", "SPLITREEL_DATA", "OMP_NUM_THREADS"]
)
def test_passed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "0")
    assert child_environment()[name] == "0"


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "HF_TOKEN", "NCCL_NET_PLUGIN", "AWS_SECRET_ACCESS_KEY",
     "OPENAI_API_KEY", "CUDA_VISIBLE_DEVICES", "HTTPS_PROXY"],
)  # fmt: skip
def test_not_passed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "canary")
    assert "canary" not in child_environment().values()


def test_the_engine_s_own_settings_win(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENGINE_SETTINGS:
        monkeypatch.setenv(name, "theirs")
    assert child_environment().items() >= ENGINE_SETTINGS.items()
