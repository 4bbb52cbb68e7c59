"""How much memory each rank needs in each stage. Pure; the same rules as src/shared/memory.ts.

Both run resources/golden/memory-cases.json. Weights are exact. Activations are formulas over the sequence of
operators, counted on the meta device at the true sizes (tests/engine/test_memory.py, docs/memory.md); what they
leave out is in `OVERHEAD_BYTES`, `link_bytes` and `SLACK_DIVISOR`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from splitreel.contract.types import Offload, Plan
from splitreel.rules.memory_shape import MemoryShape, PartWeights, VaeShape

# GPU memory of a process besides torch's tensors: CUDA's context with its kernels, cuBLAS's workspace.
OVERHEAD_BYTES: Final = 800_000_000
# NCCL's memory: for the first group of ranks, with its kernels, and for each further group or pair. Measured with two
# and four GPUs (docs/memory.md): over NVLink it opens many channels at once.
FIRST_LINK_BYTES: Final = 200_000_000
FURTHER_LINK_BYTES: Final = 100_000_000
FIRST_NVLINK_BYTES: Final = 1_100_000_000
FURTHER_NVLINK_BYTES: Final = 450_000_000
# On the first GPU, for each other rank of an NCCL group. Measured with two and four GPUs; the cause isn't known.
OTHER_RANK_BYTES: Final = 320_000_000
# One part in this many is lost between tensors (the allocator's rounding, and gaps).
SLACK_DIVISOR: Final = 20

# How many numbers are rounded to float8 at a time where our kernels don't do it.
FLOAT8_PART_NUMBERS: Final = 1 << 24

StageName = Literal["encoding", "denoising", "decoding"]


@dataclass(frozen=True, slots=True)
class MemoryJob:
    """What the need depends on, besides the model and the plan."""

    width: int
    height: int
    num_frames: int
    is_guided: bool
    dtype_bytes: int  # 2 in bfloat16, 4 in float32
    offload: Offload = Offload.NONE
    is_nvlinked: bool = False  # NVLink connects the GPUs
    is_quantized: bool = False  # the transformer's large layers are in float8
    is_fused: bool = False  # blocks and decoder run in our own kernels
    reuses_steps: bool = False  # the fast quality, which keeps what the blocks added in earlier steps


@dataclass(frozen=True, slots=True)
class StageNeed:
    """Bytes of one rank in one stage, at its peak."""

    stage: StageName
    weight_bytes: int
    activation_bytes: int
    link_bytes: int  # of NCCL, and buffers that other GPUs write to

    @property
    def tensor_bytes(self) -> int:
        """What torch's allocator reports as its peak."""
        return self.weight_bytes + self.activation_bytes

    @property
    def device_bytes(self) -> int:
        """What must be free on the GPU for the process."""
        return self.tensor_bytes + self.tensor_bytes // SLACK_DIVISOR + OVERHEAD_BYTES + self.link_bytes


def memory_needs(
    shape: MemoryShape, job: MemoryJob, plan: Plan, *, is_writer: bool = True, keeps_text_encoder: bool = False
) -> tuple[StageNeed, ...]:
    """A rank's need in each stage. Ranks differ by a token or a block; this is the larger share.

    `is_writer`: the rank holds the decoded clip; it may be on the first GPU. `keeps_text_encoder`: its weights stay while the other stages run.
    """
    size = job.dtype_bytes
    text = _weights(shape.text_encoder, shape.text_encoder.blocks, plan.tp, size, job.offload)
    transformer = _transformer(shape, job, plan)
    vae = shape.vae.weights * size
    is_resident = job.offload is Offload.NONE
    kept = text if is_resident and keeps_text_encoder else 0
    nccl = link_bytes(plan, is_nvlinked=job.is_nvlinked, is_first_gpu=is_writer)
    links = nccl + peer_bytes(shape, job, plan)
    return (
        StageNeed("encoding", text + (transformer + vae if is_resident else 0), encoding_bytes(shape, job), links),
        # The VAE joins the transformer for previews, and for the image that a video starts from.
        StageNeed("denoising", kept + transformer + vae, denoising_bytes(shape, job, plan), links),
        StageNeed(
            "decoding",
            kept + vae + (transformer if is_resident else 0),
            decoding_bytes(shape.vae, job, is_writer=is_writer),
            links,
        ),
    )


def can_fuse(vae: VaeShape) -> bool:
    """Whether a decoder with these channels can run in our own kernels, whose programs take powers of two."""
    return all(count > 0 and count & (count - 1) == 0 for count in vae.channels)


