"""Offloading: weights wait on the host while other components compute, whole or one transformer block at a time.

`onload_device` and `offload_device` can be any two torch devices, so tests run the GPU's code path on the CPU.
Offloaded weights are replaced by tensors on torch's `meta` device: they have a shape but no values, so using them by
mistake raises instead of computing in the wrong place.

docs/decisions.md explains why this is not diffusers' group offloading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn

from splitreel.contract.types import Offload, TextEncoderPolicy
from splitreel.models.family import Components

# Called with (bytes read, bytes in total); may raise to stop.
Progressed: TypeAlias = Callable[[int, int], None]
# Reads the text encoder's weights and returns the bytes read.
ReadTextEncoder: TypeAlias = Callable[[Progressed], int]


def _unreported(_read: int, _total: int) -> None:
    """Progress of reading that is part of another stage."""


@dataclass(slots=True)
class TransferStats:
    """Running totals for this rank: transfers in each direction, and bytes of weights on the device."""

    onloads: int = 0
    offloads: int = 0
    device_bytes: int = 0
    peak_device_bytes: int = 0

    def record_onload(self, nbytes: int) -> None:
        self.onloads += 1
        self.device_bytes += nbytes
        self.peak_device_bytes = max(self.peak_device_bytes, self.device_bytes)

    def record_offload(self, nbytes: int) -> None:
        self.offloads += 1
        self.device_bytes -= nbytes


@dataclass(frozen=True, slots=True)
class OffloadConfig:
    """Where weights compute and where they wait. `pin_memory`: the host has memory for a pinned copy of them."""

    onload_device: torch.device
    offload_device: torch.device
    pin_memory: bool
    stats: TransferStats


class OffloadedWeights:
    """The direct parameters and buffers of some modules (not those of their children), moved as one unit.

    Weights never change, so offloading only drops the device copy. The host copy is made the first time weights that
    started out on the device are offloaded.
    """

    def __init__(self, modules: Sequence[nn.Module], config: OffloadConfig, *, is_onloaded: bool) -> None:
        self._config = config
        self._host: list[torch.Tensor] | None = None
        self._copy_done: torch.cuda.Event | None = None
        # Each tensor once, with every (dict, name) that refers to it: T5's embedding is tied and has two.
        self._owners: list[list[tuple[dict[str, Any], str]]] = []
        index_of: dict[int, int] = {}
        for module in modules:
            for tensors in (module._parameters, module._buffers):
                for name, tensor in tensors.items():
                    if tensor is None:
                        continue
                    index = index_of.setdefault(id(tensor), len(self._owners))
                    if index == len(self._owners):
                        self._owners.append([])
                    self._owners[index].append((tensors, name))
        self._meta = [tensor.to("meta") for tensor in self._current()]
        self.nbytes = sum(tensor.nbytes for tensor in self._meta)
        self.is_onloaded = is_onloaded
        if is_onloaded:
            config.stats.record_onload(self.nbytes)
        else:
            self._host = self._pinned(self._current())
            self._assign(self._meta)

    def onload(self, stream: torch.cuda.Stream | None = None) -> None:
        """Copies the weights to the device. With a stream the copy is asynchronous; call `wait` before using them."""
        if self.is_onloaded:
            return
        assert self._host is not None, "freed weights are read from the disk, not onloaded"
        # Allocated on the computing stream, so the caching allocator can reuse the memory there without an event.
        device = self._config.onload_device
        copies = [torch.empty_like(tensor, device=device) for tensor in self._host]
        if stream is not None:
            stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream):
            for target, source in zip(copies, self._host, strict=True):
                target.copy_(source, non_blocking=True)
        self._copy_done = None if stream is None else stream.record_event()
        self._assign(copies)
        self.is_onloaded = True
        self._config.stats.record_onload(self.nbytes)

    def wait(self) -> None:
        """Makes the computing stream wait for a copy in progress."""
        if self._copy_done is not None:
            torch.cuda.current_stream(self._config.onload_device).wait_event(self._copy_done)
            self._copy_done = None

    def offload(self) -> None:
        """Frees the device copy. Does nothing if the weights are offloaded already."""
        if self.is_onloaded:
            self.wait()
            if self._host is None:
                self._host = self._pinned(
                    [tensor.to(self._config.offload_device, copy=True) for tensor in self._current()]
                )
            self._drop()

    def free(self) -> None:
        """Frees the device and the host copy. Using these weights again means reading them from the disk."""
        self._host = None
        if self.is_onloaded:
            self._drop()

    def _drop(self) -> None:
        self._assign(self._meta)
        self.is_onloaded = False
        self._config.stats.record_offload(self.nbytes)

    def _current(self) -> list[torch.Tensor]:
        return [tensors[name].detach() for (tensors, name), *_ in self._owners]

    def _assign(self, values: Sequence[torch.Tensor]) -> None:
        for owners, value in zip(self._owners, values, strict=True):
            first, first_name = owners[0]
            is_parameter = isinstance(first[first_name], nn.Parameter)
            tensor = nn.Parameter(value, requires_grad=False) if is_parameter else value
            for tensors, name in owners:
                tensors[name] = tensor

    def _pinned(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        """Pinned copies, which a GPU reads asynchronously; or the tensors as they are if they can't be pinned.

        Unpinned weights whose dtype did not change are still views of the memory-mapped safetensors file, which all
        ranks on this machine share.
        """
        if self._config.onload_device.type != "cuda" or not self._config.pin_memory:
            return tensors
        try:
            return [tensor.pin_memory() for tensor in tensors]
        except RuntimeError:
            return tensors


class OffloadedComponent:
    """Text encoder, transformer or VAE: on the device while it computes, whole or block by block."""

    def __init__(self, module: nn.Module, blocks: Sequence[nn.Module], config: OffloadConfig) -> None:
        """`blocks`: those to onload one at a time, in the order in which they run; empty to onload all at once."""
        in_blocks = {child for block in blocks for child in block.modules()}
        others = [child for child in module.modules() if child not in in_blocks]
        self._others = OffloadedWeights(others, config, is_onloaded=False)
        self._blocks = [OffloadedWeights(list(block.modules()), config, is_onloaded=False) for block in blocks]
        # Copies overlap with computation only on a separate stream.
        is_cuda = config.onload_device.type == "cuda"
        self._stream = torch.cuda.Stream(config.onload_device) if is_cuda and blocks else None  # type: ignore[no-untyped-call]
        for number, block in enumerate(blocks):
            block.register_forward_pre_hook(self._before_block(number))
            block.register_forward_hook(self._after_block(number))

    @contextmanager
    def on_device(self) -> Iterator[None]:
        try:
            self._others.onload()
            yield
        finally:
            for weights in (*self._blocks, self._others):
                weights.offload()

    def _before_block(self, number: int) -> Callable[..., None]:
        def onload(*_: object) -> None:
            block = self._blocks[number]
            block.onload(self._stream)
            block.wait()
            # Prefetch the next block while this one computes; after the last, the first one for the next step.
            self._blocks[(number + 1) % len(self._blocks)].onload(self._stream)

        return onload

    def _after_block(self, number: int) -> Callable[..., None]:
        def offload(*_: object) -> None:
            self._blocks[number].offload()

        return offload


class ResidentTextEncoder:
    """The text encoder when offloading is off: it still gives up its memory after use if the other stages need it."""

    def __init__(self, module: nn.Module, config: OffloadConfig, read: ReadTextEncoder, *, is_read: bool) -> None:
        """`read` reads the module's weights from the disk onto the device. `is_read`: they are there already."""
        self._module = module
        self._config = config
        self._read = read
        self._weights: OffloadedWeights | None = None
        self.policy = TextEncoderPolicy.KEPT if is_read else TextEncoderPolicy.FREED

    def read(self, progressed: Progressed) -> int:
        """Reads freed weights, or those that were never read. Returns the bytes read."""
        read = self._read(progressed)
        self._weights = None
        self.policy = TextEncoderPolicy.KEPT
        return read

    @contextmanager
    def on_device(self, policy: TextEncoderPolicy) -> Iterator[None]:
        """`policy` applies when the context ends."""
        if self.policy is TextEncoderPolicy.FREED:
            self.read(_unreported)
        elif self._weights is not None:
            self._weights.onload()
        try:
            yield
        finally:
            self._apply(policy)

    def release(self, policy: TextEncoderPolicy) -> None:
        """Applies the policy to a text encoder that is not used. What is off the device stays off it."""
        if self.policy is TextEncoderPolicy.KEPT:
            self._apply(policy)

    def _apply(self, policy: TextEncoderPolicy) -> None:
        if policy != TextEncoderPolicy.KEPT:
            modules = list(self._module.modules())
            self._weights = self._weights or OffloadedWeights(modules, self._config, is_onloaded=True)
            if policy == TextEncoderPolicy.OFFLOADED:
                self._weights.offload()
            else:
                self._weights.free()
        self.policy = policy


