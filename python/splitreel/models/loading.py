"""Reads a model folder into memory: safetensors only, tensor by tensor from the disk to the device it is used on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import torch
from accelerate import init_empty_weights
from accelerate.utils import set_module_tensor_to_device
from torch import nn

from splitreel.contract import failures, reasons
from splitreel.contract.errors import SplitreelError, error_details
from splitreel.models.family import Family
from splitreel.models.lora import LoraMerger
from splitreel.models.quantized_linear import QuantizedLinear
from splitreel.models.tensor_files import OpenTensors, open_safetensors
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup, WeightSlice
from splitreel.rules.config import refuse
from splitreel.store.model_folder import module_name, module_tensors
from splitreel.store.weights import check_tensors, weight_files


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How and where a rank reads. `progressed` is called with (bytes read, bytes in total) and may raise to stop.

    `merger`: LoRAs to merge into the weights on the way.
    """

    dtype: torch.dtype
    device: torch.device
    progressed: Callable[[int, int], None]
    quantize_on: torch.device  # where weights become float8, one at a time
    open_tensors: OpenTensors = open_safetensors
    merger: LoraMerger | None = None


@dataclass(frozen=True, slots=True)
class ShardedComponents:
    """This rank's part of each component, by name. `slices`: by component and parameter, what to read of a file."""

    modules: Mapping[str, nn.Module]
    slices: Mapping[str, Mapping[str, WeightSlice]]
    fractions: Mapping[str, Fraction]  # by component, how much of its parameters this rank holds
    quantized: Mapping[str, Mapping[str, QuantizedLinear]]  # by component and weight, the layers that hold float8


def shard_components(
    family: Family, folder: Path, shard: Shard, tp_group: TensorParallelGroup, *, quantized: bool
) -> ShardedComponents:
    """The folder's components without weights (on `meta`), reduced to this rank's shard.

    `quantized`: large layers hold float8 from now on.

    Raises MODEL_UNSUPPORTED or MODEL_INCOMPLETE if the files' headers don't match these modules.
    """
    try:
        with init_empty_weights(include_buffers=False):
            modules = family.empty_components(folder)
    except SplitreelError:
        raise
    except Exception as error:
        # Constructors read more of a config than the checks cover, and can raise anything.
        reason = reasons.model_configs_unusable(folder=folder)
        raise refuse("MODEL_UNSUPPORTED", reason, details=error_details(error)) from error
    for name, module in modules.items():
        check_tensors(name, module_tensors(folder, name), _expected_tensors(module))
    whole = {name: _parameter_count(module) for name, module in modules.items()}
    slices = {
        name: family.shard[name](module, shard, tp_group) for name, module in modules.items() if name in family.shard
    }
    layers = {name: quantize(modules[name]) for name, quantize in family.quantize.items()} if quantized else {}
    # Now, because parameters that layers share only become one when they are read.
    fractions = {name: Fraction(_parameter_count(module), whole[name]) for name, module in modules.items()}
    return ShardedComponents(modules, slices, fractions, layers)


def read_weights(components: ShardedComponents, names: Sequence[str], folder: Path, options: ReadOptions) -> int:
    """Fills these components in this order, also again after their weights were freed. Returns the bytes read.

    Each weight is read once, straight from its position in the file, and becomes `dtype` or float8 on `device`. No rank
    ever holds more of a sharded component than its shard, nor more than one unquantized copy of a quantized weight.
    """
    # A rank reads the same fraction of a file's bytes as of its parameters: a component's weights share one dtype.
    total = sum(
        int(sum((folder / file).stat().st_size for file in weight_files(folder, name)) * components.fractions[name])
        for name in names
    )
    read = 0
    options.progressed(read, total)
    for name in names:
        for size in _fill(components, name, folder, options):
            read += size
            options.progressed(read, total)
    return read


def drop_weights(module: nn.Module) -> None:
    """Puts the parameters back on `meta`, as before they were read."""
    for child in module.modules():
        for name, parameter in child.named_parameters(recurse=False):
            setattr(child, name, nn.Parameter(parameter.to("meta"), requires_grad=False))
    _tie_weights(module)


def bytes_of(module: nn.Module) -> int:
    """Bytes of the weights that this rank holds, wherever they are."""
    sizes: list[int] = [parameter.numel() * parameter.element_size() for parameter in module.parameters()]
    return sum(sizes)


def _expected_tensors(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Every tensor that files must hold for a module. Parameters that layers share are named once."""
    parameters = {name for name, _ in module.named_parameters()}
    buffers = {name for name, _ in module.named_buffers()}
    return {
        module_name(name): tuple(tensor.shape)
        for name, tensor in module.state_dict().items()
        if name in parameters or name in buffers
    }


def _tie_weights(module: nn.Module) -> None:
    """transformers' models share some parameters between layers, of which files hold one copy."""
    if (tie_weights := getattr(module, "tie_weights", None)) is not None:
        tie_weights()


def _parameter_count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _fill(components: ShardedComponents, component: str, folder: Path, options: ReadOptions) -> Iterator[int]:
    """Gives every parameter its tensor or its slice of it. Yields the bytes of each tensor read."""
    module, slices = components.modules[component], components.slices.get(component, {})
    quantized = components.quantized.get(component, {})
    device, dtype = options.device, options.dtype
    wanted = {name for name, _ in module.named_parameters()} | {name for name, _ in module.named_buffers()}
    for file in weight_files(folder, component):
        with options.open_tensors(folder / file) as tensors:
            stored_names = frozenset(tensors.keys())
            for stored in sorted(stored_names):
                name = module_name(stored)
                if name not in wanted or (name != stored and name in stored_names):
                    continue
                part = slices.get(name)
                tensor = tensors.get_tensor(stored) if part is None else tensors.get_slice(stored)[part.index]
                size = tensor.numel() * tensor.element_size()
                if options.merger is not None:
                    tensor = options.merger.merge(component, name, tensor, part)
                if (layer := quantized.get(name)) is None:
                    set_module_tensor_to_device(module, name, device, value=tensor, dtype=dtype)
                else:
                    layer.fill(tensor.to(options.quantize_on), device)
                yield size
    _tie_weights(module)
    missing = [name for name, parameter in module.named_parameters() if parameter.is_meta]
    if missing:
        raise failures.internal(details=f"{missing[0]} is in the headers of {component} but was not read")
    filled = {id(layer.weight_scales) for layer in quantized.values()}
    for name, buffer in module.named_buffers():
        if id(buffer) in filled:
            continue
        is_floating = buffer.is_floating_point()
        set_module_tensor_to_device(module, name, device, value=buffer, dtype=dtype if is_floating else None)
    module.eval().requires_grad_(requires_grad=False)
