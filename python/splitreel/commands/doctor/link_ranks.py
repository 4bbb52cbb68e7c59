"""The ranks of the link test, as a separate script. Needs only the standard library and torch.

    python -I link_ranks.py WORLD_SIZE FOLDER PAIRS       PAIRS: 0-1,0-2,...

Every rank goes through the same list of pairs. The two of a pair exchange numbers that identify their sender, and each
appends one JSON line to FOLDER/results. Devices: GPU RANK with NCCL, or the CPU with gloo if there is no GPU.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

# 1 KiB takes NCCL's low-latency path, 64 MiB its bandwidth path. Broken boards often break only one of them.
_SIZES = (256, 16_777_216)
_REPEATS = 3
_TIMEOUT = dt.timedelta(seconds=30)


def pattern(rank: int, numel: int, device: torch.device) -> torch.Tensor:
    """int32 of shape (numel,), different at every index and for every rank. The sum of two doesn't overflow."""
    return torch.arange(numel, dtype=torch.int32, device=device) % 1_000_003 + 1_000_000 * (rank + 1)


def exchange(rank: int, pair: tuple[int, int], group: Any, device: torch.device) -> str:
    """Empty, or what arrived wrong. Compares on the CPU, because a broken link must not check itself.

    Makes every exchange whatever arrives: often only one of the two gets wrong numbers, and the other would wait for it
    until the time limit.
    """
    other = pair[0] if rank == pair[1] else pair[1]
    problems = []
    for numel in _SIZES if device.type == "cuda" else (_SIZES[0], 65_536):
        mine, theirs = (pattern(each, numel, torch.device("cpu")) for each in (rank, other))
        summed = pattern(rank, numel, device)
        dist.all_reduce(summed, group=group)
        problems.append(_difference("a sum", summed.cpu(), mine + theirs))
        sent, got = pattern(rank, numel, device), torch.full((numel,), -1, dtype=torch.int32, device=device)
        first, second = (sent, got) if rank == pair[0] else (got, sent)
        dist.broadcast(first, src=pair[0], group=group)
        dist.broadcast(second, src=pair[1], group=group)
        problems.append(_difference("a copy", got.cpu(), theirs))
    return next(filter(None, problems), "") or direct_copy(rank, other, device)


def direct_copy(rank: int, other: int, device: torch.device) -> str:
    """CUDA's own copy from this GPU to the other, which takes the same path without NCCL."""
    if device.type != "cuda" or os.environ.get("NCCL_P2P_DISABLE") == "1":
        return ""
    sent = pattern(rank, _SIZES[1], device)
    arrived = sent.to(torch.device("cuda", other))
    torch.cuda.synchronize(other)
    return _difference("CUDA's own copy", arrived.cpu(), sent.cpu())


def _difference(what: str, got: torch.Tensor, wanted: torch.Tensor) -> str:
    wrong = int((got != wanted).sum())
    return f"{wrong} of {wanted.numel()} numbers of {what} were wrong" if wrong else ""


def speed(group: Any, device: torch.device) -> float | None:
    """Gigabytes (10^9) per second of an all-reduce over two GPUs, in which each sends and receives the tensor once."""
    if device.type != "cuda":
        return None
    data = torch.zeros(_SIZES[1], dtype=torch.int32, device=device)
    dist.all_reduce(data, group=group)
    torch.cuda.synchronize(device)
    begun = time.perf_counter()
    for _ in range(_REPEATS):
        dist.all_reduce(data, group=group)
    torch.cuda.synchronize(device)
    return data.numel() * data.element_size() * _REPEATS / (time.perf_counter() - begun) / 1e9


def run_rank(rank: int, world_size: int, folder: Path, pairs: list[tuple[int, int]]) -> None:
    is_cuda = torch.cuda.is_available()
    device = torch.device("cuda", rank) if is_cuda else torch.device("cpu")
    if is_cuda:
        torch.cuda.set_device(device)
    store = f"file://{folder / 'store'}"
    # gloo keeps the ranks in step. The test itself runs over a group of the pair alone.
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=world_size, timeout=_TIMEOUT)
    if rank == 0:
        (folder / "started").touch()
    for pair in pairs:
        group = dist.new_group(list(pair), backend="nccl" if is_cuda else "gloo", timeout=_TIMEOUT)
        if rank in pair:
            try:
                result = {"problem": exchange(rank, pair, group, device), "speed": speed(group, device)}
            except RuntimeError as error:  # includes NCCL's errors
                result = {"problem": (str(error).strip().splitlines() or ["it failed"])[0][:200], "speed": None}
            line = json.dumps({"pair": pair, "rank": rank, **result}) + "\n"
            with (folder / "results").open("a") as results:
                results.write(line)
        dist.barrier()


def fork_rank(rank: int, world_size: int, folder: Path, pairs: list[tuple[int, int]]) -> int:
    """Forks a process that runs the rank, with its output in a separate file. Returns its pid."""
    pid = os.fork()
    if pid != 0:
        return pid
    code = 1
    try:
        output = os.open(folder / f"output-{rank}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        run_rank(rank, world_size, folder, pairs)
        code = 0
    except BaseException:  # noqa: BLE001 - the last line of the traceback is what the doctor shows
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        # No orderly shutdown: a stuck communicator would block it.
        os._exit(code)


def main(arguments: list[str]) -> int:
    """Exits with the code of the first rank that failed; its number is in FOLDER/failed."""
    world_size, folder = int(arguments[0]), Path(arguments[1])
    pairs = [(int(first), int(second)) for first, second in (text.split("-") for text in arguments[2].split(","))]
    # Forked ranks share the import of torch, which costs most of the test. Nothing here has touched CUDA.
    ranks = {fork_rank(rank, world_size, folder, pairs): rank for rank in range(world_size)}
    failure = 0
    while ranks:
        pid, status = os.wait()
        rank, code = ranks.pop(pid), os.waitstatus_to_exitcode(status)
        if code != 0 and failure == 0:
            failure = code
            (folder / "failed").write_text(str(rank))
    return failure


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
