"""Which GPUs NVLink connects, and what the command line makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from splitreel.commands.flags import make_parser, parse_flags
from splitreel.commands.generate import plan_request
from splitreel.machine import topology
from splitreel.machine.topology import nvlink_island_size, parse_islands, smallest_island, visible_island_size

ROOT = Path(__file__).parents[3]
GOLDEN = json.loads((ROOT / "resources" / "golden" / "nvidia-topology.json").read_text())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the PATH whose nvidia-smi answers as the file `fake-gpus` says."""
    (tmp_path / "nvidia-smi").symlink_to(ROOT / "test" / "fakes" / "nvidia-smi")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name in ("CUDA_VISIBLE_DEVICES", "NCCL_P2P_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    topology._islands.cache_clear()
    yield tmp_path / "fake-gpus"
    topology._islands.cache_clear()


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_golden(case: dict[str, Any]) -> None:
    islands = parse_islands(case["text"])
    assert {str(gpu): island for gpu, island in islands.items()} == case["islands"]
    for size in case["sizes"]:
        assert smallest_island(size["gpus"], islands) == size["size"]


@pytest.mark.parametrize("kind", ["nodriver", "garbage", "mixed"])
def test_without_an_answer_or_nvlink_nothing_is_connected(machine: Path, kind: str) -> None:
    machine.write_text(kind)
    assert nvlink_island_size([0, 1]) == 1


@pytest.mark.parametrize(("kind", "p2p_disable", "size"), [("4", "0", 4), ("4", "1", 1), ("nodriver", "0", 1)], ids=str)
def test_the_first_visible_gpus_form_an_island(
    machine: Path, monkeypatch: pytest.MonkeyPatch, kind: str, p2p_disable: str, size: int
) -> None:
    """What the memory forecast of ranks and of `bench memory` expects; without peer-to-peer, NCCL goes through the host."""
    machine.write_text(kind)
    monkeypatch.setenv("NCCL_P2P_DISABLE", p2p_disable)
    assert visible_island_size(4) == size


@pytest.mark.parametrize(("p2p_disable", "ring", "ulysses"), [("0", 2, 1), ("1", 1, 2)])
def test_generate_splits_by_ring_over_nvlink(
    machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, p2p_disable: str, ring: int, ulysses: int
) -> None:
    machine.write_text("4")
    monkeypatch.setenv("NCCL_P2P_DISABLE", p2p_disable)
    flags = ["--model", "demo", "--prompt", "a red ball", "--nproc_per_node", "4", "--output_dir", str(tmp_path)]
    plan = plan_request(parse_flags(make_parser("generate"), flags)).job.plan
    assert (plan.cfg, plan.ring, plan.ulysses) == (2, ring, ulysses)
