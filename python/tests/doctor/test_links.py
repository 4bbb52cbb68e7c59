"""When peer-to-peer is called broken, and that the exchange behind it is real: wrong numbers and silence are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from splitreel.commands.doctor import link_probe
from splitreel.commands.doctor.link_probe import LinkProbe
from splitreel.commands.doctor.links import Exchange, Pair, check_links
from splitreel.commands.doctor.ranks import check_ranks

_PAIRS = [(0, 1), (0, 2), (1, 2)]
_RIGHT = Exchange("", 20.0)


class FakeLinks:
    """A machine on which chosen pairs fail: `broken` with peer-to-peer only, `dead` either way."""

    def __init__(self, broken: Sequence[Pair] = (), dead: Sequence[Pair] = ()) -> None:
        self._broken, self._dead = broken, dead
        self.asked: list[tuple[list[Pair], bool]] = []

    def exchange(self, pairs: Sequence[Pair], *, is_p2p_off: bool) -> Mapping[Pair, Exchange]:
        self.asked.append((list(pairs), is_p2p_off))
        bad = {*self._dead, *(() if is_p2p_off else self._broken)}
        return {pair: Exchange("7 of 8 numbers were wrong") if pair in bad else _RIGHT for pair in pairs}


def test_working_links_are_not_tested_without_peer_to_peer() -> None:
    links = FakeLinks()
    (finding,) = check_links(links, _PAIRS, is_off_now=False)
    assert (finding.status, finding.fix) == ("ok", None)
    assert links.asked == [(_PAIRS, False)]
    assert finding.text == "Data arrives correctly between all GPUs, at 20 to 20 GB/s."


def test_the_workaround_is_suggested_only_if_it_helps() -> None:
    links = FakeLinks(broken=[(0, 2)])
    (finding,) = check_links(links, _PAIRS, is_off_now=False)
    assert (finding.status, finding.fix) == ("problem", "p2p_off")
    assert "0-2" in finding.text
    assert "NCCL_P2P_DISABLE=1" in finding.action
    assert links.asked[1] == ([(0, 2)], True)


def test_a_link_that_fails_either_way_is_not_blamed_on_peer_to_peer() -> None:
    findings = check_links(FakeLinks(broken=[(0, 1)], dead=[(1, 2)]), _PAIRS, is_off_now=False)
    assert [finding.fix for finding in findings] == ["p2p_off", None]
    assert "1-2" in findings[1].text
    (alone,) = check_links(FakeLinks(dead=[(1, 2)]), _PAIRS, is_off_now=False)
    assert (alone.status, alone.fix) == ("problem", None)


def test_what_is_switched_off_is_right_where_it_is_needed_and_a_note_where_not() -> None:
    (needed,) = check_links(FakeLinks(broken=[(0, 1)]), _PAIRS, is_off_now=True)
    assert (needed.status, needed.fix) == ("ok", None)
    (needless,) = check_links(FakeLinks(), _PAIRS, is_off_now=True)
    assert (needless.status, needless.fix) == ("note", "p2p_on")


def test_real_ranks_exchange_right_numbers() -> None:
    probe = LinkProbe({4: "", 5: "", 7: ""})
    found = probe.exchange([(4, 5), (5, 7)], is_p2p_off=False)
    assert found == {(4, 5): Exchange(), (5, 7): Exchange()}


def _damaged(folder: Path, damage: str) -> Path:
    """The ranks' own script, with one thing done to it in the rank that the test names."""
    script = folder / "ranks.py"
    text = link_probe._SCRIPT.read_text("utf-8")
    script.write_text(text.replace('if __name__ == "__main__":', f'{damage}\nif __name__ == "__main__":'), "utf-8")
    return script


# Its own numbers, which it makes first, are right, so that both ranks see the wrong sum: neither waits for the other.
_WRONG_WITH_P2P = """
_right, _made = pattern, []
def pattern(rank, numel, device):
    made = _right(rank, numel, device)
    if dist.get_rank() == rank == 1 and os.environ.get("NCCL_P2P_DISABLE") != "1":
        if _made:
            made[numel // 2 :] = 0
        _made.append(rank)
    return made
"""

# Next to the script, by rank and exchange.
_REPORT_THE_END = """
def run_rank(rank, world_size, folder, pairs, _right=run_rank):
    _right(rank, world_size, folder, pairs)
    Path(__file__).with_name(f"ended-{rank}-p2p-off-{os.environ.get('NCCL_P2P_DISABLE', '0')}").touch()
"""


def test_real_ranks_detect_wrong_numbers(tmp_path: Path) -> None:
    """Only rank 0 gets them, and doesn't leave rank 1 in an exchange until it is killed."""
    damage = f"_TIMEOUT = dt.timedelta(days=1)\n{_WRONG_WITH_P2P}{_REPORT_THE_END}"
    probe = LinkProbe({0: "", 1: ""}, script=_damaged(tmp_path, damage))
    (finding,) = check_links(probe, [(0, 1)], is_off_now=False)
    assert (finding.status, finding.fix) == ("problem", "p2p_off")
    assert "numbers of a sum were wrong" in (finding.details or "")
    assert len(list(tmp_path.glob("ended-?-p2p-off-0"))) == 2
    assert check_ranks(FakeLinks(dead=[(0, 1)])).status == "problem"


def test_a_pair_that_hangs_is_named_and_the_next_one_is_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_probe, "_PAIR_S", 5.0)
    hang = """
def exchange(rank, pair, group, device, _right=exchange):
    while pair == (0, 1) and rank == 1:
        time.sleep(1)
    return "" if pair == (0, 1) else _right(rank, pair, group, device)
"""
    found = LinkProbe({0: "", 1: "", 2: ""}, script=_damaged(tmp_path, hang)).exchange(
        [(0, 1), (1, 2)], is_p2p_off=False
    )
    assert found[0, 1].problem
    assert found[1, 2] == Exchange()


def test_ranks_that_die_say_why(tmp_path: Path) -> None:
    probe = LinkProbe({0: "", 1: ""}, script=_damaged(tmp_path, "raise OSError('no such card')"))
    assert "no such card" in probe.exchange([(0, 1)], is_p2p_off=False)[0, 1].problem
