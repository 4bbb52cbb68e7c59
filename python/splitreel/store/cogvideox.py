"""CogVideoX on disk: which classes its folders name, and every tensor that its configs describe.

Names and shapes follow diffusers 0.42.1 and transformers 5.23 (CogVideoXTransformer3DModel, AutoencoderKLCogVideoX,
T5EncoderModel); tests/store/test_layout.py compares them with the modules. Defaults are those of the constructors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from splitreel.contract import reasons
from splitreel.rules.config import Config, refuse
from splitreel.store.layout import ModelLayout
from splitreel.store.weights import Shape

_IMAGE_PIPELINE: Final = "CogVideoXImageToVideoPipeline"
_MAX_LAYERS: Final = 1_000
_MAX_LEVELS: Final = 8
_MAX_WIDTH: Final = 100_000
_MAX_TRAIN_STEPS: Final = 100_000
# The table of positions, which diffusers computes on the CPU. The largest published one holds 55 million numbers.
_MAX_TABLE_NUMBERS: Final = 500_000_000


def check_configs(configs: Mapping[str, Config]) -> None:
    for part in ("transformer", "vae", "text_encoder"):
        config = configs[part]
        if config.fields.get("quantization_config") is not None:
            raise refuse("MODEL_UNSUPPORTED", reasons.model_quantized(file=config.file))
    configs["transformer"].need_class(frozenset({"CogVideoXTransformer3DModel"}))
    configs["vae"].need_class(frozenset({"AutoencoderKLCogVideoX"}))
    _check_scheduler(configs["scheduler"])
    transformer, vae = configs["transformer"], configs["vae"]
    vae.number("scaling_factor", 1.15258426, least=1e-6, most=1e6)
    vae.flag("invert_scale_latents", default=False)
    # Each level halves the time at most once.
    vae.count("temporal_compression_ratio", 4, most=2**_MAX_LEVELS)
    transformer.count("temporal_compression_ratio", 4, most=2**_MAX_LEVELS)
    latent = vae.count("latent_channels", 16)
    # The image's latents are concatenated to the noise.
    is_image = configs["model_index"].text("_class_name") == _IMAGE_PIPELINE
    channels, expected = transformer.count("in_channels", 16), latent * (2 if is_image else 1)
    if channels != expected:
        raise transformer.disagrees("in_channels", channels, expected, vae.file)
    if (channels := transformer.count("out_channels", 16)) != latent:
        raise transformer.disagrees("out_channels", channels, latent, vae.file)
    text, width = transformer.count("text_embed_dim", 4096), configs["text_encoder"].count("d_model", 512)
    if text != width:
        raise transformer.disagrees("text_embed_dim", text, width, configs["text_encoder"].file)
    has_table = not transformer.flag("use_rotary_positional_embeddings", default=False)
    if has_table or transformer.flag("use_learned_positional_embeddings", default=False):
        hidden = transformer.count("num_attention_heads", 30) * transformer.count("attention_head_dim", 64)
        if _positions(transformer) * hidden > _MAX_TABLE_NUMBERS:
            raise refuse("MODEL_CORRUPT", reasons.model_field_implausible(file=transformer.file, field="sample_width"))


def _check_scheduler(scheduler: Config) -> None:
    """Checks what the schedulers' constructors and `set_timesteps` read."""
    scheduler.need_class(COGVIDEOX_LAYOUT.classes["scheduler"])
    scheduler.count("num_train_timesteps", 1_000, most=_MAX_TRAIN_STEPS)
    scheduler.choice("beta_schedule", "scaled_linear", ("linear", "scaled_linear", "squaredcos_cap_v2"))
    scheduler.choice("prediction_type", "epsilon", ("epsilon", "sample", "v_prediction"))
    scheduler.choice("timestep_spacing", "leading", ("linspace", "leading", "trailing"))
    for name, default in (("beta_start", 0.00085), ("beta_end", 0.012)):
        scheduler.number(name, default, least=1e-9, most=1)
    scheduler.number("snr_shift_scale", 3.0, least=1e-3, most=1e3)
    scheduler.count("steps_offset", 0, least=0, most=_MAX_TRAIN_STEPS)
    for name, is_set in (("set_alpha_to_one", True), ("rescale_betas_zero_snr", False)):
        scheduler.flag(name, default=is_set)
    if scheduler.fields.get("trained_betas") is not None:
        raise refuse("MODEL_UNSUPPORTED", reasons.model_field_implausible(file=scheduler.file, field="trained_betas"))


