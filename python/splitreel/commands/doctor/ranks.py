"""Two ranks exchange known numbers over the loopback, which every way of splitting work depends on."""

from __future__ import annotations

from splitreel.commands.doctor.finding import Finding
from splitreel.commands.doctor.link_probe import LinkProbe
from splitreel.commands.doctor.links import Links

_PAIR = (0, 1)


def check_ranks(links: Links) -> Finding:
    problem = links.exchange([_PAIR], is_p2p_off=False)[_PAIR].problem
    if problem:
        text = f"two ranks can't communicate: {problem}"
        return Finding("ranks", "problem", text, "Repair the environment.", "repair")
    return Finding("ranks", "ok", "two ranks exchanged the right numbers")


def cpu_ranks() -> Links:
    return LinkProbe(dict.fromkeys(_PAIR, ""))
