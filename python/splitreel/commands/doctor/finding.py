"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Topic = Literal["driver", "gpu", "link", "environment", "disk", "model", "ranks"]
Status = Literal["ok", "note", "problem"]
# What the app has a button for: the same list as FIXES in src/shared/doctor.ts.
Fix = Literal["", "install", "repair", "driver", "p2p_off", "p2p_on", "models", "storage"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`problem` where something keeps videos from being made, `note` where it need not."""

    topic: Topic
    status: Status
    text: str
    action: str = ""
    fix: Fix = ""

    def line(self) -> str:
        told = f"[{self.status:7}] {self.topic}: {self.text}"
        return f"{told.removesuffix('.')}. {self.action}" if self.action else told
