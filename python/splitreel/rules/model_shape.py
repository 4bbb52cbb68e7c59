"""A model's shape, from its own configs. No size of a model is a constant in the code.

Only this module reads it: the window gets a shape as data (`splitreel inspect`). Golden cases are in
resources/golden/model-shapes.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from splitreel.contract import failures
from splitreel.rules.config import Config, Json

CONFIG_FILES: Mapping[str, str] = {
    "modelIndex": "model_index.json",
    "transformer": "transformer/config.json",
    "vae": "vae/config.json",
    "scheduler": "scheduler/scheduler_config.json",
}


class Task(StrEnum):
    TEXT_TO_VIDEO = "text-to-video"
    IMAGE_TO_VIDEO = "image-to-video"


class Positions(StrEnum):
    SINCOS = "sincos"
    ROPE = "rope"
    LEARNED = "learned"


_TASKS: Mapping[str, Task] = {
    "CogVideoXPipeline": Task.TEXT_TO_VIDEO,
    "CogVideoXImageToVideoPipeline": Task.IMAGE_TO_VIDEO,
}


# Levels of a VAE. Each halves the size.
_MAX_LEVELS: Final = 8


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes are in pixels and frames; other fields count what they name."""

    task: Task
    heads: int
    blocks: int
    patch_size: int
    patch_size_temporal: int  # 1 for models without temporal patches
    spatial_compression: int  # pixels per latent, each way
    temporal_compression: int  # frames per latent frame
    latent_channels: int
    max_text_tokens: int
    positions: Positions
    sample_width: int
    sample_height: int
    sample_frames: int
    scheduler: str  # `_class_name` of the scheduler that the folder ships


def shape_from_configs(raw: Mapping[str, Json]) -> ModelShape:
    """The four configs of a model folder, as parsed JSON by their names in CONFIG_FILES, to its shape.

    Raises MODEL_CORRUPT with the file and field, or MODEL_UNSUPPORTED with the class.
    """
    index, transformer, vae, scheduler = (
        Config.of(CONFIG_FILES[part], raw.get(part)) for part in ("modelIndex", "transformer", "vae", "scheduler")
    )
    pipeline = index.text("_class_name")
    transformer.need_class(frozenset({"CogVideoXTransformer3DModel"}))
    vae.need_class(frozenset({"AutoencoderKLCogVideoX"}))
    task = _TASKS.get(pipeline)
    if task is None:
        raise failures.model_unsupported(kind=pipeline[:120])
    spatial_compression: int = 2 ** (len(vae.counts("block_out_channels", most_entries=_MAX_LEVELS)) - 1)
    return ModelShape(
        task=task,
        heads=transformer.count("num_attention_heads"),
        blocks=transformer.count("num_layers"),
        patch_size=transformer.count("patch_size"),
        patch_size_temporal=transformer.count("patch_size_t", 1),
        spatial_compression=spatial_compression,
        temporal_compression=vae.count("temporal_compression_ratio"),
        latent_channels=vae.count("latent_channels"),
        max_text_tokens=transformer.count("max_text_seq_length"),
        positions=_positions(transformer),
        sample_width=transformer.count("sample_width") * spatial_compression,
        sample_height=transformer.count("sample_height") * spatial_compression,
        sample_frames=transformer.count("sample_frames"),
        scheduler=scheduler.text("_class_name"),
    )


def _positions(transformer: Config) -> Positions:
    # 5B-I2V sets both flags: its learned table is added before rotation, and the table fixes the video's size.
    if transformer.flag("use_learned_positional_embeddings", default=False):
        return Positions.LEARNED
    # diffusers 0.30.0 wrote configs without this flag; its own default is False.
    return Positions.ROPE if transformer.flag("use_rotary_positional_embeddings", default=False) else Positions.SINCOS
