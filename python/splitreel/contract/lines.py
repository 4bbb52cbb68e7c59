"""Messages as lines of JSON. Raises ValueError with what is wrong."""

from __future__ import annotations

import json

from splitreel.contract import wire
from splitreel.contract.limits import PROTOCOL_VERSION
from splitreel.contract.protocol import COMMANDS, Command, Event, StartJob


def parse_command(line: str | bytes) -> Command:
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a command is a JSON object")  # noqa: TRY004 - one kind of error for all bad input
    kind = COMMANDS.get(str(message.get("type")))
    if kind is None:
        raise ValueError(f"unknown command {str(message.get('type'))[:40]}")
    command = wire.from_wire(kind, message)
    if isinstance(command, StartJob) and len({device.kind for device in command.devices}) > 1:
        raise ValueError("devices: expected one kind")
    return command


def event_line(event: Event, seq: int) -> bytes:
    payload = wire.to_wire(event)
    assert isinstance(payload, dict)
    text = json.dumps({"v": PROTOCOL_VERSION, "seq": seq, **payload}, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
