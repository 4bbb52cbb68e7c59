"""Makes small CogVideoX folders with random weights: `python -m splitreel.models.cogvideox.random_model DIR [KIND...]`.

The folders are ordinary diffusers folders. They have the real models' head counts (30 and 48) but smaller widths and
depths, so that a run takes well under a second on one core. Weights are chosen so that attention
matters: with the default initialization a block hardly mixes tokens, and wrong attention would pass the tests.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLCogVideoX,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXTransformer3DModel,
)
from transformers import T5Config, T5EncoderModel, T5Tokenizer

WORDS = [
    "a",
    "an",
    "the",
    "of",
    "and",
    "with",
    "on",
    "in",
    "at",
    "by",
    "to",
    "small",
    "large",
    "red",
    "green",
    "blue",
    "dog",
    "cat",
    "panda",
    "girl",
    "city",
    "beach",
    "sunset",
    "forest",
    "running",
    "riding",
    "turning",
    "playing",
    "guitar",
    "bicycle",
    "skyline",
    "lights",
    "camera",
    "slow",
    "motion",
    "cinematic",
    "detailed",
    "realistic",
    "video",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """Parameters of one small model. Sizes are in pixels. RoPE needs an even share of `head_dim` per axis."""

    heads: int
    head_dim: int
    blocks: int
    rotary: bool
    dpm: bool
    image: bool = False
    learned_positions: bool = False
    patch_size_t: int | None = None
    ofs: bool = False
    text_length: int = 18
    frames: int = 9
    width: int = 48
    height: int = 32
    vae_levels: int = 4  # spatial compression is 2 ** (levels - 1)
    latent_channels: int = 4


KINDS: dict[str, Kind] = {
    "t2v-2b": Kind(heads=30, head_dim=8, blocks=5, rotary=False, dpm=False),
    "t2v-5b": Kind(heads=48, head_dim=16, blocks=4, rotary=True, dpm=True),
    "t2v-1.5": Kind(heads=48, head_dim=16, blocks=4, rotary=True, dpm=True, patch_size_t=2),
    "i2v-5b": Kind(heads=48, head_dim=16, blocks=4, rotary=True, dpm=True, image=True, learned_positions=True),
    "i2v-1.5": Kind(heads=48, head_dim=16, blocks=4, rotary=True, dpm=True, image=True, patch_size_t=2, ofs=True),
    # Small enough for Triton's interpreter.
    "narrow": Kind(heads=12, head_dim=16, blocks=3, rotary=True, dpm=True, text_length=6),
    "demo-random": Kind(
        heads=12, head_dim=16, blocks=4, rotary=True, dpm=True, text_length=48, frames=17, width=96, height=64,
        vae_levels=3, latent_channels=8,
    ),
}  # fmt: skip

TEXT_WIDTH = 32


def make_model(kind_name: str, folder: Path) -> None:
    """Writes one model folder (safetensors only). Every call writes the same weights."""
    kind = KINDS[kind_name]
    torch.manual_seed(sum(kind_name.encode()))
    make_tokenizer().save_pretrained(folder / "tokenizer")
    _text_encoder().save_pretrained(folder / "text_encoder")
    _vae(kind).save_pretrained(folder / "vae")
    # The small shard size splits the 48-head models into several files with an index, like the real 5B.
    _transformer(kind).save_pretrained(folder / "transformer", max_shard_size="40MB")
    _scheduler(kind).save_pretrained(folder / "scheduler")
    _write_index(folder, kind)


def make_tokenizer() -> T5Tokenizer:
    """A unigram vocabulary of the words above and every printable character."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    pieces += [(f"\u2581{word}", -3.0) for word in WORDS]
    pieces += [(chr(code), -6.0) for code in range(33, 127)]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


def _text_encoder() -> T5EncoderModel:
    vocabulary = 4 + len(WORDS) + 94
    config = T5Config(
        vocab_size=vocabulary, d_model=TEXT_WIDTH, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip
    return T5EncoderModel(config).eval()


def _vae(kind: Kind) -> AutoencoderKLCogVideoX:
    # A tile is half of sample_height by half of sample_width. Its overlaps of 1/6 and 1/5 must be whole latents, so its
    # sides are multiples of 6 and 5. The tests' videos then have two tiles or more.
    return AutoencoderKLCogVideoX(
        down_block_types=("CogVideoXDownBlock3D",) * kind.vae_levels,
        up_block_types=("CogVideoXUpBlock3D",) * kind.vae_levels,
        block_out_channels=(8,) * kind.vae_levels,
        latent_channels=kind.latent_channels,
        layers_per_block=1,
        norm_num_groups=2,
        sample_height=96,
        sample_width=80,
        scaling_factor=0.7,
        invert_scale_latents=kind.ofs,
    ).eval()


def _transformer(kind: Kind) -> CogVideoXTransformer3DModel:
    compression = 2 ** (kind.vae_levels - 1)
    model = CogVideoXTransformer3DModel(
        num_attention_heads=kind.heads,
        attention_head_dim=kind.head_dim,
        in_channels=kind.latent_channels * (2 if kind.image else 1),
        out_channels=kind.latent_channels,
        time_embed_dim=16,
        text_embed_dim=TEXT_WIDTH,
        num_layers=kind.blocks,
        sample_width=kind.width // compression,
        sample_height=kind.height // compression,
        sample_frames=kind.frames,
        patch_size_t=kind.patch_size_t,
        patch_bias=kind.patch_size_t is None,
        max_text_seq_length=kind.text_length,
        use_rotary_positional_embeddings=kind.rotary,
        use_learned_positional_embeddings=kind.learned_positions,
        ofs_embed_dim=16 if kind.ofs else None,
    )
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name and "linear" in name:
                parameter.normal_(0, 0.25, generator=generator)
            elif parameter.ndim == 2 and ("to_q" in name or "to_k" in name):
                parameter.mul_(3)
            elif name.endswith(("norm_q.weight", "norm_k.weight")):
                parameter.mul_(1.7)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.05, generator=generator)
    return model.eval()


def _scheduler(kind: Kind) -> CogVideoXDDIMScheduler | CogVideoXDPMScheduler:
    scheduler_class = CogVideoXDPMScheduler if kind.dpm else CogVideoXDDIMScheduler
    return scheduler_class(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=True,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        snr_shift_scale=1.0 if kind.dpm else 3.0,
        timestep_spacing="trailing",
    )


def _write_index(folder: Path, kind: Kind) -> None:
    index = {
        "_class_name": "CogVideoXImageToVideoPipeline" if kind.image else "CogVideoXPipeline",
        "scheduler": ["diffusers", "CogVideoXDPMScheduler" if kind.dpm else "CogVideoXDDIMScheduler"],
        "text_encoder": ["transformers", "T5EncoderModel"],
        "tokenizer": ["transformers", "T5Tokenizer"],
        "transformer": ["diffusers", "CogVideoXTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLCogVideoX"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    if not arguments or not set(arguments[1:]) <= set(KINDS):
        print(f"usage: python -m splitreel.models.cogvideox.random_model DIR [{' '.join(KINDS)}]", file=sys.stderr)
        return 2
    root = Path(arguments[0])
    for name in arguments[1:] or KINDS:
        make_model(name, root / name)
        print(root / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
