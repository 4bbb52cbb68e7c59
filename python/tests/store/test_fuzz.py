"""Model folders that nobody made on purpose: whatever is in one, its check ends in a shape or in an error of ours.

SPLITREEL_FUZZ_CASES and SPLITREEL_FUZZ_SEED set how many folders are tried and which:

    SPLITREEL_FUZZ_CASES=200000 SPLITREEL_FUZZ_SEED=7 python -m pytest tests/store/test_fuzz.py --timeout 0
"""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from splitreel.contract import messages
from splitreel.store.inspect_model import inspect_folder
from splitreel.store.model_folder import files_of
from tests.processes.worker import make_model_folder

CASES = int(os.environ.get("SPLITREEL_FUZZ_CASES", "1500"))
SEED = int(os.environ.get("SPLITREEL_FUZZ_SEED", "1"))

CONFIGS = (
    "model_index.json", "transformer/config.json", "vae/config.json", "text_encoder/config.json",
    "scheduler/scheduler_config.json", "tokenizer/tokenizer.json",
)  # fmt: skip
WEIGHTS = (
    "transformer/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/model.safetensors",
)  # fmt: skip
# Written into JSON as they stand: some are not JSON.
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
    """A whole model, of which one case spoils a little; `restore` makes it whole again."""

    def __init__(self, path: Path, draw: random.Random) -> None:
        self.path = make_model_folder(path)
        self.draw = draw
        self._whole = {name: (path / name).read_bytes() for name in files_of(path) if (path / name).is_file()}
        self._spoiled: set[str] = set()

    def write(self, name: str, content: bytes) -> None:
        self.remove(name)
        (self.path / name).write_bytes(content)

    def remove(self, name: str) -> None:
        self._spoiled.add(name)
        target = self.path / name
        if target.is_dir() and not target.is_symlink():
            target.rmdir()
        else:
            target.unlink(missing_ok=True)

    def whole(self, name: str) -> bytes:
        return self._whole[name]

    def restore(self) -> None:
        for name in list(self._spoiled):
            self.remove(name)
            if name in self._whole:
                (self.path / name).write_bytes(self._whole[name])
        self._spoiled.clear()


def spoil_value(folder: Folder) -> None:
    """One value of one config, or a name that was not there."""
    draw, name = folder.draw, folder.draw.choice(CONFIGS)
    config: dict[str, Any] = json.loads(folder.whole(name))
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        field = draw.choice(
            [*config, "quantization_config", "auto_map", "sample_width", "num_train_timesteps", "norm_num_groups"]
        )
        if draw.random() < 0.15:
            config.pop(field, None)
        else:
            values = ODD_CLASSES if name == "model_index.json" and draw.random() < 0.5 else ODD_VALUES
            config[field] = f"@@{draw.choice(values)}@@"
    text = json.dumps(config)
    for value in (*ODD_VALUES, *ODD_CLASSES):
        text = text.replace(json.dumps(f"@@{value}@@"), value)
    folder.write(name, text.encode("utf-8", "surrogatepass"))


def spoil_bytes(folder: Folder) -> None:
    """Bytes of any file: other, fewer, more, or something else altogether."""
    draw, name = folder.draw, folder.draw.choice((*CONFIGS, *WEIGHTS))
    content = bytearray(folder.whole(name))
    kind = draw.randrange(4)
    if kind == 0:
        content = bytearray(draw.choice(ODD_BYTES))
    elif kind == 1:
        del content[draw.randrange(len(content)) :]
    elif kind == 2:
        content += draw.randbytes(draw.choice((1, 8, 1_000)))
    else:
        for _ in range(draw.choice((1, 3, 30))):
            content[draw.randrange(min(len(content), 4_000))] = draw.randrange(256)
    folder.write(name, bytes(content))


