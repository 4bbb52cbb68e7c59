"""Two ranks exchange numbers that tell who sent them, over the loopback: what every split of the work rests on."""

from __future__ import annotations

from splitreel.commands.doctor.finding import Finding
from splitreel.commands.doctor.link_probe import LinkProbe
from splitreel.commands.doctor.links import Links

_PAIR = (0, 1)


def check_ranks(links: Links) -> Finding:
    problem = links.exchange([_PAIR], is_p2p_off=False)[_PAIR].problem
    if problem:
        text = f"two ranks could not work together: {problem}"
        return Finding("ranks", "problem", text, "Repair the environment.", "repair")
    return Finding("ranks", "ok", "two ranks met and exchanged the right numbers")


def cpu_ranks() -> Links:
    return LinkProbe(dict.fromkeys(_PAIR, ""))
