"""Tells a broken peer-to-peer path between GPUs from a working one by the data that arrives. No torch.

Some boards (consumer cards behind an IOMMU, some PCIe switches) claim that GPUs reach each other and then deliver wrong
numbers, or nothing. NCCL's workaround, NCCL_P2P_DISABLE=1, sends the data through host memory instead. The doctor
proposes it only where the same exchange fails without it and succeeds with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from splitreel.commands.doctor.finding import Finding

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The result of one exchange. `problem` is empty if every number was right."""

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
        return _all_right(first, is_off_now=is_off_now)
    second = links.exchange(bad, is_p2p_off=True)
    fixed = [pair for pair in bad if not second[pair].problem]
    findings = []
    if fixed:
        text = (
            f"peer-to-peer is broken between {_names(fixed)} ({first[fixed[0]].problem}); "
            "through host memory the same numbers arrive correctly"
        )
        if is_off_now:
            findings.append(Finding("link", "ok", f"{text}. It is off, as it should be"))
        else:
            action = "Turn peer-to-peer off on the Machine page, or set NCCL_P2P_DISABLE=1."
            findings.append(Finding("link", "problem", text, action, "p2p_off"))
    lost = [pair for pair in bad if second[pair].problem]
    if lost:
        text = (
            f"numbers don't arrive between {_names(lost)}, with peer-to-peer ({first[lost[0]].problem}) "
            f"and without it ({second[lost[0]].problem})"
        )
        action = "Use one GPU, or GPUs that are not listed here. Check the cards, their slots and the driver's log."
        findings.append(Finding("link", "problem", text, action))
    return findings


def _all_right(found: Mapping[Pair, Exchange], *, is_off_now: bool) -> list[Finding]:
    speeds = [exchange.gigabytes_per_s for exchange in found.values() if exchange.gigabytes_per_s is not None]
    speed = f", {min(speeds):.1f} to {max(speeds):.1f} GB/s" if speeds else ""
    which = "the two GPUs" if len(found) == 1 else f"all {len(found)} pairs of GPUs"
    text = f"the right numbers arrive between {which}{speed}"
    if not is_off_now:
        return [Finding("link", "ok", text)]
    action = "Turn it on again: it is faster."
    return [Finding("link", "note", f"{text}, but peer-to-peer is off", action, "p2p_on")]


def _names(pairs: Sequence[Pair]) -> str:
    return ", ".join(f"GPU {first} and GPU {second}" for first, second in pairs)
