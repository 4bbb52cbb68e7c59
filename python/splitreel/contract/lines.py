"""Messages as lines of JSON. A ValueError names the problem but quotes no values: one of them may be a token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from splitreel.contract import doctor, downloads, exports, protocol, smoke, wire
from splitreel.contract.limits import PROTOCOL_VERSION

M = TypeVar("M")


def parse_command(line: str | bytes) -> protocol.Command:
    """A command of the app to the supervisor."""
    command = _parse(protocol.COMMANDS, line)
    if isinstance(command, protocol.StartJob) and len({device.kind for device in command.devices}) > 1:
        raise ValueError("devices: expected one kind")
    return command


def parse_download_command(line: str | bytes) -> downloads.Command:
    """A command of the app to the downloader."""
    return _parse(downloads.COMMANDS, line)


def event_line(event: protocol.Event, seq: int) -> bytes:
    return _line({"v": PROTOCOL_VERSION, "seq": seq}, event)


def download_event_line(event: downloads.Event) -> bytes:
    return _line({}, event)


def export_event_line(event: exports.Event) -> bytes:
    return _line({}, event)


def finding_line(finding: doctor.Finding) -> bytes:
    return _line({}, finding)


def smoke_event_line(event: smoke.Event) -> bytes:
    return _line({}, event)


def _parse(kinds: Mapping[str, type[M]], line: str | bytes) -> M:
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a command is a JSON object")  # noqa: TRY004 - one kind of error for all bad input
    kind = kinds.get(str(message.get("type")))
    if kind is None:
        raise ValueError("unknown command")
    return wire.from_wire(kind, message)


def _line(head: Mapping[str, object], event: object) -> bytes:
    payload = wire.to_wire(event)
    assert isinstance(payload, dict)
    text = json.dumps({**head, **payload}, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
