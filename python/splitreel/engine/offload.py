"""Weights that wait elsewhere while others work: one part on the device at a time, or moreover one block.

`device` and `home` are any two torch devices, so that what runs on a GPU runs the same on the CPU in tests. A weight
that is away lies on torch's `meta` device: it has a shape and no numbers, so that whatever uses it fails instead of
computing in the wrong place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

# What becomes of the text encoder after it has run.
Fate = Literal["kept", "offloaded", "freed"]


@dataclass(slots=True)
class Moves:
    """Running totals of this rank: how often weights came to the device and went, and the bytes that are there now."""

    came: int = 0
    went: int = 0
    bytes_here: int = 0
    peak_bytes_here: int = 0

    def arrive(self, amount: int) -> None:
        self.came += 1
        self.bytes_here += amount
        self.peak_bytes_here = max(self.peak_bytes_here, self.bytes_here)

    def leave(self, amount: int) -> None:
        self.went += 1
        self.bytes_here -= amount


@dataclass(frozen=True, slots=True)
class Site:
    """Where weights work and where they wait. `may_pin`: the host has room for a pinned copy of them."""

    device: torch.device
    home: torch.device
    may_pin: bool
    moves: Moves


class Parked:
    """The weights of some modules, their own and not their children's: at home, or brought to the device.

    Going costs nothing: weights do not change, so those at home stay as they are. What is on the device at first is
    copied home when it goes for the first time.
    """

    def __init__(self, holders: Sequence[nn.Module], site: Site, *, is_here: bool) -> None:
        self._site = site
        self._device = site.device
        self._moves = moves = site.moves
        self._homes: list[torch.Tensor] | None = None
        self._came: torch.cuda.Event | None = None
        # Each tensor once, with every place that holds it: T5's embedding has two.
        self._places: list[list[tuple[dict[str, Any], str]]] = []
        seen: dict[int, int] = {}
        for holder in holders:
            for tensors in (holder._parameters, holder._buffers):
                for name, tensor in tensors.items():
                    if tensor is None:
                        continue
                    at = seen.setdefault(id(tensor), len(self._places))
                    if at == len(self._places):
                        self._places.append([])
                    self._places[at].append((tensors, name))
        self._away = [tensor.to("meta") for tensor in self._now()]
        self.nbytes = sum(tensor.nbytes for tensor in self._away)
        self.is_here = is_here
        if is_here:
            moves.arrive(self.nbytes)
        else:
            self._homes = self._pinned(self._now())
            self._put(self._away)

    def bring(self, stream: torch.cuda.Stream | None = None) -> None:
        """To the device. On a stream of its own the copy runs beside what is computed; `wait` before its use."""
        if self.is_here:
            return
        assert self._homes is not None
        # The memory is the computing stream's, so that it is given back there without more ado.
        here = [torch.empty_like(home, device=self._device) for home in self._homes]
        if stream is not None:
            stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for target, source in zip(here, self._homes, strict=True):
                target.copy_(source, non_blocking=True)
        self._came = None if stream is None else stream.record_event()
        self._put(here)
        self.is_here = True
        self._moves.arrive(self.nbytes)

    def wait(self) -> None:
        """What is computed from now on waits for a copy that is under way."""
        if self._came is not None:
            torch.cuda.current_stream(self._device).wait_event(self._came)
            self._came = None

    def send_home(self) -> None:
        if self.is_here:
            self.wait()
            if self._homes is None:
                self._homes = self._pinned([tensor.to(self._site.home, copy=True) for tensor in self._now()])
            self._leave()

    def forget(self) -> None:
        """Neither here nor at home: whoever wants these weights reads them again."""
        self._homes = None
        if self.is_here:
            self._leave()

    def _leave(self) -> None:
        self._put(self._away)
        self.is_here = False
        self._moves.leave(self.nbytes)

    def _now(self) -> list[torch.Tensor]:
        return [tensors[name].detach() for (tensors, name), *_ in self._places]

    def _put(self, values: Sequence[torch.Tensor]) -> None:
        for places, value in zip(self._places, values, strict=True):
            first, first_name = places[0]
            is_parameter = isinstance(first[first_name], nn.Parameter)
            tensor = nn.Parameter(value, requires_grad=False) if is_parameter else value
            for tensors, name in places:
                tensors[name] = tensor

    def _pinned(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        """A GPU copies from pinned memory on its own. Weights that are not pinned stay as they were read.

        Those are then parts of the file, which all ranks of the machine share (safetensors maps it), if no number
        had to be changed.
        """
        if self._device.type != "cuda" or not self._site.may_pin:
            return tensors
        try:
            return [tensor.pin_memory() for tensor in tensors]
        except RuntimeError:
            return tensors


class Part:
    """Text encoder, transformer or VAE: on the device while it works, whole or block by block."""

    def __init__(self, module: nn.Module, blocks: Sequence[nn.Module], site: Site) -> None:
        """`blocks`: those that come one at a time, in the order in which they run; none: the part comes whole."""
        inside = {child for block in blocks for child in block.modules()}
        outside = [child for child in module.modules() if child not in inside]
        self._outside = Parked(outside, site, is_here=False)
        self._blocks = [Parked(list(block.modules()), site, is_here=False) for block in blocks]
        # A copy needs a stream of its own to run beside the computation.
        self._stream = torch.cuda.Stream(site.device) if site.device.type == "cuda" and blocks else None  # type: ignore[no-untyped-call]
        for number, block in enumerate(blocks):
            block.register_forward_pre_hook(self._before(number))
            block.register_forward_hook(self._after(number))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        try:
            self._outside.bring()
            yield
        finally:
            for parked in (*self._blocks, self._outside):
                parked.send_home()

    def _before(self, number: int) -> Callable[..., None]:
        def come(*_: object) -> None:
            own = self._blocks[number]
            own.bring(self._stream)
            own.wait()
            # While this one is computed the next is on its way; after the last the first, for the next step.
            self._blocks[(number + 1) % len(self._blocks)].bring(self._stream)

        return come

    def _after(self, number: int) -> Callable[..., None]:
        def go(*_: object) -> None:
            self._blocks[number].send_home()

        return go


class TextEncoderRoom:
    """The text encoder where nothing is offloaded: it makes room once it has run, if the others need it."""

    def __init__(self, module: nn.Module, site: Site, read_again: Callable[[], None]) -> None:
        """`read_again` gives the module its weights from the disk, on the device."""
        self._module = module
        self._site = site
        self._read_again = read_again
        self._parked: Parked | None = None
        self.fate: Fate = "kept"

    @contextmanager
    def at_work(self, fate: Fate) -> Iterator[None]:
        """`fate`: what becomes of it afterwards."""
        if self._parked is not None and self.fate == "freed":
            self._read_again()
            self._parked = None
        elif self._parked is not None:
            self._parked.bring()
        try:
            yield
        finally:
            if fate != "kept":
                self._parked = self._parked or Parked(list(self._module.modules()), self._site, is_here=True)
                if fate == "offloaded":
                    self._parked.send_home()
                else:
                    self._parked.forget()
            self.fate = fate


@dataclass(frozen=True, slots=True)
class Parts:
    """A pipeline's three, and the blocks of the two that have them."""

    text_encoder: nn.Module
    text_blocks: Sequence[nn.Module]
    transformer: nn.Module
    transformer_blocks: Sequence[nn.Module]
    vae: nn.Module