def spoil_header(folder: Folder) -> None:
    """The header of a safetensors file, with a length that fits it or does not."""
    draw, name = folder.draw, folder.draw.choice(WEIGHTS)
    content = folder.whole(name)
    (length,) = struct.unpack("<Q", content[:8])
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    tensor = draw.choice(list(header))
    kind = draw.randrange(6)
    if kind == 0:
        header[draw.choice(("module." + tensor, tensor + ".scale_weight", "", "\udc80", "x" * 9_000))] = header.pop(
            tensor
        )
    elif kind == 1:
        header[tensor]["dtype"] = draw.choice(("F8_E4M3", "I8", "BF16", "F64", "F4", "X", None, 3, [], {}))
    elif kind == 2:
        header[tensor]["shape"] = draw.choice(
            ([], [0], [-1], [2**63], [10**30] * 9, [1.5], ["1"], None, [1] * 99, [True])
        )
    elif kind == 3:
        header[tensor]["data_offsets"] = draw.choice(
            ([0, 0], [4, 0], [-4, 0], [0, 2**70], [0], None, [0.0, 4.0], ["0", "4"])
        )
    elif kind == 4:
        header[tensor] = draw.choice((None, 3, [], "x", {}, {"dtype": "F32"}))
    else:
        header["__metadata__"] = draw.choice((None, 3, {"format": 3}, {"format": "pt"}, []))
    text = json.dumps(header).encode()
    size = draw.choice((len(text),) * 8 + (0, 7, len(text) - 1, len(text) + 1, 2**32, 2**62, 2**64 - 1))
    folder.write(name, struct.pack("<Q", size) + text + content[8 + length :])


def spoil_files(folder: Folder) -> None:
    """Files that are missing, of another kind, or beside those of the model."""
    draw = folder.draw
    name = draw.choice((*CONFIGS, *WEIGHTS))
    target = folder.path / name
    kind = draw.randrange(6)
    if kind == 5:
        part = draw.choice(("transformer", "vae", "text_encoder", "tokenizer", "scheduler"))
        folder.write(f"{part}/{draw.choice(ODD_NAMES)}", draw.choice(ODD_BYTES))
        return
    folder.remove(name)
    if kind == 1:
        target.mkdir()
    elif kind == 2:
        target.symlink_to(target.name)
    elif kind == 3:
        target.symlink_to("/nonexistent/file")
    elif kind == 4:
        os.mkfifo(target)


def spoil_index(folder: Folder) -> None:
    """An index of shards: of the true file, of others, of none, out of the folder."""
    draw, name = folder.draw, folder.draw.choice(WEIGHTS)
    file = Path(name).name
    tensors = ["proj_out.weight", "shared.weight", "encoder.conv_in.conv.bias", "x"]
    shard = draw.choice(
        (file, "a.safetensors", "../a.safetensors", "/etc/passwd", "", ".", "x\0.safetensors", 3, None, [])
    )
    index: object = {"weight_map": dict.fromkeys(draw.sample(tensors, draw.randrange(5)), shard)}
    if draw.random() < 0.2:
        index = draw.choice((None, [], {}, {"weight_map": None}, {"weight_map": []}, {"weight_map": {"a": {}}}))
    folder.write(f"{name}.index.json", json.dumps(index).encode())


SPOIL: tuple[Callable[[Folder], None], ...] = (spoil_value, spoil_bytes, spoil_header, spoil_files, spoil_index)


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
    # It crosses to the window as JSON.
    json.dumps(found, allow_nan=False).encode("utf-8")


@pytest.mark.parametrize("spoil", SPOIL, ids=lambda spoil: spoil.__name__)
def test_no_folder_crashes_the_check(tmp_path: Path, spoil: Callable[[Folder], None]) -> None:
    folder = Folder(tmp_path / "m", random.Random(f"{SEED} {spoil.__name__}"))
    check_answer(folder)
    for case in range(CASES // len(SPOIL)):
        spoil(folder)
        if folder.draw.random() < 0.2:
            folder.draw.choice(SPOIL)(folder)
        try:
            check_answer(folder)
        except Exception as error:
            raise AssertionError(f"case {case} of seed {SEED}") from error
        folder.restore()
    assert inspect_folder(folder.path)["status"] == "ready"
