"""Devices that are known without querying a driver."""

from __future__ import annotations

from splitreel.contract.types import Device


def cpu_devices(ranks: int) -> tuple[Device, ...]:
    return tuple(Device("cpu", index, None, "CPU") for index in range(ranks))
