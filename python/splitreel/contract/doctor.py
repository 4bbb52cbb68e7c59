"""What `splitreel doctor` finds: newline-delimited JSON on EVENT_FD.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from splitreel.contract.behavior import FindingText
from splitreel.contract.errors import AppError, FindingSentence


class Fix(StrEnum):
    """What the window has a button for."""

    INSTALL = "install"
    REPAIR = "repair"
    DRIVER = "driver"
    P2P_OFF = "p2p_off"
    P2P_ON = "p2p_on"
    MODELS = "models"
    STORAGE = "storage"


class Topic(StrEnum):
    """What was checked."""

    DRIVER = "driver"
    GPU = "gpu"
    LINK = "link"
    ENVIRONMENT = "environment"
    DISK = "disk"
    MODEL = "model"
    RANKS = "ranks"


class Status(StrEnum):
    """`problem`: it keeps Splitreel from making videos. `note`: it may not."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding(FindingText):
    """One result of the doctor: a sentence, an error or both."""

    topic: Topic
    status: Status
    sentence: FindingSentence | None = None
    error: AppError | None = None  # what is wrong, after the sentence or in its place
    details: str | None = None  # what another program printed
    fix: Fix | None = None