class WeightPlacement:
    """Which component is on the device when. Without offloading, all but the text encoder always are.

    Implements `OnDevice`.
    """

    def __init__(
        self,
        components: Components,
        offload: Offload,
        config: OffloadConfig,
        read_text_encoder: ReadTextEncoder,
        *,
        has_text_encoder: bool,
    ) -> None:
        """Expects all weights on the offload device, or on the onload device if `offload` is "none".

        `has_text_encoder`: False if the text encoder's weights are not read yet. `read_text_encoder` reads them to
        where the others are.
        """
        self.stats = config.stats
        self._components = components
        self._by_block = offload is Offload.SEQUENTIAL
        self._config = config
        self._read_text_encoder = read_text_encoder
        self._resident: ResidentTextEncoder | None = None
        self._offloaded: dict[str, OffloadedComponent] = {}
        if offload is Offload.NONE:
            self._resident = ResidentTextEncoder(
                components.text_encoder, config, read_text_encoder, is_read=has_text_encoder
            )
            return
        if has_text_encoder:
            self._offload_text_encoder()
        self._offload("transformer", components.transformer, components.transformer_blocks)
        self._offload("vae", components.vae, ())

    def _offload_text_encoder(self) -> None:
        self._offload("text_encoder", self._components.text_encoder, self._components.text_blocks)

    def _offload(self, name: str, module: nn.Module, blocks: Sequence[nn.Module]) -> None:
        self._offloaded[name] = OffloadedComponent(module, blocks if self._by_block else (), self._config)

    @property
    def has_text_encoder(self) -> bool:
        """Whether its weights are in memory anywhere. False before they are read and after they are freed."""
        if self._resident is not None:
            return self._resident.policy is not TextEncoderPolicy.FREED
        return "text_encoder" in self._offloaded

    def read_text_encoder(self, progressed: Progressed) -> int:
        """Reads the text encoder if it isn't in memory. Returns the bytes read."""
        if self.has_text_encoder:
            return 0
        if self._resident is not None:
            return self._resident.read(progressed)
        read = self._read_text_encoder(progressed)
        self._offload_text_encoder()
        return read

    @contextmanager
    def text_encoder(self, choose_policy: Callable[[], TextEncoderPolicy]) -> Iterator[None]:
        """`choose_policy` is only called when offloading is off."""
        with ExitStack() as stack:
            if self._resident is not None:
                stack.enter_context(self._resident.on_device(choose_policy()))
            else:
                self.read_text_encoder(_unreported)
                stack.enter_context(self._offloaded["text_encoder"].on_device())
            yield

    def release_text_encoder(self, choose_policy: Callable[[], TextEncoderPolicy]) -> None:
        """For a video whose embeddings are there: the other stages need the same memory as after encoding."""
        if self._resident is not None:
            self._resident.release(choose_policy())

    @property
    def text_encoder_policy(self) -> TextEncoderPolicy:
        if self._resident is not None:
            return self._resident.policy
        return TextEncoderPolicy.OFFLOADED if self.has_text_encoder else TextEncoderPolicy.FREED

    def transformer(self) -> AbstractContextManager[None]:
        return self._on_device("transformer")

    def vae(self) -> AbstractContextManager[None]:
        """For decoding and for encoding a starting image; also briefly alongside the transformer, for a preview."""
        return self._on_device("vae")

    def _on_device(self, name: str) -> AbstractContextManager[None]:
        return self._offloaded[name].on_device() if self._offloaded else nullcontext()
