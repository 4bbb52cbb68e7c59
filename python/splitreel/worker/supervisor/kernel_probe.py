"""Finds out which kernels this machine can run, without keeping the supervisor's loop waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable

from splitreel.contract.protocol import Event, KernelsFound
from splitreel.machine.gpus import compute_capabilities
from splitreel.rules.kernel_trials import TrialsFile, has_own_kernels, kernel_states
from splitreel.store.locations import kernel_trials_file


def probe_kernels(emit: Callable[[Event], None]) -> None:
    """Emits KernelsFound from a separate thread: a driver may take seconds to answer."""

    def probe() -> None:
        capabilities, trials = compute_capabilities(), TrialsFile(kernel_trials_file())
        emit(KernelsFound(kernel_states(capabilities, trials), has_own_kernels(capabilities, trials)))

    threading.Thread(target=probe, name="kernel-probe", daemon=True).start()
