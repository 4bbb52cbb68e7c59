"""Which tests of processes there are on this machine, and the video that they compare with."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.processes.commands import FLAGS, command

# Network namespaces need root.
collect_ignore = [] if os.geteuid() == 0 and shutil.which("ip") else ["test_two_hosts.py"]


@pytest.fixture(scope="session")
def one_rank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The latents that `splitreel generate` makes of FLAGS in one process."""
    folder = tmp_path_factory.mktemp("one-rank")
    lines = command(folder, "splitreel", "generate", *FLAGS, "--save-latents", "one.safetensors")
    assert lines[-2] == "output saved to results/a-red-ball_seed42.mp4"
    assert re.fullmatch(r"epoch time: [\d.]+ sec, memory: [\d.]+ GB", lines[-1])
    return folder / "one.safetensors"
