"""Two ranks exchange known numbers over the loopback interface, on which every kind of parallelism depends."""

from __future__ import annotations

from splitreel.commands.doctor.link_probe import LinkProbe
from splitreel.commands.doctor.links import Links
from splitreel.contract import findings
from splitreel.contract.doctor import Finding, Fix, Status, Topic

_PAIR = (0, 1)


def check_ranks(links: Links) -> Finding:
    problem = links.exchange([_PAIR], is_p2p_off=False)[_PAIR].problem
    if problem:
        return Finding(Topic.RANKS, Status.PROBLEM, findings.ranks_fail(), details=problem, fix=Fix.REPAIR)
    return Finding(Topic.RANKS, Status.OK, findings.ranks_work())


def cpu_ranks() -> Links:
    return LinkProbe(dict.fromkeys(_PAIR, ""))
