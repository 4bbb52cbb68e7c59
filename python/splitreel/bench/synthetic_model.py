"""CogVideoX without its weights: folders with real configs, whose tensors are generated on the device when read.

A folder contains what a loader needs: configs, a tokenizer, and safetensors files with real headers. Their data is a
hole in the file, which takes no disk space and is never read; `open_synthetic` generates it instead. A tensor's values
depend only on its name, so every rank and every library get the same model.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import torch
from accelerate import init_empty_weights
from diffusers import (
    AutoencoderKLCogVideoX,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXTransformer3DModel,
)
from transformers import T5Config, T5EncoderModel

from splitreel.models.cogvideox.random_model import make_tokenizer
from splitreel.models.tensor_files import OpenTensors


@dataclass(frozen=True, slots=True)
class SyntheticModel:
    """The sizes of THUDM/CogVideoX-2b, -5b and CogVideoX1.5-5B (their config.json), except for the text encoder: one layer of 24."""

    name: str
    heads: int
    blocks: int
    rotary: bool
    dpm: bool
    scaling_factor: float
    snr_shift_scale: float
    head_dim: int = 64
    text_width: int = 4096
    text_tokens: int = 226
    text_layers: int = 1  # 24 in T5 1.1 XXL
    text_feed: int | None = None  # None: twice the width; 10240 in T5 1.1 XXL
    vae_channels: tuple[int, ...] = (128, 256, 256, 512)
    vae_layers: int = 3
    vae_sample: tuple[int, int] = (480, 720)
    patch_size_t: int | None = None  # 1.5: patches cover two latent frames
    sample: tuple[int, int, int] = (720, 480, 49)  # width, height and frames it was trained for

    @property
    def width(self) -> int:
        """The width of a token: heads times their dimension."""
        return self.heads * self.head_dim


MODELS = {
    "2b": SyntheticModel(
        "CogVideoX-2B", heads=30, blocks=30, rotary=False, dpm=False, scaling_factor=1.15258426, snr_shift_scale=3.0
    ),
    "5b": SyntheticModel(
        "CogVideoX-5B", heads=48, blocks=42, rotary=True, dpm=True, scaling_factor=0.7, snr_shift_scale=1.0
    ),
    "1.5": SyntheticModel(
        "CogVideoX1.5-5B",
        heads=48,
        blocks=42,
        rotary=True,
        dpm=True,
        scaling_factor=0.7,
        snr_shift_scale=1.0,
        patch_size_t=2,
        sample=(1360, 768, 81),
    ),
}


def make_folder(model: SyntheticModel, folder: Path) -> Path:
    """Writes a diffusers folder, which takes about 100 kB on disk, and returns it."""
    with init_empty_weights():
        parts: dict[str, torch.nn.Module] = {
            "transformer": _transformer(model),
            "vae": _vae(model),
            "text_encoder": T5EncoderModel(_text_config(model)),
        }
    for name, part in parts.items():
        (folder / name).mkdir(parents=True)
        part.config.save_pretrained(folder / name) if name == "text_encoder" else part.save_config(folder / name)  # type: ignore[operator, union-attr]
        stem = "model" if name == "text_encoder" else "diffusion_pytorch_model"
        shapes = {key: list(parameter.shape) for key, parameter in part.named_parameters()}
        _write_sparse(folder / name / f"{stem}.safetensors", shapes)
    make_tokenizer().save_pretrained(folder / "tokenizer")
    _scheduler(model).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "CogVideoXPipeline",
        "scheduler": ["diffusers", type(_scheduler(model)).__name__],
        "text_encoder": ["transformers", "T5EncoderModel"],
        "tokenizer": ["transformers", "T5Tokenizer"],
        "transformer": ["diffusers", "CogVideoXTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLCogVideoX"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return folder


def open_synthetic(device: torch.device) -> OpenTensors:
    """Opens a file without data: its tensors are generated on `device` in float32."""

    @contextmanager
    def opened(file: Path) -> Iterator[_SyntheticFile]:
        yield _SyntheticFile(file, device)

    return opened


class _SyntheticFile:
    def __init__(self, file: Path, device: torch.device) -> None:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            self._header: dict[str, dict[str, list[int]]] = json.loads(stream.read(length))
        self._part = file.parent.name
        self._device = device

    def keys(self) -> list[str]:
        return list(self._header)

    def get_tensor(self, name: str) -> torch.Tensor:
        generator = torch.Generator(self._device).manual_seed(crc32(f"{self._part}/{name}".encode()))
        shape = self._header[name]["shape"]
        if len(shape) == 1 and name.endswith("weight"):
            # Scales of norms. Larger ones for queries and keys sharpen attention, which otherwise averages almost all tokens.
            return torch.full(shape, 1.7 if "norm_q" in name or "norm_k" in name else 1.0, device=self._device)
        drawn = torch.randn(shape, generator=generator, device=self._device)
        return drawn * _spread(name, shape)

    def get_slice(self, name: str) -> _SyntheticSlice:
        return _SyntheticSlice(self.get_tensor(name))


@dataclass(frozen=True, slots=True)
class _SyntheticSlice:
    whole: torch.Tensor

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> torch.Tensor:
        return self.whole[index].contiguous()


def _spread(name: str, shape: list[int]) -> float:
    """The standard deviation that keeps activations near 1 through all blocks."""
    if len(shape) == 1:
        return 0.05
    if "shared" in name or "embed_tokens" in name:
        return 1.0
    return 1 / math.sqrt(math.prod(shape[1:]))


def _write_sparse(file: Path, shapes: dict[str, list[int]]) -> None:
    header: dict[str, dict[str, object]] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        stream.truncate(8 + len(text) + end)


def _transformer(model: SyntheticModel) -> CogVideoXTransformer3DModel:
    return CogVideoXTransformer3DModel(
        num_attention_heads=model.heads,
        attention_head_dim=model.head_dim,
        num_layers=model.blocks,
        text_embed_dim=model.text_width,
        max_text_seq_length=model.text_tokens,
        use_rotary_positional_embeddings=model.rotary,
        patch_size_t=model.patch_size_t,
        patch_bias=model.patch_size_t is None,
        # 1.5 limits positions to a square.
        **({} if model.patch_size_t is None else {"sample_width": 300, "sample_height": 300, "sample_frames": 81}),
    )


def _vae(model: SyntheticModel) -> AutoencoderKLCogVideoX:
    return AutoencoderKLCogVideoX(
        block_out_channels=model.vae_channels,
        layers_per_block=model.vae_layers,
        norm_num_groups=min(32, *model.vae_channels),
        sample_height=model.vae_sample[0],
        sample_width=model.vae_sample[1],
        scaling_factor=model.scaling_factor,
    )


def _text_config(model: SyntheticModel) -> T5Config:
    return T5Config(
        vocab_size=len(make_tokenizer()),
        d_model=model.text_width,
        d_kv=64,
        d_ff=model.text_feed or 2 * model.text_width,
        num_layers=model.text_layers,
        num_heads=max(1, model.text_width // 64),
        feed_forward_proj="gated-gelu",
    )


def _scheduler(model: SyntheticModel) -> CogVideoXDDIMScheduler | CogVideoXDPMScheduler:
    """As the models' authors recommend: DDIM for 2B, DPM for 5B."""
    scheduler_class = CogVideoXDPMScheduler if model.dpm else CogVideoXDDIMScheduler
    return scheduler_class(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        snr_shift_scale=model.snr_shift_scale,
        timestep_spacing="trailing",
    )
