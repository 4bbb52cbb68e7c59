"""CogVideoX as a family. Its limits and sizes come from its configs: rules/model_shape.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
from torch import nn
from transformers import T5Config, T5EncoderModel

from splitreel.models.cogvideox.model import PIPELINES, CogVideoXModel
from splitreel.models.cogvideox.sharding import quantize_transformer, shard_text_encoder, shard_transformer
from splitreel.models.family import Family
from splitreel.rules.config import Config
from splitreel.store.files import read_json


def _empty_components(folder: Path) -> dict[str, nn.Module]:
    def config(component: str) -> dict[str, Any]:
        return dict(Config.of(component, read_json(folder, f"{component}/config.json")).fields)

    return {
        "text_encoder": T5EncoderModel(T5Config.from_dict(config("text_encoder"))),
        "transformer": CogVideoXTransformer3DModel.from_config(config("transformer")),
        "vae": AutoencoderKLCogVideoX.from_config(config("vae")),
    }


COGVIDEOX = Family(
    pipelines=frozenset(PIPELINES),
    empty_components=_empty_components,
    shard={"text_encoder": shard_text_encoder, "transformer": shard_transformer},
    make=CogVideoXModel,
    quantize={"transformer": quantize_transformer},
)
