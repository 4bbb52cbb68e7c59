"""The talk between the app and the downloader: newline-delimited JSON, commands on stdin, events on descriptor 3.

The same as src/shared/download.ts. The token comes in `Configure` and nowhere else: arguments and environments can
be read by other programs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from splitreel.contract import wire
from splitreel.contract.errors import AppError

MAX_CONNECTIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Configure:
    """`endpoint`: None for the hub itself, otherwise a mirror's address, which gets the token only when told to."""

    endpoint: str | None
    token: str | None = field(repr=False)
    token_for_mirror: bool
    bytes_per_second: int | None  # None: as fast as it goes


@dataclass(frozen=True, slots=True)
class Look:
    """What a download would fetch, before anything is fetched."""

    request_id: str
    repo: str
    revision: str


@dataclass(frozen=True, slots=True)
class Download:
    """Fetches what is not there yet into `folder`, then renames it to `final_folder` (the same: mends in place).

    `record_file`: where it is kept what was verified; it may lie in `folder`.
    """

    model_id: str
    repo: str
    revision: str
    folder: str
    final_folder: str
    record_file: str


@dataclass(frozen=True, slots=True)
class Pause:
    model_id: str


@dataclass(frozen=True, slots=True)
class Verify:
    """Hashes every file of a model. `record_file`: where what was found is kept. `everything`: also what has not
    changed in size and time since it was verified."""

    model_id: str
    folder: str
    record_file: str
    everything: bool


Command: TypeAlias = Configure | Look | Download | Pause | Verify
_COMMANDS: Final[dict[str, type[Command]]] = {
    "configure": Configure,
    "look": Look,
    "download": Download,
    "pause": Pause,
    "verify": Verify,
}


@dataclass(frozen=True, slots=True)
class HubReady:
    versions: Mapping[str, str]
    type: Literal["hubReady"] = "hubReady"


@dataclass(frozen=True, slots=True)
class Looked:
    request_id: str
    commit: str
    file_count: int
    total_bytes: int
    type: Literal["looked"] = "looked"


@dataclass(frozen=True, slots=True)
class LookFailed:
    request_id: str
    error: AppError
    type: Literal["lookFailed"] = "lookFailed"


@dataclass(frozen=True, slots=True)
class DownloadProgressed:
    """`done_bytes` are on this machine, whenever they came; `bytes_per_second` is of the last seconds."""

    model_id: str
    stage: Literal["listing", "fetching", "waiting", "verifying"]
    done_bytes: int
    total_bytes: int
    bytes_per_second: float
    seconds_left: float | None
    files_done: int
    file_count: int
    type: Literal["downloadProgressed"] = "downloadProgressed"


@dataclass(frozen=True, slots=True)
class DownloadPaused:
    model_id: str
    type: Literal["downloadPaused"] = "downloadPaused"


@dataclass(frozen=True, slots=True)
class DownloadFinished:
    model_id: str
    folder: str
    fetched_bytes: int  # by this run of the download: what was there already is not in it
    type: Literal["downloadFinished"] = "downloadFinished"


@dataclass(frozen=True, slots=True)
class DownloadFailed:
    model_id: str
    error: AppError
    type: Literal["downloadFailed"] = "downloadFailed"


@dataclass(frozen=True, slots=True)
class VerifyProgressed:
    model_id: str
    done_bytes: int
    total_bytes: int
    type: Literal["verifyProgressed"] = "verifyProgressed"


@dataclass(frozen=True, slots=True)
class DamagedFile:
    file: str
    problem: str


@dataclass(frozen=True, slots=True)
class Verified:
    """`known`: files whose right hash is known from the hub; the rest are held to what they were when first seen."""

    model_id: str
    file_count: int
    known: int
    damaged: tuple[DamagedFile, ...]
    repo: str | None  # where damaged files can be had again
    commit: str | None
    type: Literal["verified"] = "verified"


@dataclass(frozen=True, slots=True)
class VerifyFailed:
    model_id: str
    error: AppError
    type: Literal["verifyFailed"] = "verifyFailed"


Event: TypeAlias = (
    HubReady
    | Looked
    | LookFailed
    | DownloadProgressed
    | DownloadPaused
    | DownloadFinished
    | DownloadFailed
    | VerifyProgressed
    | Verified
    | VerifyFailed
)


def parse_command(line: str | bytes) -> Command:
    """Raises ValueError with what is wrong, never with the values: one of them may be a token."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a command is a JSON object")  # noqa: TRY004 - one kind of error for all bad input
    kind = _COMMANDS.get(str(message.get("type")))
    if kind is None:
        raise ValueError("unknown command")
    return wire.from_wire(kind, message)


def event_line(event: Event) -> bytes:
    text = json.dumps(wire.to_wire(event), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
