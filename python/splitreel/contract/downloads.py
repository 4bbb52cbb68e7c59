"""Messages between the app and the downloader: newline-delimited JSON, commands on stdin, events on EVENT_FD.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from splitreel.contract.errors import AppError


@dataclass(frozen=True, slots=True)
class Configure:
    endpoint: str | None  # a mirror's address; null for huggingface.co itself
    token: str | None = field(repr=False)
    token_for_mirror: bool
    bytes_per_second: int | None  # null for no limit
    type: Literal["configure"] = "configure"


@dataclass(frozen=True, slots=True)
class Inspect:
    """Asks what a download would fetch."""

    request_id: str
    repo: str
    revision: str
    type: Literal["inspect"] = "inspect"


@dataclass(frozen=True, slots=True)
class Download:
    model_id: str
    repo: str
    revision: str
    folder: str
    final_folder: str  # what `folder` is renamed to when it is whole; the same for a repair in place
    record_file: str  # records what was verified; it may be in `folder`
    type: Literal["download"] = "download"


@dataclass(frozen=True, slots=True)
class Pause:
    model_id: str
    type: Literal["pause"] = "pause"


@dataclass(frozen=True, slots=True)
class Verify:
    model_id: str
    folder: str
    record_file: str
    everything: bool  # also files whose size and time have not changed since they were verified
    type: Literal["verify"] = "verify"


Command: TypeAlias = Configure | Inspect | Download | Pause | Verify

COMMANDS: Final[dict[str, type[Command]]] = {
    "configure": Configure,
    "inspect": Inspect,
    "download": Download,
    "pause": Pause,
    "verify": Verify,
}


@dataclass(frozen=True, slots=True)
class HubReady:
    versions: dict[str, str]
    type: Literal["hubReady"] = "hubReady"


@dataclass(frozen=True, slots=True)
class Inspected:
    request_id: str
    commit: str
    file_count: int
    total_bytes: int
    type: Literal["inspected"] = "inspected"


@dataclass(frozen=True, slots=True)
class InspectFailed:
    request_id: str
    error: AppError
    type: Literal["inspectFailed"] = "inspectFailed"


@dataclass(frozen=True, slots=True)
class DownloadProgressed:
    model_id: str
    stage: Literal["listing", "fetching", "waiting", "verifying"]
    done_bytes: int
    total_bytes: int
    bytes_per_second: float
    seconds_left: float | None
    type: Literal["downloadProgressed"] = "downloadProgressed"


@dataclass(frozen=True, slots=True)
class DownloadPaused:
    model_id: str
    type: Literal["downloadPaused"] = "downloadPaused"


@dataclass(frozen=True, slots=True)
class DownloadFinished:
    model_id: str
    folder: str
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
class Verified:
    model_id: str
    file_count: int
    known: int  # files whose hash Hugging Face publishes; the others are held to their first verification
    damaged: tuple[str, ...]
    repo: str | None  # where damaged files can be fetched again
    commit: str | None
    type: Literal["verified"] = "verified"


@dataclass(frozen=True, slots=True)
class VerifyFailed:
    model_id: str
    error: AppError
    type: Literal["verifyFailed"] = "verifyFailed"


Event: TypeAlias = (
    HubReady
    | Inspected
    | InspectFailed
    | DownloadProgressed
    | DownloadPaused
    | DownloadFinished
    | DownloadFailed
    | VerifyProgressed
    | Verified
    | VerifyFailed
)

EVENTS: Final[dict[str, type[Event]]] = {
    "hubReady": HubReady,
    "inspected": Inspected,
    "inspectFailed": InspectFailed,
    "downloadProgressed": DownloadProgressed,
    "downloadPaused": DownloadPaused,
    "downloadFinished": DownloadFinished,
    "downloadFailed": DownloadFailed,
    "verifyProgressed": VerifyProgressed,
    "verified": Verified,
    "verifyFailed": VerifyFailed,
}