def link_bytes(plan: Plan, *, is_nvlinked: bool, is_first_gpu: bool) -> int:
    """What NCCL takes of a GPU: for the groups and pairs of its rank, and on the first GPU for all other ranks."""
    split = sum(degree > 1 for degree in (plan.cfg, plan.ring, plan.ulysses, plan.tp))
    joint = int(plan.ring > 1 and plan.ulysses > 1)
    # A stage sends to the next one, and the last one back: these are pairs in addition to the groups.
    pairs = 2 if plan.pp > 1 else 0
    # All ranks that make one video exchange decoded tiles. If only one axis is split, its group serves for that too.
    whole = int(split > 1 or plan.pp > 1)
    count = split + joint + pairs + whole
    if count == 0:
        return 0
    first, further = (
        (FIRST_NVLINK_BYTES, FURTHER_NVLINK_BYTES) if is_nvlinked else (FIRST_LINK_BYTES, FURTHER_LINK_BYTES)
    )
    others = (plan.world_size - 1) * OTHER_RANK_BYTES if is_first_gpu else 0
    return first + (count - 1) * further + others


def keeps_text_encoder(shape: MemoryShape, job: MemoryJob, plan: Plan, device_bytes: int) -> bool:
    """Whether the text encoder can stay on the device while the other stages run."""
    needs = memory_needs(shape, job, plan, keeps_text_encoder=True)
    return job.offload is Offload.NONE and all(need.device_bytes <= device_bytes for need in needs)


def worst(needs: Sequence[StageNeed]) -> StageNeed:
    """The stage that needs the most; the first one of a tie."""
    return max(needs, key=lambda need: need.tensor_bytes)


def _transformer(shape: MemoryShape, job: MemoryJob, plan: Plan) -> int:
    blocks = math.ceil(shape.transformer.blocks / plan.pp)
    whole = _weights(shape.transformer, blocks, plan.tp, job.dtype_bytes, job.offload)
    if not job.is_quantized:
        return whole
    held = _held(blocks, job.offload)
    # The first and the last block keep their dtype (models/cogvideox/sharding.py). With one stage it holds both, with
    # several it holds at most one.
    plain = min(held, 2 if plan.pp == 1 else 1)
    numbers = _share(12 * shape.hidden**2, plan.tp)
    scales = 4 * 9 * shape.hidden
    return whole - (held - plain) * (numbers * (job.dtype_bytes - 1) - scales)


def _held(blocks: int, offload: Offload) -> int:
    """Blocks on the device. With sequential offload one block computes while the next one is copied."""
    return min(blocks, 2) if offload is Offload.SEQUENTIAL else blocks


def _weights(part: PartWeights, blocks: int, tp: int, size: int, offload: Offload) -> int:
    held = _held(blocks, offload)
    block = part.block - part.shared_of_block + math.ceil(part.shared_of_block / tp)
    return (part.outside + held * block) * size


