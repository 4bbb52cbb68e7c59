"""What a rank sees of the variables of whoever started the app."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from splitreel.worker.supervisor.process_environment import child_environment

WORKER_ENVIRONMENT = Path(__file__).parents[2] / "src" / "main" / "engine" / "worker-environment.ts"


def test_switches_of_links_reach_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCCL_P2P_DISABLE", "1")
    monkeypatch.setenv("NCCL_NVLS_ENABLE", "0")
    seen = child_environment()
    assert seen["NCCL_P2P_DISABLE"] == "1"
    assert seen["NCCL_NVLS_ENABLE"] == "0"


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "HF_TOKEN", "NCCL_NET_PLUGIN", "AWS_KEY"]
)
def test_what_could_load_code_or_tell_secrets_does_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "canary")
    assert "canary" not in child_environment().values()


def test_the_app_hands_the_supervisor_the_same_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = re.findall(r"'((?:NCCL|TORCH|NVSHMEM)_\w+)'", WORKER_ENVIRONMENT.read_text("utf-8"))
    assert listed
    for name in listed:
        monkeypatch.setenv(name, "set")
    seen = child_environment()
    assert [name for name in listed if seen.get(name) != "set"] == []
