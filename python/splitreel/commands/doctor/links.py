"""Finds broken peer-to-peer paths between GPUs by checking the data that arrives. No torch.

Some boards (consumer cards behind an IOMMU, some PCIe switches) claim that GPUs can reach each other and then deliver
wrong numbers, or nothing. NCCL's workaround, NCCL_P2P_DISABLE=1, sends the data through host memory instead. The doctor
suggests it only if the same exchange fails without it and succeeds with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from splitreel.contract import findings
from splitreel.contract.doctor import Finding, Fix, Status, Topic

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The result of one exchange. `problem` is empty if every number was right, else for details."""

    problem: str = ""
    gigabytes_per_s: float | None = None


class Links(Protocol):
    """The port to the GPUs, implemented by LinkProbe."""

    def exchange(self, pairs: Sequence[Pair], *, is_p2p_off: bool) -> Mapping[Pair, Exchange]:
        """Sends known numbers both ways within each pair and compares what arrives."""


def check_links(links: Links, pairs: Sequence[Pair], *, is_off_now: bool) -> list[Finding]:
    """`is_off_now`: peer-to-peer is switched off at present, by the setting or the variable."""
    first = links.exchange(pairs, is_p2p_off=False)
    bad = [pair for pair in pairs if first[pair].problem]
    if not bad:
        return _working_links(first, is_off_now=is_off_now)
    second = links.exchange(bad, is_p2p_off=True)
    fixed = [pair for pair in bad if not second[pair].problem]
    dead = [pair for pair in bad if second[pair].problem]
    found = []
    if fixed:
        found.append(_broken(fixed, first[fixed[0]].problem, is_off_now=is_off_now))
    if dead:
        sentence = findings.links_dead(pairs=_names(dead))
        details = f"{first[dead[0]].problem}\n{second[dead[0]].problem}"
        found.append(Finding(Topic.LINK, Status.PROBLEM, sentence, details=details))
    return found


def _broken(pairs: Sequence[Pair], problem: str, *, is_off_now: bool) -> Finding:
    names = _names(pairs)
    if is_off_now:
        return Finding(Topic.LINK, Status.OK, findings.links_p2p_off(pairs=names), details=problem)
    sentence = findings.links_p2p_broken(pairs=names)
    return Finding(Topic.LINK, Status.PROBLEM, sentence, details=problem, fix=Fix.P2P_OFF)


def _working_links(found: Mapping[Pair, Exchange], *, is_off_now: bool) -> list[Finding]:
    if is_off_now:
        return [Finding(Topic.LINK, Status.NOTE, findings.links_p2p_needless(), fix=Fix.P2P_ON)]
    speeds = [exchange.gigabytes_per_s for exchange in found.values() if exchange.gigabytes_per_s is not None]
    if not speeds:
        return [Finding(Topic.LINK, Status.OK, findings.links_work())]
    sentence = findings.links_fast(slowest=round(min(speeds), 1), fastest=round(max(speeds), 1))
    return [Finding(Topic.LINK, Status.OK, sentence)]


def _names(pairs: Sequence[Pair]) -> list[str]:
    return [f"{first}-{second}" for first, second in pairs]
