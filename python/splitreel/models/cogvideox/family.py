"""CogVideoX as a family. Its limits and sizes come from its configs: rules/model_shape.py."""

from __future__ import annotations

import json
from pathlib import Path

from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
from torch import nn
from transformers import T5Config, T5EncoderModel

from splitreel.models.cogvideox.model import PIPELINES, CogVideoXModel
from splitreel.models.cogvideox.sharding import quantize_transformer, shard_text_encoder, shard_transformer
from splitreel.models.family import Family


def _empty_components(folder: Path) -> dict[str, nn.Module]:
    def config(component: str) -> dict[str, object]:
        fields: dict[str, object] = json.loads((folder / component / "config.json").read_text("utf-8"))
        return fields

    return {
        "text_encoder": T5EncoderModel(T5Config.from_pretrained(folder / "text_encoder")),
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
