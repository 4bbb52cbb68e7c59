"""The demo model as diffusers components: their sizes, and the folder that they form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import CogVideoXDPMScheduler, CogVideoXPipeline, CogVideoXTransformer3DModel

from splitreel.demo.text import TEXT_WIDTH
from splitreel.demo.tokenizer import TEXT_LENGTH

LARGEST_FOLDER_BYTES: Final = 20_000_000


def new_scheduler() -> Any:
    """v-prediction with zero terminal SNR and trailing steps, as the real models use with this scheduler."""
    return CogVideoXDPMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=True,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        snr_shift_scale=1.0,
        timestep_spacing="trailing",
    )


def new_transformer(layers: int = 8) -> Any:
    """12 heads of 16. Modulation and output start at zero, so each block starts as the identity."""
    transformer = CogVideoXTransformer3DModel(
        num_attention_heads=12,
        attention_head_dim=16,
        in_channels=8,
        out_channels=8,
        time_embed_dim=64,
        text_embed_dim=TEXT_WIDTH,
        num_layers=layers,
        sample_width=24,
        sample_height=16,
        sample_frames=49,
        patch_size=2,
        max_text_seq_length=TEXT_LENGTH,
        temporal_compression_ratio=4,
        use_rotary_positional_embeddings=True,
    )
    with torch.no_grad():
        linears = [norm.linear for block in transformer.transformer_blocks for norm in (block.norm1, block.norm2)]
        for linear in (*linears, transformer.norm_out.linear, transformer.proj_out):
            linear.weight.zero_()
            linear.bias.zero_()
    return transformer


def new_pipeline(tokenizer: Any, text_encoder: Any, vae: Any, transformer: Any) -> Any:
    return CogVideoXPipeline(
        tokenizer=tokenizer, text_encoder=text_encoder, vae=vae, transformer=transformer, scheduler=new_scheduler()
    )


def without_machine_only_keys(settings: Path) -> None:
    """Removes from tokenizer_config.json where the tokenizer was loaded from."""
    kept = json.loads(settings.read_text("utf-8"))
    for key in ("is_local", "local_files_only", "name_or_path"):
        kept.pop(key, None)
    settings.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


def save_folder(pipeline: Any, folder: Path) -> int:
    """Writes the pipeline; returns the folder's size in bytes.

    Transformer and VAE are stored in half precision, the text encoder in full: loaded without a dtype, diffusers' models
    become float32 whatever their file holds, but transformers' keep the file's, and the two would not fit together.
    """
    pipeline.transformer.to(torch.float16)
    pipeline.vae.to(torch.float16)
    pipeline.text_encoder.to(torch.float32)
    pipeline.save_pretrained(folder)
    settings = folder / "tokenizer" / "tokenizer_config.json"
    without_machine_only_keys(settings)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LARGEST_FOLDER_BYTES:
        raise ValueError(f"the demo model takes {size} bytes, more than {LARGEST_FOLDER_BYTES}")
    return size
