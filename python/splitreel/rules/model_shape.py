"""What a model's own configs say about its shape. Nothing about a model is a constant in the code.

The same rules as src/shared/model.ts; resources/golden/model-shapes.json holds both to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from splitreel.contract.errors import SplitreelError

Json: TypeAlias = object

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


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes in pixels and frames, counts in what their names say."""

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


@dataclass(frozen=True, slots=True)
class _Config:
    """One config file, read field by field; a field that is missing or of another type is named."""

    part: str
    fields: Mapping[str, Json]

    @classmethod
    def of(cls, part: str, raw: Json) -> _Config:
        if not isinstance(raw, dict):
            raise _corrupt(part, "not a JSON object")
        return cls(part, raw)

    def text(self, name: str, expected: str | None = None) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str) or (expected is not None and value != expected):
            raise _corrupt(self.part, f"{name}: expected {expected or 'text'}")
        return value

    def count(self, name: str) -> int:
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 1:
            raise _corrupt(self.part, f"{name}: expected a whole number of at least 1")
        return int(value)

    def count_or_none(self, name: str) -> int | None:
        return None if self.fields.get(name) is None else self.count(name)

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = self.fields.get(name, default)
        if not isinstance(value, bool):
            raise _corrupt(self.part, f"{name}: expected true or false")
        return value

    def length(self, name: str) -> int:
        value = self.fields.get(name)
        if not isinstance(value, list) or not value:
            raise _corrupt(self.part, f"{name}: expected a list")
        return len(value)


def _corrupt(part: str, problem: str) -> SplitreelError:
    return SplitreelError("MODEL_CORRUPT", {"file": CONFIG_FILES[part], "problem": problem})


Part: TypeAlias = Literal["modelIndex", "transformer", "vae", "scheduler"]


def shape_from_configs(raw: Mapping[str, Json]) -> ModelShape:
    """The four configs of a model folder, as parsed JSON by `Part`, to its shape.

    Raises MODEL_CORRUPT with the file and field, or MODEL_UNSUPPORTED with the pipeline's class.
    """
    index = _Config.of("modelIndex", raw.get("modelIndex"))
    transformer = _Config.of("transformer", raw.get("transformer"))
    vae = _Config.of("vae", raw.get("vae"))
    scheduler = _Config.of("scheduler", raw.get("scheduler"))

    pipeline = index.text("_class_name")
    transformer.text("_class_name", "CogVideoXTransformer3DModel")
    vae.text("_class_name", "AutoencoderKLCogVideoX")
    spatial_compression: int = 2 ** (vae.length("block_out_channels") - 1)
    shape = ModelShape(
        task=_TASKS.get(pipeline, Task.TEXT_TO_VIDEO),
        heads=transformer.count("num_attention_heads"),
        blocks=transformer.count("num_layers"),
        patch_size=transformer.count("patch_size"),
        patch_size_temporal=transformer.count_or_none("patch_size_t") or 1,
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
    if pipeline not in _TASKS:
        raise SplitreelError("MODEL_UNSUPPORTED", {"what": pipeline})
    return shape


def _positions(transformer: _Config) -> Positions:
    # 5B-I2V sets both flags: its learned table is added before rotation, and it is what fixes the size.
    if transformer.flag("use_learned_positional_embeddings", default=False):
        return Positions.LEARNED
    return Positions.ROPE if transformer.flag("use_rotary_positional_embeddings") else Positions.SINCOS
