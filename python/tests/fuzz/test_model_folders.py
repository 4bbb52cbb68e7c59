"""Random model folders: whatever is in one, its check ends in a shape or in a SplitreelError."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitreel.contract import messages
from splitreel.store.inspect_model import inspect_folder
from splitreel.store.model_folder import files_of
from tests.fuzz.settings import FUZZ
from tests.processes.worker import make_model_folder

CONFIGS = (
    "model_index.json", "transformer/config.json", "vae/config.json", "text_encoder/config.json",
    "scheduler/scheduler_config.json", "tokenizer/tokenizer.json",
)  # fmt: skip
WEIGHTS = (
    "transformer/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/model.safetensors",
)  # fmt: skip
# Written into JSON verbatim; some are not JSON.
ODD_VALUES = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e308", "1e-400", "0", "-1", "-0.0", "0.5", "4.5", "16.0", "true",
    "false", "null", '""', '"x"', '"CogVideoXPipeline"', '"\\ud800"', '"\\u0000"', "[]", "{}", "[[]]", "[null]", "[8, 8]",
    '["diffusers", ["X"]]', '["diffusers", {}]', '["os", "system"]', '{"a": {"b": 1}}', "9" * 39, "9" * 5_000,
    "9007199254740993", "2147483648", "1000000", "1000001", "[" * 3_000 + "]" * 3_000, "[8" + ", 8" * 60 + "]",
    '"' + "x" * 10_000 + '"', "tru", "", "{", "'x'", "/* x */ 1", "0x10",
)  # fmt: skip
ODD_CLASSES = (
    '["diffusers", ["X"]]', '["diffusers", {}]', '[["diffusers"], "X"]', '[null, null]', '["diffusers"]', '["diffusers", "\\ud800"]',
)  # fmt: skip
ODD_BYTES = (
    b"", b"\0", b"\xff\xfe{\0}\0", b"\xef\xbb\xbf", b"{}", b"[]", b"null", b"version https://git-lfs.github.com/spec/v1\n",
    b"PK\3\4", b"\x80\4.", b"<html>", b"{" * 5_000, b'{"a":1,"a":2}', b'"\xc3"', b"\xed\xa0\x80",
)  # fmt: skip
ODD_NAMES = (
    "._model.safetensors", "model.fp16.safetensors", "pytorch_model.bin", "model.py", "MODEL.BIN", "x.json", "\udcff.json",
    "model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.json", "x" * 200, "new\nline.json", ".hidden",
)  # fmt: skip


class Folder:
    """A whole model, of which each case damages a little; `restore` makes it whole again."""

    def __init__(self, path: Path) -> None:
        self.path = make_model_folder(path)
        self._whole = {name: (path / name).read_bytes() for name in files_of(path) if (path / name).is_file()}
        self._damaged: set[str] = set()

    def write(self, name: str, content: bytes) -> None:
        self.remove(name)
        (self.path / name).write_bytes(content)

    def remove(self, name: str) -> None:
        self._damaged.add(name)
        target = self.path / name
        if target.is_dir() and not target.is_symlink():
            target.rmdir()
        else:
            target.unlink(missing_ok=True)

    def whole(self, name: str) -> bytes:
        return self._whole[name]

    def restore(self) -> None:
        for name in list(self._damaged):
            self.remove(name)
            if name in self._whole:
                (self.path / name).write_bytes(self._whole[name])
        self._damaged.clear()


Damage: TypeAlias = Callable[[Folder], None]
"""Damages a folder. Hypothesis draws it; its parts are drawn with it, so that a case can be repeated."""


class Raw(str):
    """JSON as it stands, or what is none."""

    __slots__ = ()


def to_json(value: object) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {to_json(each)}" for name, each in value.items()) + "}"
    return json.dumps(value)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
odd_value = st.sampled_from(ODD_VALUES).map(Raw) | any_json
EXTRA_FIELDS = ("quantization_config", "auto_map", "sample_width", "num_train_timesteps", "norm_num_groups")


@st.composite
def damaged_values(draw: st.DrawFn) -> Damage:
    """A few values of one config, or names that were not there."""
    name = draw(st.sampled_from(CONFIGS))
    odd = st.sampled_from(ODD_CLASSES).map(Raw) | odd_value if name == "model_index.json" else odd_value
    # An index into the names, which only the folder knows; None takes the field away.
    changes = draw(st.lists(st.tuples(st.integers(0, 60), st.none() | odd), min_size=1, max_size=3))

    def damage(folder: Folder) -> None:
        config: dict[str, object] = json.loads(folder.whole(name))
        names = [*config, *EXTRA_FIELDS]
        for index, value in changes:
            field = names[index % len(names)]
            if value is None:
                config.pop(field, None)
            else:
                config[field] = value
        folder.write(name, to_json(config).encode("utf-8", "surrogatepass"))

    return damage


@st.composite
def damaged_bytes(draw: st.DrawFn) -> Damage:
    """Bytes of any file: other, fewer, more, or something else altogether."""
    name = draw(st.sampled_from((*CONFIGS, *WEIGHTS)))
    whole = draw(st.none() | st.sampled_from(ODD_BYTES) | st.binary(max_size=200))
    keep = draw(st.none() | st.integers(0, 4_000))
    flips = draw(st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=20))
    more = draw(st.binary(max_size=8))

    def damage(folder: Folder) -> None:
        content = bytearray(folder.whole(name) if whole is None else whole)[:keep]
        for at, byte in flips:
            if content:
                content[at % len(content)] = byte
        folder.write(name, bytes(content + more))

    return damage


ODD_FIELDS: tuple[tuple[str, st.SearchStrategy[object]], ...] = (
    ("dtype", st.sampled_from(("F8_E4M3", "I8", "BF16", "F64", "F4", "X")) | any_json),
    ("shape", st.sampled_from(([], [0], [-1], [2**63], [10**30] * 9, [1.5], ["1"], [1] * 99, [True])) | any_json),
    ("data_offsets", st.sampled_from(([0, 0], [4, 0], [-4, 0], [0, 2**70], [0], [0.0, 4.0], ["0", "4"])) | any_json),
)
ODD_NAMES_OF_TENSORS = (
    "",
    "\udc80",
    "x" * 9_000,
    "module.proj_out.weight",
    "proj_out.weight.scale_weight",
    "__metadata__",
)
LENGTHS = (0, 7, 2**32, 2**62, 2**64 - 1)


@st.composite
def damaged_header(draw: st.DrawFn) -> Damage:
    """The header of a safetensors file, with a length that fits it or does not."""
    name, index = draw(st.sampled_from(WEIGHTS)), draw(st.integers(0, 10_000))
    new_name = draw(st.none() | st.sampled_from(ODD_NAMES_OF_TENSORS) | st.text(max_size=20))
    field, odd = draw(st.sampled_from(ODD_FIELDS))
    value, entry = draw(st.none() | odd), draw(st.none() | any_json)
    off_by = draw(st.none() | st.integers(-8, 8) | st.sampled_from(LENGTHS))

    def damage(folder: Folder) -> None:
        content = folder.whole(name)
        (length,) = struct.unpack("<Q", content[:8])
        header: dict[str, Any] = json.loads(content[8 : 8 + length])
        tensor = list(header)[index % len(header)]
        if value is not None:
            header[tensor][field] = value
        if entry is not None:
            header[tensor] = entry
        if new_name is not None:
            header[new_name] = header.pop(tensor)
        text = json.dumps(header).encode()
        size = len(text) if off_by is None else off_by if off_by in LENGTHS else len(text) + off_by
        folder.write(name, struct.pack("<Q", max(0, size)) + text + content[8 + length :])

    return damage


@st.composite
def damaged_files(draw: st.DrawFn) -> Damage:
    """Files that are missing, of another kind, or beside those of the model."""
    name = draw(st.sampled_from((*CONFIGS, *WEIGHTS)))
    kind = draw(st.sampled_from(("gone", "folder", "link to itself", "link to nowhere", "pipe", "beside")))
    part = draw(st.sampled_from(("transformer", "vae", "text_encoder", "tokenizer", "scheduler")))
    beside, content = draw(st.sampled_from(ODD_NAMES)), draw(st.sampled_from(ODD_BYTES))

    def damage(folder: Folder) -> None:
        if kind == "beside":
            folder.write(f"{part}/{beside}", content)
            return
        folder.remove(name)
        target = folder.path / name
        match kind:
            case "folder":
                target.mkdir()
            case "link to itself":
                target.symlink_to(target.name)
            case "link to nowhere":
                target.symlink_to("/nonexistent/file")
            case "pipe":
                os.mkfifo(target)

    return damage


@st.composite
def damaged_index(draw: st.DrawFn) -> Damage:
    """An index of shards: of the true file, of others, of none, out of the folder."""
    name = draw(st.sampled_from(WEIGHTS))
    shards = (Path(name).name, "a.safetensors", "../a.safetensors", "/etc/passwd", "", ".", "x\0.safetensors")
    tensors = st.sampled_from(("proj_out.weight", "shared.weight", "encoder.conv_in.conv.bias", "x")) | st.text()
    weight_map = st.dictionaries(tensors, st.sampled_from(shards) | any_json, max_size=4)
    index = draw(st.fixed_dictionaries({"weight_map": weight_map | any_json}) | any_json)
    return lambda folder: folder.write(f"{name}.index.json", json.dumps(index).encode())


KINDS = {
    "values": damaged_values(),
    "bytes": damaged_bytes(),
    "header": damaged_header(),
    "files": damaged_files(),
    "index": damaged_index(),
}
any_kind = st.one_of(*KINDS.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    made = Folder(tmp_path_factory.mktemp("fuzz") / "m")
    yield made
    assert inspect_folder(made.path)["status"] == "ready"


def check_answer(folder: Folder) -> None:
    found = inspect_folder(folder.path)
    if found["status"] == "ready":
        shape = found["shape"]
        assert isinstance(shape, dict)
        assert all(value > 0 for value in shape.values() if not isinstance(value, str))
        return
    error: Any = found["error"]
    assert error["code"] != "INTERNAL", error
    assert messages.is_error_code(error["code"])
    for reason in error["reasons"]:
        sentence = messages.reason_text(reason["code"], reason["params"])
        assert len(sentence) < 600, sentence
        sentence.encode("utf-8")
    # It is sent to the window as JSON.
    json.dumps(found, allow_nan=False).encode("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_no_folder_crashes_the_check(kind: str, folder: Folder) -> None:
    @FUZZ
    @given(first=KINDS[kind], second=st.none() | any_kind)
    def check(first: Damage, second: Damage | None) -> None:
        try:
            for damage in (first, second):
                if damage is not None:
                    damage(folder)
            check_answer(folder)
        finally:
            folder.restore()

    check()
