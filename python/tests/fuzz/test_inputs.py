"""Files and lines from outside: prompt files, commands and events of other processes, metadata. Refused in words, or read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitreel.commands.flags import make_parser, parse_flags
from splitreel.contract import wire
from splitreel.contract.errors import SplitreelError
from splitreel.contract.lines import parse_command
from tests.fuzz.settings import FUZZ
from tests.fuzz.test_model_folders import ODD_BYTES, any_json
from tests.processes.worker import start_job

PARSER = make_parser("splitreel generate")
COMMANDS = ("startJob", "cancelJob", "countTokens", "unload", "shutdown", "constructor", "")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "prompts.txt"


def test_prompt_files(file: Path) -> None:
    @FUZZ
    @given(content=st.binary(max_size=400) | st.sampled_from(ODD_BYTES) | st.text(max_size=200).map(as_bytes))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        try:
            flags = parse_flags(PARSER, ["--model", "demo", "--prompt_file", str(file)])
        except SplitreelError as error:
            code = error.code
            str(error).encode("utf-8")
        else:
            code = "read" if flags.prompts and all(prompt.strip() for prompt in flags.prompts) else "an empty prompt"
        assert code in {"read", "FLAG_INVALID", "PROMPT_FILE_UNREADABLE"}

    check()


def as_bytes(text: str) -> bytes:
    return text.encode("utf-16" if len(text) % 3 == 0 else "utf-8", "surrogatepass")


@FUZZ
@given(
    line=st.binary(max_size=400) | st.sampled_from(ODD_BYTES) | any_json.map(lambda value: json.dumps(value).encode())
)
def test_invalid_lines(line: bytes) -> None:
    assert_is_refused_or_read(line)


@FUZZ
@given(kind=st.sampled_from(COMMANDS), fields=st.dictionaries(st.text(max_size=12), any_json, max_size=6))
def test_commands_with_other_fields(kind: str, fields: dict[str, object]) -> None:
    assert_is_refused_or_read(json.dumps({**fields, "type": kind}).encode())


@FUZZ
@given(path=st.lists(st.integers(0, 20), min_size=1, max_size=3), value=any_json)
def test_jobs_with_one_odd_value(path: list[int], value: object) -> None:
    job: object = start_job(Path("/models/m"), Path("/videos"))
    inner = job
    for index in path[:-1]:
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else []
        below = inner[list(keys)[index % len(keys)]] if keys else None  # type: ignore[index]
        if isinstance(below, dict | list) and below:
            inner = below
    if isinstance(inner, dict):
        inner[list(inner)[path[-1] % len(inner)]] = value
    elif isinstance(inner, list):
        inner[path[-1] % len(inner)] = value
    assert_is_refused_or_read(json.dumps(job).encode())


def assert_is_refused_or_read(line: bytes) -> None:
    try:
        command = parse_command(line)
    except (ValueError, RecursionError):
        return  # what the supervisor catches, and reports as an invalid command
    json.dumps(wire.to_wire(command))
