"""Compares the fused kernels with torch on this device before their first use. Whatever a kernel raises is a reason too.

A kernel that fails here is not used: the model then runs as diffusers has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import nn

from splitreel.contract.errors import Canceled
from splitreel.kernels.fallback import comparing_kernels
from splitreel.kernels.float8 import Quantized, dequantize, kernels_quantize, quantize_rows
from splitreel.kernels.triton_build import use_prebuilt_launcher
from splitreel.rules.kernel_trials import OWN_KERNELS

Tensor = torch.Tensor

# Relative, of the norms. bf16 rounds to 2^-9; torch rounds between operations that the kernels join.
_TOLERANCE = {torch.float32: 1e-5, torch.float16: 5e-3, torch.bfloat16: 2e-2}
# Text tokens and all tokens of a rank. Triton compiles apart for multiples of 16: a whole video of the usual size has one
# such number of tokens, its halves have others. What these cover is not compiled within a job.
_TOKENS = ((3, 19), (3, 32))
# Comparisons of a block for each number of tokens, without and with float8, and of the VAE.
_BLOCK_CHECKS, _FLOAT8_CHECKS, _VAE_CHECKS = 10, 3, 2

# By device, dtype and widths: why the kernels can't run, or None. Each is found out once a process.
_problems: dict[tuple[torch.device, torch.dtype, int | None, int | None], str | None] = {}


def can_run_kernels(device: torch.device) -> bool:
    """Whether the kernels can be compared on this device at all."""
    return device.type == "cuda" or _is_interpreted()


def own_kernel_checks(device: torch.device) -> int:
    """How often a model's first load calls `checked`, if all kernels agree with torch."""
    return len(_TOKENS) * (_BLOCK_CHECKS + _FLOAT8_CHECKS * kernels_quantize(device)) + _VAE_CHECKS


def _nothing() -> None: ...


def fused_kernels_problem(
    device: torch.device, dtype: torch.dtype, *, width: int, head_width: int, checked: Callable[[], None] = _nothing
) -> str | None:
    """Why blocks of this width cannot run fused here, or None.

    `checked` is called after each comparison, unless the answer is known, and may raise Canceled.
    """
    return _problem(device, dtype, width, head_width, checked)


