"""Which GPUs NVLink connects, as `nvidia-smi topo -m` shows it. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from splitreel.contract.errors import SplitreelError
from splitreel.machine.gpus import run_nvidia_smi, visible_gpus
from splitreel.machine.peer_to_peer import is_p2p_off

# It underlines its header even when stdout is not a terminal.
_ANSI = re.compile("\x1b\\[[0-9;]*m")
_GPU = re.compile(r"GPU(\d+)")
_NVLINK = re.compile(r"NV\d+")


def nvlink_island_size(indices: Sequence[int]) -> int:
    """How many of these GPUs, given by their positions in PCI order, the smallest NVLink island connects.

    1 if any has no NVLink, if peer-to-peer is off, or if the driver doesn't answer.
    """
    return 1 if len(indices) < 2 or is_p2p_off() else smallest_island(indices, _islands())


def visible_island_size(count: int) -> int:
    """The same for the first `count` GPUs that CUDA shows to this process. 1 if they can't be listed."""
    if count < 2:
        return 1
    try:
        return nvlink_island_size([gpu.index for gpu in visible_gpus()[:count]])
    except SplitreelError:
        return 1


def smallest_island(indices: Sequence[int], islands: Mapping[int, int]) -> int:
    """By the same rule as in src/shared/machine.ts."""
    found = [islands.get(index) for index in indices]
    return 1 if None in found or not found else min(found.count(island) for island in found)


@cache
def _islands() -> Mapping[int, int]:
    """Links don't change while a process runs."""
    try:
        answer = run_nvidia_smi("topo", "-m")
    except SplitreelError:
        return {}
    return parse_islands(answer.stdout) if answer.returncode == 0 else {}


def parse_islands(text: str) -> dict[int, int]:
    """GPU index to the number of its island, from 0; a GPU without NVLink is in none.

    By the same rules as src/main/gpus/topology.ts.
    """
    rows = [
        [cell.strip() for cell in re.split(r"\t+| {2,}", line) if cell.strip()]
        for line in _ANSI.sub("", text).splitlines()
    ]
    header = next((row for row in rows if row and row[0] == "GPU0" and row[1:2] != ["X"]), [])
    columns = sum(_GPU.fullmatch(cell) is not None for cell in header)
    island_of: dict[int, int] = {}
    for name, *cells in (row for row in rows if row):
        if (gpu := _GPU.fullmatch(name)) is None:
            continue
        for column, cell in enumerate(cells[:columns]):
            if _NVLINK.fullmatch(cell):
                _join(island_of, int(gpu[1]), column)
    numbers = sorted(set(island_of.values()))
    return {gpu: numbers.index(island) for gpu, island in island_of.items()}


def _join(island_of: dict[int, int], one: int, other: int) -> None:
    joined = {island_of.get(one, one), island_of.get(other, other)}
    island_of[one] = island_of[other] = min(joined)
    for gpu, island in island_of.items():
        if island in joined:
            island_of[gpu] = min(joined)
