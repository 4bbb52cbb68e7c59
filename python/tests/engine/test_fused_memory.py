"""The planner's figures for fused blocks and the fused decoder, compared with live tensors at real sizes on the meta device.

Kernels are replaced by nothing: on `meta` only sizes count.
"""

from __future__ import annotations

import pytest
import torch

from splitreel.contract.types import Plan
from splitreel.models.cogvideox.decoder import ParallelDecoder
from splitreel.models.cogvideox.sharding import quantize_transformer
from splitreel.models.quantized_linear import QuantizedLinear
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import REPLICA, MeshBuilder
from splitreel.rules.memory import MemoryJob, decoding_bytes, denoising_bytes, memory_needs
from tests.engine.live_bytes import LiveBytes
from tests.engine.test_memory import META, counted, vae
from tests.test_memory_golden import known

pytest.importorskip("triton", reason="the CPU variant of the environment has no Triton")


class _Nothing:
    def __getitem__(self, grid: object) -> object:
        return lambda *args, **named: None


@pytest.fixture(autouse=True)
def _no_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    from splitreel.kernels import block_triton, vae_triton

    for module in (block_triton, vae_triton):
        for name in vars(module):
            if name.endswith("_kernel"):
                monkeypatch.setattr(module, name, _Nothing())


@pytest.mark.parametrize(
    ("model", "job"),
    [
        ("2b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_fused=True)),
        ("5b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_fused=True)),
        ("5b", MemoryJob(720, 480, 49, is_guided=False, dtype_bytes=2, is_fused=True)),
        ("5b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_quantized=True, is_fused=True)),
        ("1.5-5b", MemoryJob(1360, 768, 81, is_guided=True, dtype_bytes=2, is_fused=True)),
        ("1.5-5b-i2v", MemoryJob(1360, 768, 81, is_guided=True, dtype_bytes=2, is_fused=True)),
    ],
    ids=str,
)
def test_fused_blocks_hold_what_the_planner_predicts(
    model: str, job: MemoryJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from splitreel.kernels import float8
    from splitreel.models.cogvideox import fused_attention, fused_blocks

    def takes_quantized(linear: torch.nn.Module) -> bool:
        return job.is_quantized and isinstance(linear, QuantizedLinear)

    def multiply(rows: torch.Tensor, _s: object, weight: float8.Quantized, dtype: torch.dtype) -> torch.Tensor:
        return torch.empty(len(rows), len(weight.values), dtype=dtype, device=META)

    for module in (fused_attention, fused_blocks):
        monkeypatch.setattr(module, "takes_quantized", takes_quantized)
    monkeypatch.setattr(float8, "_scaled_product", multiply)
    monkeypatch.setattr(float8, "_wide_product", multiply)
    quantize = quantize_transformer if job.is_quantized else None
    found = counted(model, job, torch.bfloat16, is_fused=True, prepare=quantize)
    predicted = denoising_bytes(known(model), job, Plan())
    assert found <= 1.01 * predicted
    assert predicted <= 1.06 * found


@pytest.mark.parametrize(
    ("model", "job"),
    [
        (model, MemoryJob(width, height, frames, is_guided=is_guided, dtype_bytes=2, is_quantized=True, is_fused=True))
        for model, width, height, frames in (("2b", 720, 480, 49), ("5b", 720, 480, 49), ("1.5-5b", 1360, 768, 81))
        for is_guided in (True, False)
    ],
    ids=str,
)
def test_gpus_before_ada_round_to_float8_in_the_memory_of_later_ones(model: str, job: MemoryJob) -> None:
    """From compute capability 8.0 to 8.8 the kernels run, but torch rounds to float8 and multiplies in bf16."""
    found = counted(model, job, torch.bfloat16, is_fused=True, prepare=quantize_transformer)
    predicted = memory_needs(known(model), job, Plan())[1]
    assert found - denoising_bytes(known(model), job, Plan()) <= 0.02 * predicted.tensor_bytes


@pytest.mark.parametrize(
    ("model", "job"),
    [
        ("5b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_fused=True)),
        ("5b", MemoryJob(720, 480, 9, is_guided=True, dtype_bytes=2, is_fused=True)),
        ("5b", MemoryJob(352, 224, 17, is_guided=True, dtype_bytes=2, is_fused=True)),
        ("1.5-5b", MemoryJob(1360, 768, 81, is_guided=True, dtype_bytes=2, is_fused=True)),
    ],
    ids=str,
)
def test_the_fused_decoder_holds_what_the_planner_predicts(model: str, job: MemoryJob) -> None:
    from splitreel.kernels.vae_decoder import prepare

    shape = known(model).vae
    net = vae(model, torch.bfloat16)
    prepare(net.decoder)
    mesh = MeshBuilder(0).mesh(Plan())
    assert mesh is not None
    size = (job.height // shape.scale, job.width // shape.scale)
    frames = (job.num_frames - 1) // 4 + 1
    latents = torch.empty(1, frames, shape.latent_channels, *size, dtype=torch.bfloat16, device=META)
    live = LiveBytes()
    live.ignore([*net.parameters(), *net.buffers(), latents])
    with torch.no_grad(), live:
        decoder = ParallelDecoder(net, latents, mesh[REPLICA], Traffic(), is_fused=True)
        for round_ in range(decoder.rounds):
            decoder.decode(round_, lambda: None)
    predicted = decoding_bytes(shape, job, is_writer=True)
    assert live.peak <= 1.02 * predicted
    assert predicted <= 1.15 * live.peak
