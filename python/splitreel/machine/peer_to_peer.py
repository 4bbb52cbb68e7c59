"""The user's switch for direct access between GPUs, for boards that deliver wrong numbers over it."""

from __future__ import annotations

import os

from splitreel.contract.variables import P2P_DISABLE


def is_p2p_off() -> bool:
    """Off by the setting, which is passed on as NCCL's own variable, or by the variable itself."""
    return os.environ.get(P2P_DISABLE, "0") not in {"", "0"}
