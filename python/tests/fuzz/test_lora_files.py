"""LoRA files come from anywhere: a header of any kind is refused in words, or describes layers that the model has."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitreel.contract import messages
from splitreel.store.inspect_model import inspect_lora
from splitreel.store.weights import stored_tensors
from tests.fuzz.settings import FUZZ
from tests.fuzz.test_model_folders import LENGTHS, ODD_BYTES, ODD_FIELDS, any_json
from tests.processes.worker import make_model_folder

ENDINGS = ("lora_A.weight", "lora_B.weight", "lora_down.weight", "lora_A.default.weight", "alpha", "dora_scale", "bias")
PREFIXES = ("transformer.", "base_model.model.", "base_model.model.transformer.", "text_encoder.", "")
LAYERS = ("transformer_blocks.0.attn1.to_q", "patch_embed.proj", "transformer_blocks.99.ff", "", "\udc80", "x" * 500)
CONFIGS = (
    "[",
    "{}",
    '{"lora_alpha": 8}',
    '{"lora_alpha": 1e999}',
    '{"alpha_pattern": {"to_q": NaN}}',
    '{"use_dora": 1}',
)
names = st.tuples(st.sampled_from(PREFIXES), st.sampled_from(LAYERS), st.sampled_from(ENDINGS)).map(
    lambda parts: f"{parts[0]}{parts[1]}.{parts[2]}"
)
shapes = st.lists(st.sampled_from((0, 1, 4, 96)), max_size=4)
notes = st.none() | st.fixed_dictionaries({"lora_adapter_metadata": st.sampled_from(CONFIGS) | any_json}) | any_json


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model_folder(tmp_path_factory.mktemp("fuzz") / "m")


def safetensors(
    tensors: dict[str, list[int]], note: object, odd: tuple[int, str, object] | None, length: int | None
) -> bytes:
    """`odd`: the number of a tensor, and a field of it with another value. `length`: what the file begins with."""
    header: dict[str, Any] = {} if note is None else {"__metadata__": note}
    end = 0
    for name, shape in tensors.items():
        begin, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    if odd is not None and tensors:
        number, field, value = odd
        header[list(tensors)[number % len(tensors)]][field] = value
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(end)


def test_no_lora_crashes_the_check(model: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("fuzz") / "a.safetensors"
    weights = stored_tensors(model, "transformer")
    odd = st.tuples(st.integers(0, 9), st.sampled_from(ODD_FIELDS)).flatmap(
        lambda drawn: st.tuples(st.just(drawn[0]), st.just(drawn[1][0]), drawn[1][1])
    )
    wholes = st.builds(
        safetensors,
        st.dictionaries(names, shapes, max_size=4),
        notes,
        st.none() | odd,
        st.none() | st.sampled_from(LENGTHS),
    )

    @FUZZ
    @given(content=wholes | st.binary(max_size=200) | st.sampled_from(ODD_BYTES))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        found: Any = inspect_lora(file, model)
        json.dumps(found, allow_nan=False).encode()
        if found["status"] == "ready":
            assert 0 < found["layers"] <= len(weights)
            return
        assert found["error"]["code"] in {"LORA_UNUSABLE", "LORA_MISSING"}, found["error"]
        for reason in found["error"]["reasons"]:
            sentence = messages.reason_text(reason["code"], reason["params"])
            assert len(sentence) < 600, sentence
            sentence.encode("utf-8")

    check()