class Places:
    """Who is on the device when. With `offload` none, all but the text encoder stay there."""

    def __init__(
        self,
        parts: Parts,
        offload: Literal["none", "model", "sequential"],
        site: Site,
        read_text_encoder_again: Callable[[], None],
    ) -> None:
        """With an offload the weights are at home now; without, on the device."""
        self.moves = site.moves
        self._room: TextEncoderRoom | None = None
        self._parts: dict[str, Part] = {}
        if offload == "none":
            self._room = TextEncoderRoom(parts.text_encoder, site, read_text_encoder_again)
            return
        by_block = offload == "sequential"

        def part(module: nn.Module, blocks: Sequence[nn.Module]) -> Part:
            return Part(module, blocks if by_block else (), site)

        self._parts = {
            "text_encoder": part(parts.text_encoder, parts.text_blocks),
            "transformer": part(parts.transformer, parts.transformer_blocks),
            "vae": part(parts.vae, ()),
        }

    @contextmanager
    def text_encoder(self, decide: Callable[[], Fate]) -> Iterator[None]:
        """`decide` is asked where nothing is offloaded: can it stay?"""
        with ExitStack() as stack:
            if self._room is not None:
                stack.enter_context(self._room.at_work(decide()))
            else:
                stack.enter_context(self._parts["text_encoder"].at_work())
            yield

    @property
    def text_encoder_fate(self) -> Fate:
        return "offloaded" if self._room is None else self._room.fate

    def transformer(self) -> AbstractContextManager[None]:
        return self._at_work("transformer")

    def vae(self) -> AbstractContextManager[None]:
        """To decode; and for a moment beside the transformer, for a preview or the picture that a video starts from."""
        return self._at_work("vae")

    def _at_work(self, name: str) -> AbstractContextManager[None]:
        return self._parts[name].at_work() if self._parts else nullcontext()