def encoding_bytes(shape: MemoryShape, job: MemoryJob) -> int:
    """T5 over one text at a time: 35 tensors of (tokens, width), scores in float32 among them."""
    return 36 * shape.text_tokens * shape.text_width * job.dtype_bytes


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Bytes of hidden states: of one rank, and of all ranks that share the sequence."""

    own: int
    whole: int


def _tokens(shape: MemoryShape, job: MemoryJob, plan: Plan) -> _Tokens:
    steps, rows, columns = _latents(shape, job)
    image = steps * (rows // shape.patch_size) * (columns // shape.patch_size)
    sequence = plan.ring * plan.ulysses
    token = _batch(job, plan) * shape.hidden * job.dtype_bytes
    own = (math.ceil(image / sequence) + math.ceil(shape.text_tokens / sequence)) * token
    return _Tokens(own, (image + shape.text_tokens) * token)


def _batch(job: MemoryJob, plan: Plan) -> int:
    return 2 if job.is_guided and plan.cfg == 1 else 1


def _latents(shape: MemoryShape, job: MemoryJob) -> tuple[int, int, int]:
    """Temporal patches, rows and columns."""
    latent_frames = (job.num_frames - 1) // shape.vae.temporal_compression + 1
    return (
        math.ceil(latent_frames / shape.patch_size_temporal),
        job.height // shape.vae.scale,
        job.width // shape.vae.scale,
    )


def _uses_peers(job: MemoryJob, plan: Plan) -> bool:
    """Whether Ulysses and Ring write to each other's memory. PipeFusion's attention exchanges by NCCL."""
    return job.is_fused and job.is_nvlinked and plan.pp == 1


def peer_bytes(shape: MemoryShape, job: MemoryJob, plan: Plan) -> int:
    """Buffers that other GPUs write to (parallel/exchange.py). torch's allocator doesn't count them.

    Ulysses: queries, keys, values and the result of attention. Ring: keys and values of all tokens.
    """
    if not _uses_peers(job, plan):
        return 0
    tokens = _tokens(shape, job, plan)
    heads = _share(4 * tokens.own, plan.tp) if plan.ulysses > 1 else 0
    gathered = _share(2 * tokens.whole, plan.tp * plan.ulysses) if plan.ring > 1 else 0
    return heads + gathered


def denoising_bytes(shape: MemoryShape, job: MemoryJob, plan: Plan) -> int:
    """The transformer at the peak of a block, and what stays between blocks."""
    tokens = _tokens(shape, job, plan)
    block = (_fused_block if job.is_fused else _eager_block)(tokens.own, shape, job, plan)
    # PipeFusion caches keys and values of all tokens, for the heads of a rank, in each of its blocks.
    blocks = math.ceil(shape.transformer.blocks / plan.pp)
    kept = 2 * blocks * _share(tokens.whole, plan.tp * plan.ulysses) if plan.pp > 1 else 0
    # What entered the blocks, what they added in the last step, and the change since the step before it.
    reused = 3 * tokens.own if job.reuses_steps and plan.pp == 1 else 0
    steps, rows, columns = _latents(shape, job)
    size = job.dtype_bytes
    latents = 4 * _batch(job, plan) * steps * shape.patch_size_temporal * shape.in_channels * rows * columns * size
    # Image-to-video encodes its starting image before the transformer runs.
    has_image = shape.in_channels > shape.vae.latent_channels
    image = 21 * shape.vae.channels[0] * shape.vae.tile_height * shape.vae.tile_width * shape.vae.scale**2 * size
    # Patches of the whole sequence are embedded before it is split.
    return max(block + reused, 3 * tokens.whole, image if has_image else 0) + kept + latents


def _eager_block(own: int, shape: MemoryShape, job: MemoryJob, plan: Plan) -> int:
    """In units of hidden states.

    Feed-forward: the block's input and its attention's output, a norm and its input, and twice the inner width of four
    (before and after GELU). Attention with rotary positions: q, k, v, and three products in float32.
    """
    size = job.dtype_bytes
    feed_forward = 4 * own + _share(8 * own, plan.tp)
    rotary = own + 12 * own // size if shape.is_rotary else 2 * own
    attention = 3 * own + _share(3 * own + max(rotary, _ring_bytes(own, size, plan)), plan.tp)
    # The parts of a layer are summed while its input, the sum and the bias are alive.
    summed = 8 * own if plan.tp > 1 else 0
    # Float8 without our kernels: beside the inner width in the model's dtype and in float8, a part of it twice in float32
    # (kernels/float8.py), and the layer's weight in the model's dtype.
    inner = _share(4 * own, plan.tp)
    rounded = 4 * own + inner + inner // size + 8 * min(inner // size, FLOAT8_PART_NUMBERS)
    quantized = rounded + _share(4 * shape.hidden**2 * size, plan.tp) if job.is_quantized else 0
    return max(feed_forward, attention, summed, quantized)


def _fused_block(own: int, _shape: MemoryShape, job: MemoryJob, plan: Plan) -> int:
    """As `_eager_block`, for models/cogvideox/fused_blocks.py.

    Norms: the tokens, a branch, their sum and its norm. Attention: tokens, norm, q, k, v and the result. Feed-forward:
    tokens, norm and the inner width of four; in float8 its result as well, without the norm.
    """
    feed_forward = own + _share(6 * own, plan.tp) if job.is_quantized else 2 * own + _share(4 * own, plan.tp)
    exchanged = 0
    if not _uses_peers(job, plan):
        # Over NCCL, what is received comes on top of what is sent; Ring also merges parts in float32.
        exchanged = (5 * own if plan.ulysses > 1 else 0) + (7 * own if plan.ring > 1 else 0)
    attention = 2 * own + _share(4 * own + exchanged, plan.tp)
    return max(4 * own, attention, feed_forward)


def _ring_bytes(own: int, size: int, plan: Plan) -> int:
    """Keys and values held and arriving, one part, and three parts in float32 while it is merged with the others.

    With Ulysses, the queries, keys and values from before the exchange are alive as well.
    """
    if plan.ring == 1:
        return 0
    return (8 if plan.ulysses > 1 else 5) * own + 12 * own // size


def _share(amount: int, parts: int) -> int:
    return -(-amount // parts)


def decoding_bytes(vae: VaeShape, job: MemoryJob, *, is_writer: bool) -> int:
    """One tile at its peak, and the decoded tiles: on the writer, those of the whole clip."""
    rows, columns = job.height // vae.scale, job.width // vae.scale
    is_cut = rows > vae.tile_height or columns > vae.tile_width
    height = min(rows, vae.tile_height) if is_cut else rows
    width = min(columns, vae.tile_width) if is_cut else columns
    latent_frames = (job.num_frames - 1) // vae.temporal_compression + 1
    pixels = vae.scale**2 * 3 * job.dtype_bytes
    every = _tiled(rows, vae.tile_height, 6) * _tiled(columns, vae.tile_width, 5) if is_cut else rows * columns
    clip = (every if is_writer else height * width) * pixels * job.num_frames
    # Joining a span: its frames in the model's dtype, and twice in float32 while they become bytes.
    span = (2 * vae.temporal_compression + 1) * job.width * job.height * 3 * (job.dtype_bytes + 8) if is_writer else 0
    tile = (_fused_tile if job.is_fused else _eager_tile)(vae, height, width, latent_frames)
    return max(tile * job.dtype_bytes + clip, 2 * clip if is_writer and not is_cut else 0, clip + span)


def _eager_tile(vae: VaeShape, height: int, width: int, latent_frames: int) -> int:
    """Numbers of one tile at its peak, over all spans of time."""
    first = _span(vae, height, width, 2 + latent_frames % 2 if latent_frames > 1 else 1)
    later = first.carried + _span(vae, height, width, 2).at_peak if latent_frames > 3 else 0
    return max(first.at_peak, later)


def _fused_tile(vae: VaeShape, height: int, width: int, latent_frames: int) -> int:
    """As `_eager_tile`, for kernels/vae_decoder.py.

    What one span leaves to the next: two frames into each convolution. Beside it, in the last level, six and a half
    activations of a span of two latent frames.
    """
    area, before = height * width, vae.channels[-1]
    carried = 2 * area * (vae.latent_channels + 4 * before)
    for level, out in enumerate(reversed(vae.channels)):
        carried += 2 * area * (before + (2 * vae.layers_per_block + 1) * out)
        area *= 4 if level < len(vae.channels) - 1 else 1
        before = out
    frames = 2 * vae.temporal_compression if latent_frames > 1 else 1
    return carried + 2 * area * before + 13 * frames * area * before // 2


def _tiled(length: int, tile: int, parts: int) -> int:
    """Latents along one side. Those in overlaps count as often as they are decoded."""
    step = tile * (parts - 1) // parts
    return sum(min(tile, length - start) for start in range(0, length, step))


@dataclass(frozen=True, slots=True)
class _Span:
    """Element counts of one tile over one span of latent frames."""

    at_peak: int  # in addition to what the span before has carried over
    carried: int  # to the next span


def _span(vae: VaeShape, height: int, width: int, latent_frames: int) -> _Span:
    """The peak is in the last level: at its first norm (six tensors the size of its input), or at its last one.

    At the last norm, the input and seven tensors the size of the output are alive, and nearly everything to carry over
    is stored: the last two frames into each convolution and, for each spatial norm, both copies of the latents at its
    size.
    """
    doublings = vae.temporal_compression.bit_length() - 1
    frames, area, before, latent = latent_frames, height * width, vae.channels[-1], vae.latent_channels
    carried = 2 * area * (latent + 4 * before) + 4 * 2 * latent * frames * area
    below = inner = 0
    for level, out in enumerate(reversed(vae.channels)):
        below, inner = carried, before
        resnets = vae.layers_per_block + 1
        carried += 2 * area * (before + (2 * resnets - 1) * out) + 2 * resnets * 2 * latent * frames * area
        if level < len(vae.channels) - 1:
            if level < doublings and frames > 1:
                frames = 2 * frames - frames % 2
            area *= 4
        before = out
    entering = below + (6 * inner + 2 * latent) * frames * area
    leaving = carried - 2 * area * before + (inner + 7 * before + 2 * latent) * frames * area
    return _Span(max(entering, leaving), carried + 2 * area * before + 2 * latent * frames * area)
