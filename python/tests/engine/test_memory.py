"""The memory planner compared with real modules and live tensors at real sizes, on the meta device.

Nothing is computed there, but every tensor has its size: weights are compared exactly, activations within a few per
cent. What the meta device cannot show (CUDA's context, workspaces inside an operator) is measured on a GPU by `npm run bench -- memory`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
from transformers import T5Config, T5EncoderModel

from splitreel.contract.types import Plan
from splitreel.models.cogvideox.decoder import ParallelDecoder
from splitreel.models.cogvideox.sharding import quantize_transformer, shard_text_encoder, shard_transformer
from splitreel.models.cogvideox.transformer import SplitTransformer
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import REPLICA, MeshBuilder
from splitreel.parallel.kernels import AttentionKernel
from splitreel.parallel.placement import Shard
from splitreel.parallel.tensor import TensorParallelGroup
from splitreel.rules.memory import MemoryJob, decoding_bytes, denoising_bytes, encoding_bytes, memory_needs
from tests.engine.live_bytes import LiveBytes
from tests.test_memory_golden import GOLDEN, known

META = torch.device("meta")
MODELS = [name for name, model in GOLDEN["models"].items() if model["shape"] is not None]
# Attention that never holds all scores, like all of the product's kernels: only the output is alive.
KERNEL = AttentionKernel("meta", lambda q, _k, _v: torch.empty_like(q), None)


def config(model: str, part: str) -> dict[str, Any]:
    fields = dict(GOLDEN["models"][model]["configs"][part])
    fields.pop("_class_name", None)
    return fields


def transformer(model: str, dtype: torch.dtype) -> CogVideoXTransformer3DModel:
    with META:
        return CogVideoXTransformer3DModel(**config(model, "transformer")).to(dtype).eval()


def vae(model: str, dtype: torch.dtype) -> AutoencoderKLCogVideoX:
    fields = config(model, "vae")
    levels = len(fields["block_out_channels"])
    with META:
        return (
            AutoencoderKLCogVideoX(
                **fields,
                down_block_types=("CogVideoXDownBlock3D",) * levels,
                up_block_types=("CogVideoXUpBlock3D",) * levels,
                norm_num_groups=min(32, min(fields["block_out_channels"]) // 2),
            )
            .to(dtype)
            .eval()
        )


def text_encoder(model: str, dtype: torch.dtype) -> T5EncoderModel:
    with META:
        return T5EncoderModel(T5Config(**config(model, "textEncoder"))).to(dtype).eval()


def numbers(module: torch.nn.Module) -> int:
    return sum(tensor.numel() for tensor in [*module.parameters(), *module.buffers()])


@pytest.mark.parametrize("model", MODELS)
def test_weights_are_exact(model: str) -> None:
    shape = known(model)
    net = transformer(model, torch.bfloat16)
    assert numbers(net.transformer_blocks) == shape.transformer.blocks * shape.transformer.block
    assert numbers(net) == shape.transformer.total
    assert numbers(text_encoder(model, torch.bfloat16)) == shape.text_encoder.total
    assert numbers(vae(model, torch.bfloat16)) == shape.vae.weights


@pytest.mark.parametrize("model", ["2b", "5b", "1.5-5b-i2v"])
@pytest.mark.parametrize(("stages", "shares"), [(1, 2), (1, 6), (4, 1), (2, 3)])
def test_a_ranks_share_is_exact(model: str, stages: int, shares: int) -> None:
    """The shard that models/cogvideox/sharding.py leaves the first rank has the size that the planner predicts."""
    shape = known(model)
    net, text = transformer(model, torch.bfloat16), text_encoder(model, torch.bfloat16)
    shard, tp_group = Shard(0, stages, 0, shares), TensorParallelGroup(Traffic())
    with META:
        shard_transformer(net, shard, tp_group)
        shard_text_encoder(text, shard, tp_group)
    job = MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2)
    encoding, denoising, _ = memory_needs(shape, job, Plan(pp=stages, tp=shares))
    vae_bytes = 2 * shape.vae.weights
    assert denoising.weight_bytes - vae_bytes == pytest.approx(2 * numbers(net), rel=1e-4)
    # T5's 64 heads are not shared evenly by 3 or 6: the first share has one more.
    assert encoding.weight_bytes - denoising.weight_bytes == pytest.approx(2 * numbers(text), rel=0.02)


@pytest.mark.parametrize("model", ["2b", "5b"])
@pytest.mark.parametrize(("stages", "shares"), [(1, 1), (1, 2), (2, 1)])
def test_a_quantized_share_is_exact(model: str, stages: int, shares: int) -> None:
    net, tp_group = transformer(model, torch.bfloat16), TensorParallelGroup(Traffic())
    with META:
        shard_transformer(net, Shard(0, stages, 0, shares), tp_group)
        quantize_transformer(net)
    # Loading converts everything else.
    sizes = {torch.float8_e4m3fn: 1}
    scales = sum(scale.nbytes for name, scale in net.named_buffers() if name.endswith("weight_scales"))
    others = [buffer for name, buffer in net.named_buffers() if not name.endswith("weight_scales")]
    held = scales + sum(tensor.numel() * sizes.get(tensor.dtype, 2) for tensor in [*net.parameters(), *others])
    job = MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_quantized=True)
    denoising = memory_needs(known(model), job, Plan(pp=stages, tp=shares))[1]
    assert denoising.weight_bytes - 2 * known(model).vae.weights == pytest.approx(held, rel=1e-3)


def counted(
    model: str,
    job: MemoryJob,
    dtype: torch.dtype,
    *,
    is_fused: bool = False,
    prepare: Callable[[CogVideoXTransformer3DModel], object] | None = None,
) -> int:
    """Peak bytes of one call of the transformer, as on one rank. `prepare` may change the model before it is split."""
    net = transformer(model, dtype)
    if prepare is not None:
        prepare(net)
    split = SplitTransformer(net, TensorParallelGroup(Traffic()))
    if is_fused:
        split.fuse()
    mesh = MeshBuilder(0).mesh(Plan())
    assert mesh is not None
    split.use(mesh, KERNEL)
    batch = 2 if job.is_guided else 1
    frames = (job.num_frames - 1) // 4 + 1
    patch_time = net.config.patch_size_t or 1
    frames += -frames % patch_time
    latents = torch.empty(
        batch, frames, net.config.in_channels, job.height // 8, job.width // 8, dtype=dtype, device=META
    )
    text = torch.empty(batch, net.config.max_text_seq_length, net.config.text_embed_dim, dtype=dtype, device=META)
    tokens = frames // patch_time * (job.height // 16) * (job.width // 16)
    cosine, sine = (torch.empty(tokens, net.config.attention_head_dim, device=META) for _ in range(2))
    rotary = (cosine, sine)
    live = LiveBytes()
    live.ignore([*net.parameters(), *net.buffers(), latents, text, *rotary])
    with torch.no_grad(), live:
        split.predict(
            latents,
            text,
            torch.empty(batch, dtype=torch.long, device=META),
            torch.empty(1, dtype=dtype, device=META) if net.config.ofs_embed_dim else None,
            rotary if net.config.use_rotary_positional_embeddings else None,
        )
    return live.peak


@pytest.mark.parametrize(
    ("model", "job"),
    [
        ("2b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2)),
        ("2b", MemoryJob(480, 320, 17, is_guided=False, dtype_bytes=4)),
        ("5b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2)),
        ("5b", MemoryJob(720, 480, 49, is_guided=False, dtype_bytes=2)),
        ("5b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=4)),
        ("1.5-5b", MemoryJob(1360, 768, 81, is_guided=True, dtype_bytes=2)),
        ("1.5-5b-i2v", MemoryJob(1360, 768, 81, is_guided=True, dtype_bytes=2)),
    ],
    ids=str,
)
def test_the_transformers_activations_are_as_counted(model: str, job: MemoryJob) -> None:
    found = counted(model, job, {2: torch.bfloat16, 4: torch.float32}[job.dtype_bytes])
    predicted = denoising_bytes(known(model), job, Plan())
    assert found <= 1.01 * predicted
    assert predicted <= 1.06 * found


@pytest.mark.parametrize(
    ("model", "job"),
    [
        ("2b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_quantized=True)),
        ("5b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2, is_quantized=True)),
        ("5b", MemoryJob(352, 224, 17, is_guided=True, dtype_bytes=2, is_quantized=True)),
        ("5b", MemoryJob(256, 256, 9, is_guided=False, dtype_bytes=2, is_quantized=True)),
    ],
    ids=str,
)
def test_float8_without_kernels_holds_no_more_than_predicted(model: str, job: MemoryJob) -> None:
    found = counted(model, job, torch.bfloat16, prepare=quantize_transformer)
    predicted = denoising_bytes(known(model), job, Plan())
    # Of the rounded part and the dequantized weight, which hardly depend on the size, not all is alive at once.
    assert found <= predicted <= 1.15 * found + 50e6


@pytest.mark.parametrize(
    ("model", "job"),
    [
        ("5b", MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2)),
        ("5b", MemoryJob(720, 480, 9, is_guided=True, dtype_bytes=2)),
        ("5b", MemoryJob(352, 224, 17, is_guided=True, dtype_bytes=4)),
        ("1.5-5b", MemoryJob(1360, 768, 41, is_guided=True, dtype_bytes=2)),
        ("small", MemoryJob(160, 128, 17, is_guided=True, dtype_bytes=4)),
    ],
    ids=str,
)
def test_decoding_is_as_counted(model: str, job: MemoryJob) -> None:
    dtype = {2: torch.bfloat16, 4: torch.float32}[job.dtype_bytes]
    shape = known(model).vae
    net = vae(model, dtype)
    mesh = MeshBuilder(0).mesh(Plan())
    assert mesh is not None
    size = (job.height // shape.scale, job.width // shape.scale)
    latents = torch.empty(1, (job.num_frames - 1) // 4 + 1, shape.latent_channels, *size, dtype=dtype, device=META)
    live = LiveBytes()
    live.ignore([*net.parameters(), *net.buffers(), latents])
    with torch.no_grad(), live:
        shared = ParallelDecoder(net, latents, mesh[REPLICA], Traffic())
        for round_ in range(shared.rounds):
            shared.decode(round_, lambda: None)
    predicted = decoding_bytes(shape, job, is_writer=True)
    assert live.peak <= 1.02 * predicted
    assert predicted <= 1.15 * live.peak


def test_encoding_is_as_counted() -> None:
    model = "5b"
    net = text_encoder(model, torch.bfloat16)
    live = LiveBytes()
    live.ignore([*net.parameters(), *net.buffers()])
    with torch.no_grad(), live:
        net(torch.zeros(1, known(model).text_tokens, dtype=torch.long, device=META))
    job = MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2)
    assert live.peak <= encoding_bytes(known(model), job) <= 1.1 * live.peak


def test_measurements_from_a_gpu() -> None:
    """One H200, torch 2.11, 480x720x49: 11.2 GB of transformer, 14.1 GB at its peak, 15.7 GB while decoding."""
    encoding, denoising, decoding = memory_needs(
        known("5b"), MemoryJob(720, 480, 49, is_guided=True, dtype_bytes=2), Plan()
    )
    vae_bytes = 2 * known("5b").vae.weights
    assert denoising.tensor_bytes - vae_bytes == pytest.approx(14.1e9, rel=0.02)
    assert decoding.tensor_bytes == pytest.approx(15.7e9, rel=0.02)
    assert encoding.tensor_bytes > decoding.tensor_bytes, "the text encoder is the largest part"
