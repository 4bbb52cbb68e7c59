"""The token: where it goes, and that it goes nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitreel.contract.downloads import Configure
from splitreel.contract.errors import SplitreelError
from splitreel.store.hub.session import HUB, HubSession, check_endpoint
from tests.fakes.hub import FakeHub
from tests.hub.client import DEMO, REPO, Fetch, HubProcess, held, wanted

CANARY = "hf_canary0123456789ABCDEFGHIJ"


def server_saw_token(hub: FakeHub, server: str) -> bool:
    return any(CANARY in str(seen.headers) + seen.path for seen in hub.seen if seen.server == server)


def test_a_gated_model_needs_a_token(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.token = CANARY
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path).run()
    assert caught.value.code == "MODEL_GATED"
    with pytest.raises(SplitreelError) as caught:
        Fetch(hub, tmp_path, token="hf_wrong", for_mirror=True).run()
    assert caught.value.code == "HUB_TOKEN_REFUSED"


def test_the_content_host_never_gets_the_token(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.token = CANARY
    Fetch(hub, tmp_path, token=CANARY, for_mirror=True).run()
    assert held(tmp_path) == wanted()
    assert server_saw_token(hub, "hub")
    assert not server_saw_token(hub, "content")


def test_a_mirror_gets_the_token_only_if_configured(hub: FakeHub, tmp_path: Path) -> None:
    Fetch(hub, tmp_path, token=CANARY).run()
    assert not server_saw_token(hub, "hub")
    assert not server_saw_token(hub, "content")


def test_a_redirect_to_another_host_loses_the_token(hub: FakeHub, tmp_path: Path) -> None:
    other = FakeHub({REPO: DEMO})
    hub.behavior.redirect_api_to = other.endpoint
    Fetch(hub, tmp_path, token=CANARY, for_mirror=True).run()
    assert server_saw_token(hub, "hub")
    assert other.seen
    assert not server_saw_token(other, "hub")
    other.close()


def authorization(url: str) -> dict[str, str]:
    session = HubSession(Configure(None, CANARY, token_for_mirror=False, bytes_per_second=None))
    return session.authorization(url)


def test_hugging_face_gets_it() -> None:
    assert authorization(f"{HUB}/api/models/x") == {"authorization": f"Bearer {CANARY}"}


@pytest.mark.parametrize(
    "url",
    [
        "http://huggingface.co/x",
        "https://huggingface.co:444/x",
        "https://huggingface.co.evil.org/x",
        "https://cdn-lfs.huggingface.co/x",
        "https://huggingface.co@evil.org/x",
        "https://evil.org/huggingface.co",
    ],
)
def test_other_origins_do_not_get_it(url: str) -> None:
    assert authorization(url) == {}


@pytest.mark.parametrize(
    "address", ["http://mirror.org", "ftp://x", "https://me:pw@mirror.org", "https://x.org?a=1", "", "x"]
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(SplitreelError) as caught:
        check_endpoint(address)
    assert caught.value.code == "HUB_ADDRESS_INVALID"


def test_the_token_stays_in_memory(hub: FakeHub, tmp_path: Path) -> None:
    hub.behavior.token = CANARY
    home = tmp_path / "home"
    process = HubProcess({"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_DEBUG": ""})
    process.configure(hub, CANARY, for_mirror=True)
    process.download(tmp_path / "m.part", tmp_path / "m")
    messages = list(iter_until(process))
    proc = Path(f"/proc/{process.process.pid}")
    assert CANARY.encode() not in (proc / "environ").read_bytes() + (proc / "cmdline").read_bytes()
    assert CANARY not in str(messages)
    assert process.process.stdin is not None
    process.process.stdin.close()
    assert process.process.wait(20) == 0
    assert CANARY not in process.errors()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def iter_until(process: HubProcess) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = []
    for event in process.events():
        messages.append(event)
        if event["type"] in {"downloadFinished", "downloadFailed"}:
            assert event["type"] == "downloadFinished", event
            break
    return messages