def fused_decoder_problem(
    device: torch.device,
    dtype: torch.dtype,
    *,
    channels: Sequence[int],
    norm_groups: int,
    checked: Callable[[], None] = _nothing,
) -> str | None:
    """Why a VAE's decoder with these channels cannot run fused here, or None.

    Triton's ranges have powers of two as lengths, and a program of the decoder's kernels takes all channels of a row or a group.
    """
    odd = [count for count in channels if not _is_power_of_two(count) or not _is_power_of_two(count // norm_groups)]
    return _problem(device, dtype, None, None, checked) or (
        f"the VAE has {odd[0]} channels in {norm_groups} groups, which are not powers of two" if odd else None
    )


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _problem(
    device: torch.device, dtype: torch.dtype, width: int | None, head_width: int | None, checked: Callable[[], None]
) -> str | None:
    key = (device, dtype, width, head_width)
    if key not in _problems:
        _problems[key] = _find_problem(device, dtype, width, head_width, checked)
    return _problems[key]


def _find_problem(
    device: torch.device, dtype: torch.dtype, width: int | None, head_width: int | None, checked: Callable[[], None]
) -> str | None:
    if not can_run_kernels(device):
        return "there is no GPU"
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < OWN_KERNELS.capability:
        return "the GPU is older than compute capability 8.0"
    if dtype not in _TOLERANCE:
        return f"the kernels do not take {dtype}"
    try:
        if device.type == "cuda":
            use_prebuilt_launcher()
        with comparing_kernels():
            differences = {}
            for name, difference in _differences(device, dtype, width, head_width):
                differences[name] = difference
                checked()
    except (torch.OutOfMemoryError, Canceled):
        raise  # says nothing of the kernels
    except Exception as error:  # noqa: BLE001 - a compiler's or a driver's failure is a reason like another
        return (str(error).splitlines() or [type(error).__name__])[0][:200]
    wrong = {name: found for name, found in differences.items() if not found <= _TOLERANCE[dtype]}
    return f"differs from torch: {wrong}" if wrong else None


def _differences(
    device: torch.device, dtype: torch.dtype, width: int | None, head_width: int | None
) -> Iterator[tuple[str, float]]:
    if width is None or head_width is None:
        yield from _vae_differences(device, dtype)
        return
    for text, count in _TOKENS:
        for name, difference in _block_differences(device, dtype, width, head_width, text, count):
            yield f"{name}, {count} tokens", difference


def _is_interpreted() -> bool:
    """Whether Triton runs kernels in Python, which tests ask for."""
    try:
        from triton import knobs
    except ImportError:
        return False
    return bool(knobs.runtime.interpret)


def _relative(found: Tensor, expected: Tensor) -> float:
    return float((found.float() - expected.float()).norm() / expected.float().norm())


def _drawer(device: torch.device, dtype: torch.dtype) -> Callable[..., Tensor]:
    generator = torch.Generator("cpu").manual_seed(0)
    return lambda *shape: torch.randn(shape, generator=generator).to(device, dtype)


def _norm(width: int, eps: float, draw: Callable[..., Tensor]) -> nn.LayerNorm:
    norm = nn.LayerNorm(width, eps=eps)
    norm.weight, norm.bias = nn.Parameter(1 + 0.1 * draw(width)), nn.Parameter(0.1 * draw(width))
    return norm.requires_grad_(False)


@torch.no_grad()
def _block_differences(
    device: torch.device, dtype: torch.dtype, width: int, head_width: int, text: int, count: int
) -> Iterator[tuple[str, float]]:
    """Difference of each operation in `dtype` from torch's, on `count` tokens, text first."""
    from splitreel.kernels import block_torch
    from splitreel.kernels.block_ops import gelu, make_heads, merge, norm_modulate, norm_rotate
    from splitreel.kernels.block_values import Branch, HeadsOut, Product

    draw, batch, heads = _drawer(device, dtype), 2, width // head_width
    tokens, values, bias = draw(batch, count, width), draw(batch, count, width), draw(width)
    modulation, norm = 0.3 * draw(batch, 6 * width), _norm(width, 1e-5, draw)
    branch = Branch(Product(values, bias), modulation)
    summed, normed = norm_modulate(tokens, branch, norm, modulation, text)
    assert isinstance(normed, Tensor)
    expected_sum, expected, _ = block_torch.norm_modulate(tokens, branch, norm, modulation, text, quantize=False)
    yield "sum", _relative(summed, expected_sum)
    yield "norm", _relative(normed, expected)

    q, k, v = (draw(batch, count, width) for _ in range(3))
    norm_q, norm_k = _norm(head_width, 1e-6, draw), _norm(head_width, 1e-6, draw)
    angles = draw(count - text, head_width // 2).float().repeat_interleave(2, dim=1)
    out = torch.empty((3, 1, batch, count, heads, head_width), device=device, dtype=dtype)
    rotary = (angles.cos(), angles.sin())
    by_head = (batch, count, heads, head_width)
    norm_rotate(Product(q, bias), Product(k, bias), Product(v, bias), norm_q, norm_k, rotary, text, HeadsOut(*out))
    for name, x, own_norm, got in (("queries", q, norm_q, out[0]), ("keys", k, norm_k, out[1])):
        yield name, _relative(got[0], block_torch.rotate(own_norm((x + bias).view(by_head)), rotary, text))
    yield "values", _relative(out[2][0], (v + bias).view(by_head))
    # One at a time and by groups of heads, as Ulysses sends them.
    groups = 2 if heads % 2 == 0 else 1
    grouped = q.new_empty((2, batch, groups, count, heads // groups, head_width))
    for x, packed, are_values in ((k, grouped[0], False), (v, grouped[1], True)):
        make_heads(Product(x, bias), norm_k, rotary, text, packed.transpose(0, 1), are_values=are_values)
    for name, packed, whole in (("keys by group", grouped[0], out[1][0]), ("values by group", grouped[1], out[2][0])):
        yield name, _relative(packed.transpose(1, 2).flatten(3), whole.view(batch, count, groups, -1))
    # In place, as when no other rank shares the tokens.
    expected = block_torch.rotate(norm_k((k + bias).view(by_head)), rotary, text)
    views = HeadsOut(q.view(by_head)[None], k.view(by_head)[None], v.view(by_head)[None])
    norm_rotate(Product(q, bias), Product(k, bias), Product(v, None), norm_q, norm_k, rotary, text, views)
    yield "in place", _relative(k.view(by_head), expected)

    hidden = draw(batch, count, 4 * width)
    expected = F.gelu(hidden, approximate="tanh")
    activated = gelu(Product(hidden, None))
    assert isinstance(activated, Tensor)
    yield "gelu", _relative(activated, expected)

    if kernels_quantize(device):
        yield from _quantized_differences(tokens, modulation, norm, text)

    lse, part_lse = draw(batch, heads, count).float(), draw(batch, heads, count).float()
    share = torch.sigmoid(part_lse - lse).transpose(1, 2).unsqueeze(-1)
    expected = torch.lerp(out[0][0].float(), out[1][0].float(), share)
    merged = torch.empty_like(expected)
    merge(out[0][0], lse, out[1][0], part_lse, merged)
    yield "merge", _relative(merged, expected)


def _quantized_differences(
    tokens: Tensor, modulation: Tensor, norm: nn.LayerNorm, text: int
) -> Iterator[tuple[str, float]]:
    """Difference of the kernels' float8 results from torch's rounding of the same values in float32."""
    from splitreel.kernels import block_torch
    from splitreel.kernels.block_ops import gelu, norm_modulate, quantize
    from splitreel.kernels.block_values import Product

    wide = tokens.float()
    precise = deepcopy(norm).float()
    _, normed = norm_modulate(tokens, None, norm, modulation, text, quantize=True)
    expected = {
        "norm in float8": (
            normed,
            block_torch.norm_modulate(wide, None, precise, modulation.float(), text, quantize=False)[1],
        ),
        "gelu in float8": (gelu(Product(tokens.clone(), None), quantize=True), F.gelu(wide, approximate="tanh")),
        "float8": (quantize(tokens), wide),
    }
    for name, (rows, values) in expected.items():
        assert isinstance(rows, Quantized)
        yield name, _relative(dequantize(rows, torch.float32), dequantize(quantize_rows(values), torch.float32))


@torch.no_grad()
def _vae_differences(device: torch.device, dtype: torch.dtype) -> Iterator[tuple[str, float]]:
    """Differences in a small decoder over two spans of time, the first of them odd."""
    from diffusers.models.autoencoders.autoencoder_kl_cogvideox import CogVideoXDecoder3D

    from splitreel.kernels.vae_decoder import FusedDecoder

    draw = _drawer(device, dtype)
    decoder = CogVideoXDecoder3D(
        in_channels=4, block_out_channels=(16, 16, 16, 32), layers_per_block=1, norm_num_groups=4
    )
    for parameter in decoder.parameters():
        spread = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1
        parameter.data = spread * draw(*parameter.shape) + (parameter.ndim == 1)
    decoder.eval().requires_grad_(False)
    z = draw(1, 4, 5, 4, 6)
    first, cache = decoder(z[:, :, :3])
    second, _ = decoder(z[:, :, 3:], conv_cache=cache)
    fused = FusedDecoder(decoder)
    fused_first, fused_cache = fused.decode(z[:, :, :3], None)
    yield "first span", _relative(fused_first, first)
    fused_second, _ = fused.decode(z[:, :, 3:], fused_cache)
    yield "later span", _relative(fused_second, second)
