"""LoRA files as trainers save them, for a small model: random factors of every linear layer of its blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import CogVideoXPipeline, CogVideoXTransformer3DModel
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file

from splitreel.contract.types import Lora
from splitreel.store.lora import hash_file

LAYERS = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "norm1.linear", "patch_embed.proj"]


def factors(model: Path, seed: int, **config: Any) -> tuple[dict[str, torch.Tensor], LoraConfig]:
    """What training would leave, by PEFT's names (`<layer>.lora_A.weight`)."""
    torch.manual_seed(seed)
    transformer = CogVideoXTransformer3DModel.from_pretrained(model / "transformer")
    adapter = LoraConfig(target_modules=LAYERS, init_lora_weights=False, **{"r": 4, "lora_alpha": 2, **config})
    transformer.add_adapter(adapter)
    state: dict[str, torch.Tensor] = get_peft_model_state_dict(transformer)
    # Large enough that leaving a LoRA out or merging it with a wrong scale differs by more than rounding.
    return {name: tensor * 0.3 for name, tensor in state.items()}, adapter


def save_by_diffusers(folder: Path, model: Path, seed: int, **config: Any) -> Path:
    """As diffusers' and CogVideo's training scripts save it, with PEFT's config in the header."""
    state, adapter = factors(model, seed, **config)
    CogVideoXPipeline.save_lora_weights(
        folder, transformer_lora_layers=state, transformer_lora_adapter_metadata=adapter.to_dict()
    )
    return folder / "pytorch_lora_weights.safetensors"


def save_by_peft(file: Path, model: Path, seed: int) -> Path:
    """As PEFT's `save_pretrained` names the tensors; the config is in a separate file, which is not read."""
    state, _ = factors(model, seed)
    save_file({f"base_model.model.{name}": tensor.contiguous() for name, tensor in state.items()}, file)
    return file


def lora(file: Path, strength: float) -> Lora:
    return Lora(str(file), hash_file(file), strength)
