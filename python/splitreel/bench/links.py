"""`bench links`: every pair of GPUs, with and without peer-to-peer: whether data arrives unchanged, and how fast."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from splitreel.bench.table import Table, Value, machine, write_json
from splitreel.commands.doctor.link_probe import LinkProbe
from splitreel.contract.errors import SplitreelError
from splitreel.machine.gpus import visible_gpus

COLUMNS = {"pair": "pair", "peer_to_peer": "peer-to-peer", "gigabytes_per_s": "GB/s", "problem": "problem"}


def main(arguments: Sequence[str]) -> int:
    """0 if every number arrived unchanged, otherwise 1."""
    parser = argparse.ArgumentParser(prog="splitreel.bench links", description=__doc__, allow_abbrev=False)
    parser.add_argument("--ranks", type=int, default=0, help="GPUs to use (default: all)")
    parser.add_argument("--small", action="store_true", help="ranks on the CPU, to check that everything runs")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    options = parser.parse_args(arguments)
    devices: dict[int, str] = dict.fromkeys(range(options.ranks or 2), "")
    if not options.small:
        try:
            gpus = visible_gpus()
        except SplitreelError as error:
            parser.error(f"{error} Try --small, which runs on the CPU.")
        devices = {gpu.index: gpu.uuid for gpu in gpus[: options.ranks or len(gpus)]}
    pairs = list(itertools.combinations(devices, 2))
    table = Table(COLUMNS)
    table.start()
    for is_p2p_off in (False, True):
        found = LinkProbe(devices).exchange(pairs, is_p2p_off=is_p2p_off)
        for pair in pairs:
            row: dict[str, Value] = {"pair": f"{pair[0]}-{pair[1]}", "peer_to_peer": "off" if is_p2p_off else "on"}
            table.add(row | asdict(found[pair]))
        if options.out is not None:
            write_json(options.out, {"machine": machine(), "rows": table.rows})
    return int(any(row["problem"] for row in table.rows))
