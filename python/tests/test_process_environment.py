"""What a rank sees of the environment in which the app was started."""

from __future__ import annotations

import subprocess
import sys

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


@pytest.mark.parametrize("name", ["GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"])
def test_collectives_stay_on_this_machine(name: str) -> None:
    assert child_environment()[name] == "lo"


@pytest.mark.parametrize("library", ["diffusers", "transformers"])
def test_a_warning_of_a_library_does_not_quote_the_prompt_in_the_log(library: str) -> None:
    program = (
        f"from {library}.utils import logging\n"
        f"logging.get_logger('{library}.pipelines').warning('truncated: a secret prompt')\n"
        "print('done')"
    )
    environment = child_environment()
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "done\n"
    assert "secret" not in ran.stderr


def test_compiled_kernels_stay_in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLITREEL_DATA", "/data")
    monkeypatch.setenv("TRITON_CACHE_DIR", "/theirs")
    assert child_environment()["TRITON_CACHE_DIR"] == "/data/cache/triton"
    assert child_environment()["FLASH_ATTENTION_CUTE_DSL_CACHE_DIR"] == "/data/cache/flash-attention"
