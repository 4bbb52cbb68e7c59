"""The command under torchrun, where one rank alone fails. Started by test_torchrun_errors."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

from splitreel.commands import torchrun
from splitreel.contract import failures
from splitreel.contract.errors import UnsharedError


def _unforeseen(*_arguments: Any) -> NoReturn:
    raise RuntimeError("something that nobody foresaw")


def _unshared(*_arguments: Any) -> NoReturn:
    raise UnsharedError.of(failures.cuda_unavailable(device="GPU 1", details="the device is in use"))


if __name__ == "__main__":
    where = os.environ["FAILS_AT"]
    if os.environ["RANK"] == "1":
        if where == "device":
            torchrun._device = _unshared
        else:
            torchrun.run_job = _unforeseen
    sys.exit(torchrun.main(sys.argv[1:]))
