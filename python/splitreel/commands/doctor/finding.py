"""One result of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Topic = Literal["driver", "gpu", "link", "environment", "disk", "model", "ranks"]
Status = Literal["ok", "note", "problem"]
# The app has a button for each: the same list as FIXES in src/shared/doctor.ts.
Fix = Literal["", "install", "repair", "driver", "p2p_off", "p2p_on", "models", "storage"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`problem`: it keeps Splitreel from making videos. `note`: it may not."""

    topic: Topic
    status: Status
    text: str
    action: str = ""
    fix: Fix = ""

    def line(self) -> str:
        text = f"[{self.status:7}] {self.topic}: {self.text}"
        return f"{text.removesuffix('.')}. {self.action}" if self.action else text
