"""torchrun across machines, by its own rendezvous: two hosts made of network namespaces, over gloo.

Namespaces need root and iproute2. As an ordinary user there are none, and these tests are not collected: `npm test` as
root, and so CI, runs them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.processes.commands import ENVIRONMENT, FLAGS

PORT = 29517


@dataclass(frozen=True)
class Host:
    namespace: str
    link: str
    address: str

    def command(self, folder: Path, node: int, *flags: str) -> list[str]:
        rendezvous = ["--nnodes=2", f"--node_rank={node}", "--nproc_per_node=1", "--rdzv_backend=c10d"]
        # A real host finds by its name that the endpoint is its own; both namespaces have the name of this machine.
        rendezvous += [f"--rdzv_conf=is_host={int(node == 0)}", f"--local_addr={self.address}"]
        endpoint = f"--rdzv_endpoint={hosts_address(0)}:{PORT}"
        module = ["-m", "splitreel.parallel_inference", *FLAGS, "--output_dir", str(folder), *flags]
        torchrun = [sys.executable, "-m", "torch.distributed.run", *rendezvous, endpoint, "--rdzv_id=two", *module]
        return ["ip", "netns", "exec", self.namespace, *torchrun]


def hosts_address(number: int) -> str:
    return f"10.251.7.{number + 1}"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    """Two namespaces joined by one cable, each with its own loopback and no way to anywhere else."""
    mark = f"{os.getpid() % 100000}"
    pair = tuple(Host(f"splitreel-{mark}-{n}", f"sr{mark}{n}", hosts_address(n)) for n in (0, 1))
    try:
        ip("link", "add", pair[0].link, "type", "veth", "peer", "name", pair[1].link)
        for host in pair:
            ip("netns", "add", host.namespace)
            ip("link", "set", host.link, "netns", host.namespace)
            ip("-n", host.namespace, "addr", "add", f"{host.address}/24", "dev", host.link)
            for link in ("lo", host.link):
                ip("-n", host.namespace, "link", "set", link, "up")
        yield pair[0], pair[1]
    finally:
        for host in pair:
            subprocess.run(["ip", "netns", "delete", host.namespace], check=False, capture_output=True)


def environment(link: str) -> dict[str, str]:
    # What users set on such a cluster: the interface that leads to the other machine.
    return {**ENVIRONMENT, "GLOO_SOCKET_IFNAME": link}


def test_two_machines_make_the_latents_of_one(hosts: tuple[Host, Host], one_rank: Path, tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    processes = [
        subprocess.Popen(
            host.command(folder, node, "--ulysses_degree=2", "--save_latents", str(folder / "two.safetensors")),
            env=environment(host.link),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for node, (host, folder) in enumerate(zip(hosts, folders, strict=True))
    ]
    try:
        ends = [process.communicate(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], ends[0][1][-2000:] + ends[1][1][-2000:]
    first, second = (out.splitlines() for out, _ in ends)
    assert re.fullmatch(r"epoch time: [\d.]+ sec, memory: [\d.]+ GB", first[-1])
    assert sum(line.startswith("output saved to ") for line in first + second) == 1
    one, two = load_file(one_rank)["latents"], load_file(folders[0] / "two.safetensors")["latents"]
    assert abs(one - two).max() / abs(one).max() < 1e-5
