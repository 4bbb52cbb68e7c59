"""CogVideoX's `transformer/config.json`, with the defaults of diffusers 0.42."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from splitreel.models.configs import read_config, wrong_config


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """Names are the file's own. Sizes `sample_*` are of the latents, but `sample_frames` of the video."""

    num_attention_heads: int = 30
    attention_head_dim: int = 64
    in_channels: int = 16
    out_channels: int = 16
    flip_sin_to_cos: bool = True
    freq_shift: int = 0
    time_embed_dim: int = 512
    ofs_embed_dim: int | None = None
    text_embed_dim: int = 4096
    num_layers: int = 30
    attention_bias: bool = True
    sample_width: int = 90
    sample_height: int = 60
    sample_frames: int = 49
    patch_size: int = 2
    patch_size_t: int | None = None
    temporal_compression_ratio: int = 4
    max_text_seq_length: int = 226
    norm_elementwise_affine: bool = True
    norm_eps: float = 1e-5
    spatial_interpolation_scale: float = 1.875
    temporal_interpolation_scale: float = 1.0
    use_rotary_positional_embeddings: bool = False
    use_learned_positional_embeddings: bool = False

    @property
    def inner_dim(self) -> int:
        return self.num_attention_heads * self.attention_head_dim

    @classmethod
    def read(cls, folder: Path) -> TransformerConfig:
        file = folder / "config.json"
        raw = read_config(file)
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{name: value for name, value in raw.items() if name in known})
        except TypeError as problem:
            raise wrong_config(file, problem) from problem