def _positions(transformer: Config) -> int:
    """Entries in the table of positions: the text's, then one for each patch."""
    patch = transformer.count("patch_size", 2)
    rows, columns = (transformer.count(f"sample_{side}") // patch for side in ("height", "width"))
    frames = (transformer.count("sample_frames", 49) - 1) // transformer.count("temporal_compression_ratio", 4) + 1
    return transformer.count("max_text_seq_length", 226) + frames * rows * columns


def transformer_tensors(config: Config) -> dict[str, Shape]:
    head = config.count("attention_head_dim", 64, most=_MAX_WIDTH)
    hidden = config.count("num_attention_heads", 30, most=_MAX_WIDTH) * head
    time, text = config.count("time_embed_dim", 512), config.count("text_embed_dim", 4096)
    outputs = config.count("out_channels", 16)
    patch, patch_time = config.count("patch_size", 2, most=64), config.count("patch_size_t", 0, least=0, most=64)
    has_bias = config.flag("attention_bias", default=True)
    found = _patch_embedding(config, hidden)
    found |= _linear("patch_embed.text_proj", text, hidden)
    found |= _linear("time_embedding.linear_1", hidden, time) | _linear("time_embedding.linear_2", time, time)
    if offset := config.count("ofs_embed_dim", 0, least=0):
        found |= _linear("ofs_embedding.linear_1", offset, offset) | _linear("ofs_embedding.linear_2", offset, offset)
    for block in range(config.count("num_layers", 30, most=_MAX_LAYERS)):
        name = f"transformer_blocks.{block}"
        for norm in ("norm1", "norm2"):
            found |= _linear(f"{name}.{norm}.linear", time, 6 * hidden) | _norm(f"{name}.{norm}.norm", hidden)
        for projection in ("to_q", "to_k", "to_v", "to_out.0"):
            found |= _linear(f"{name}.attn1.{projection}", hidden, hidden, has_bias=has_bias)
        found |= _norm(f"{name}.attn1.norm_q", head) | _norm(f"{name}.attn1.norm_k", head)
        found |= _linear(f"{name}.ff.net.0.proj", hidden, 4 * hidden) | _linear(f"{name}.ff.net.2", 4 * hidden, hidden)
    found |= _norm("norm_final", hidden) | _norm("norm_out.norm", hidden) | _linear("norm_out.linear", time, 2 * hidden)
    values = patch * patch * max(patch_time, 1)
    return found | _linear("proj_out", hidden, values * outputs)


def _patch_embedding(config: Config, hidden: int) -> dict[str, Shape]:
    inputs, patch = config.count("in_channels", 16), config.count("patch_size", 2, most=64)
    patch_time = config.count("patch_size_t", 0, least=0, most=64)
    found: dict[str, Shape] = {}
    if patch_time == 0:
        found["patch_embed.proj.weight"] = (hidden, inputs, patch, patch)
    else:
        found["patch_embed.proj.weight"] = (hidden, inputs * patch * patch * patch_time)
    # diffusers' Linear for temporal patches has a bias whatever `patch_bias` says.
    if patch_time > 0 or config.flag("patch_bias", default=True):
        found["patch_embed.proj.bias"] = (hidden,)
    if config.flag("use_learned_positional_embeddings", default=False):
        found["patch_embed.pos_embedding"] = (1, _positions(config), hidden)
    return found


def vae_tensors(config: Config) -> dict[str, Shape]:
    channels = config.counts("block_out_channels", most_entries=_MAX_LEVELS)
    latent, layers = config.count("latent_channels", 16), config.count("layers_per_block", 3, most=64)
    groups = config.count("norm_num_groups", 32)
    if any(width % groups for width in channels):
        raise refuse("MODEL_CORRUPT", reasons.model_field_implausible(file=config.file, field="norm_num_groups"))
    colors_in, colors_out = config.count("in_channels", 3), config.count("out_channels", 3)
    found = _conv("encoder.conv_in.conv", colors_in, channels[0])
    before, last = channels[0], len(channels) - 1
    for level, width in enumerate(channels):
        name = f"encoder.down_blocks.{level}"
        for layer in range(layers):
            found |= _resnet(f"{name}.resnets.{layer}", before if layer == 0 else width, width, 0)
        if level < last:
            found |= _conv(f"{name}.downsamplers.0.conv", width, width, (3, 3))
        before = width
    deepest, shallowest = channels[-1], channels[0]
    for layer in range(2):
        found |= _resnet(f"encoder.mid_block.resnets.{layer}", deepest, deepest, 0)
        found |= _resnet(f"decoder.mid_block.resnets.{layer}", deepest, deepest, latent)
    found |= _norm("encoder.norm_out", deepest) | _conv("encoder.conv_out.conv", deepest, 2 * latent)
    found |= _conv("decoder.conv_in.conv", latent, deepest)
    before = deepest
    for level, width in enumerate(reversed(channels)):
        name = f"decoder.up_blocks.{level}"
        for layer in range(layers + 1):
            found |= _resnet(f"{name}.resnets.{layer}", before if layer == 0 else width, width, latent)
        if level < last:
            found |= _conv(f"{name}.upsamplers.0.conv", width, width, (3, 3))
        before = width
    found |= _spatial_norm("decoder.norm_out", shallowest, latent)
    return found | _conv("decoder.conv_out.conv", shallowest, colors_out)


def text_encoder_tensors(config: Config) -> dict[str, Shape]:
    width, feed, heads = config.count("d_model", 512), config.count("d_ff", 2048), config.count("num_heads", 8)
    inner = config.count("d_kv", 64, most=_MAX_WIDTH) * heads
    is_gated = config.text("feed_forward_proj", "relu").startswith("gated")
    found: dict[str, Shape] = {"shared.weight": (config.count("vocab_size", 32_128), width)}
    for block in range(config.count("num_layers", 6, most=_MAX_LAYERS)):
        attention, forward = (f"encoder.block.{block}.layer.{layer}" for layer in (0, 1))
        for name in ("q", "k", "v"):
            found[f"{attention}.SelfAttention.{name}.weight"] = (inner, width)
        found[f"{attention}.SelfAttention.o.weight"] = (width, inner)
        if block == 0:
            buckets = config.count("relative_attention_num_buckets", 32)
            found[f"{attention}.SelfAttention.relative_attention_bias.weight"] = (buckets, heads)
        for name in ("wi_0", "wi_1") if is_gated else ("wi",):
            found[f"{forward}.DenseReluDense.{name}.weight"] = (feed, width)
        found[f"{forward}.DenseReluDense.wo.weight"] = (width, feed)
        found[f"{attention}.layer_norm.weight"] = found[f"{forward}.layer_norm.weight"] = (width,)
    return found | {"encoder.final_layer_norm.weight": (width,)}


def _linear(name: str, inputs: int, outputs: int, *, has_bias: bool = True) -> dict[str, Shape]:
    weight: dict[str, Shape] = {f"{name}.weight": (outputs, inputs)}
    return weight | ({f"{name}.bias": (outputs,)} if has_bias else {})


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _conv(name: str, inputs: int, outputs: int, kernel: Shape = (3, 3, 3)) -> dict[str, Shape]:
    return {f"{name}.weight": (outputs, inputs, *kernel), f"{name}.bias": (outputs,)}


def _spatial_norm(name: str, width: int, latent: int) -> dict[str, Shape]:
    found = _norm(f"{name}.norm_layer", width)
    return (
        found
        | _conv(f"{name}.conv_y.conv", latent, width, (1, 1, 1))
        | _conv(f"{name}.conv_b.conv", latent, width, (1, 1, 1))
    )


def _resnet(name: str, inputs: int, outputs: int, latent: int) -> dict[str, Shape]:
    """`latent`: channels that condition the norms; 0 for plain norms, as in the encoder."""
    found: dict[str, Shape] = {}
    for norm, width in (("norm1", inputs), ("norm2", outputs)):
        found |= _spatial_norm(f"{name}.{norm}", width, latent) if latent else _norm(f"{name}.{norm}", width)
    found |= _conv(f"{name}.conv1.conv", inputs, outputs) | _conv(f"{name}.conv2.conv", outputs, outputs)
    # A plain convolution, not CogVideoX's causal one, so its name is one part shorter.
    return found | (_conv(f"{name}.conv_shortcut", inputs, outputs, (1, 1, 1)) if inputs != outputs else {})


COGVIDEOX_LAYOUT: Final = ModelLayout(
    pipelines=frozenset({"CogVideoXPipeline", _IMAGE_PIPELINE}),
    classes={
        "transformer": frozenset({"CogVideoXTransformer3DModel"}),
        "vae": frozenset({"AutoencoderKLCogVideoX"}),
        "text_encoder": frozenset({"T5EncoderModel"}),
        "tokenizer": frozenset({"T5Tokenizer", "T5TokenizerFast"}),
        "scheduler": frozenset({"CogVideoXDDIMScheduler", "CogVideoXDPMScheduler"}),
    },
    check_configs=check_configs,
    tensors={
        "transformer": transformer_tensors,
        "vae": vae_tensors,
        "text_encoder": text_encoder_tensors,
    },
    # T5 ties both; checkpoints store either.
    aliases={"encoder.embed_tokens.weight": "shared.weight"},
)
