"""What ranks hold of a model, and how much host memory loading takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from splitreel.contract.types import Plan
from splitreel.models.cogvideox.random_model import make_model
from splitreel.parallel.placement import assign_ranks, first_shards, shard_at
from tests.engine.matrix import GUIDED
from tests.engine.world import RunRequest, World, Worlds

SHORT = replace(GUIDED, num_inference_steps=1, warmup_steps=1)


@pytest.fixture(scope="module")
def model(model_of: Callable[[str], Path]) -> Path:
    return model_of("t2v-5b")


@pytest.mark.parametrize("axis", ["tp", "pp"])
@pytest.mark.parametrize("degree", [1, 2, 4])
def test_each_rank_holds_its_part_of_the_blocks_and_read_no_more(
    axis: str, degree: int, model: Path, world: Worlds
) -> None:
    whole = world.run(RunRequest(model, Plan(), SHORT))[0].load
    results = world.run(RunRequest(model, Plan(**{axis: degree}), SHORT))
    for result in results[:degree]:
        # Every shard holds the norms of the heads and the biases: a few kilobytes.
        assert result.load.block_bytes_held == pytest.approx(whole.block_bytes_held / degree, rel=0.02)
        saved = whole.transformer_bytes_held - result.load.transformer_bytes_held
        assert saved == pytest.approx(whole.block_bytes_held * (1 - 1 / degree), rel=0.02)
        assert result.load.reused or result.load.bytes_read < 1.05 * result.load.bytes_held


def test_idle_ranks_hold_a_shard_for_the_next_plan(model: Path, world: Worlds) -> None:
    world.run(RunRequest(model, Plan(tp=2), SHORT), size=4)
    results = world.run(RunRequest(model, Plan(cfg=2, tp=2), SHORT))
    assert all(result.load.reused for result in results)


degrees = st.tuples(*(st.integers(1, 4) for _ in range(6))).map(
    lambda d: Plan(dp=d[0], cfg=min(d[1], 2), pp=d[2], ring=d[3], ulysses=d[4], tp=d[5])
)


@given(first=degrees, second=degrees, world_size=st.integers(1, 64))
@settings(max_examples=400, deadline=None)
def test_positions_are_assigned_to_ranks_that_hold_their_shard(first: Plan, second: Plan, world_size: int) -> None:
    if max(first.world_size, second.world_size) > world_size:
        return
    held = first_shards(first, world_size)
    order = assign_ranks(second, held)
    if order is not None:
        assert len(set(order)) == second.world_size
        assert [held[rank] for rank in order] == [shard_at(second, place) for place in range(second.world_size)]
    if (first.pp, first.tp) == (second.pp, second.tp) == (1, 1):
        assert order == tuple(range(second.world_size))


def _make_large(folder: Path, megabytes: int) -> int:
    """Makes a model whose transformer has this size. Returns the bytes of all its weights."""
    make_model("t2v-2b", folder)
    config_file = folder / "transformer" / "config.json"
    config = json.loads(config_file.read_text("utf-8"))
    config.update(num_layers=4, attention_head_dim=32)
    config_file.write_text(json.dumps(config), "utf-8")
    from diffusers import CogVideoXTransformer3DModel

    with torch.device("meta"):
        empty = CogVideoXTransformer3DModel.from_config(config)
    for file in (folder / "transformer").glob("*.safetensors*"):
        file.unlink()
    block_bytes = sum(4 * p.numel() for p in empty.transformer_blocks[0].parameters())
    config["num_layers"] = max(4, megabytes * 1_000_000 // block_bytes)
    config_file.write_text(json.dumps(config), "utf-8")
    with torch.device("meta"):
        empty = CogVideoXTransformer3DModel.from_config(config)
    weights = {name: torch.full(p.shape, 0.01) for name, p in empty.named_parameters()}
    save_file(weights, folder / "transformer" / "diffusion_pytorch_model.safetensors")
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))


def _proportional_bytes(pids: list[int]) -> int:
    """Memory of these processes together. Pages that they share count once (PSS)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def test_four_ranks_do_not_multiply_the_hosts_memory(tmp_path: Path) -> None:
    make_model("t2v-2b", tmp_path / "small")
    folder = tmp_path / "large"
    weight_bytes = _make_large(folder, 600)
    assert weight_bytes > 500_000_000
    peak, stop = get_context("fork").Value("q", 0), get_context("fork").Event()
    with World(4, tmp_path) as world:
        # The first job makes each rank copy 140 MB of its parent's pages, whatever the model.
        world.run(RunRequest(tmp_path / "small", Plan(tp=2, cfg=2), SHORT))
        before = _proportional_bytes(world.pids)

        def watch() -> None:
            while not stop.is_set():
                peak.value = max(peak.value, _proportional_bytes(world.pids))
                time.sleep(0.05)

        watcher = get_context("fork").Process(target=watch, daemon=True)
        watcher.start()
        world.run(RunRequest(folder, Plan(tp=2, cfg=2), SHORT))
        stop.set()
        watcher.join(5)
    # Two ranks hold each shard, which on the host is one copy: the file's pages. Activations are included.
    print(f"{weight_bytes / 1e6:.0f} MB of weights, {(peak.value - before) / 1e6:.0f} MB more in four ranks at most")
    assert peak.value - before <= 1.3 * weight_bytes
