"""Weights of one component, and where they are: at home on the host, or on the device.

On the CPU both are one place. On a GPU, `home` is a mapping of the file where types agree (see
checkpoint.py), so an offloaded component costs the host nothing but page cache.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

HOST = torch.device("cpu")


class Weights:
    """Named tensors that can be brought to the device and sent home, all or by prefix."""

    def __init__(self, device: torch.device, *, offloaded: bool = False) -> None:
        self.device = device
        self.offloaded = offloaded and device.type != "cpu"
        self._home: dict[str, Tensor] = {}
        self._here: dict[str, Tensor] = {}

    def home_for(self, shape: Iterable[int]) -> torch.device:
        """Where a tensor of this shape is to be read to."""
        return HOST if self.offloaded else self.device

    def add(self, name: str, tensor: Tensor) -> None:
        if self.offloaded:
            self._home[name] = tensor
        else:
            self._here[name] = tensor

    def __getitem__(self, name: str) -> Tensor:
        return self._here[name]

    def get(self, name: str) -> Tensor | None:
        return self._here.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple({**self._home, **self._here})

    def bring(self, prefix: str = "") -> None:
        """Copies to the device what is only at home. On the stream that is current."""
        for name, tensor in self._home.items():
            if name.startswith(prefix) and name not in self._here:
                self._here[name] = tensor.to(self.device, non_blocking=True)

    def send_home(self, prefix: str = "") -> None:
        """Frees the device's copies of what is at home as well."""
        for name in [name for name in self._here if name in self._home and name.startswith(prefix)]:
            del self._here[name]

    def move_home(self) -> None:
        """From now on these weights live on the host: copies them there and frees the device."""
        if self.device.type == "cpu":
            return
        for name, tensor in self._here.items():
            if name not in self._home:
                self._home[name] = tensor.to(HOST)
        self.offloaded = True
        self._here.clear()

    @property
    def bytes_held(self) -> int:
        return sum(t.numel() * t.element_size() for t in {**self._home, **self._here}.values())

    def bytes_of(self, prefix: str) -> int:
        held = {**self._home, **self._here}
        return sum(t.numel() * t.element_size() for name, t in held.items() if name.startswith(prefix))
