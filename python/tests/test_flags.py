"""Every flag changes the job, is refused with a reason, or is noted as having no effect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from splitreel.commands import torchrun
from splitreel.commands.compatibility import add_compatible_flags
from splitreel.commands.flags import make_parser, parse_flags
from splitreel.commands.generate import plan_request
from splitreel.commands.torchrun import prepare
from splitreel.contract import wire
from splitreel.contract.defaults import DROP_IN_DEFAULTS
from splitreel.contract.errors import SplitreelError
from splitreel.contract.limits import MAX_DEGREE
from splitreel.contract.messages import RESOURCES
from splitreel.contract.types import Plan
from splitreel.rules.model_shape import ModelShape
from splitreel.store.lora import hash_file

REQUESTS = json.loads((RESOURCES / "golden" / "request-cases.json").read_text("utf-8"))
TEMPORAL = wire.from_wire(ModelShape, REQUESTS["shapes"]["1.5"])
BASE = ["--model", "demo", "--prompt", "a red ball", "--device", "cpu"]
# For each flag: arguments besides BASE, the world size that torchrun sets, and the part of the job that changes.
CHANGES: dict[str, tuple[list[str], int, str]] = {
    "--prompt": (["--prompt", "two", "three"], 1, "videos"),
    "--prompt_file": (["--prompt_file", "FILE"], 1, "videos"),
    "--negative_prompt": (["--negative_prompt", "blue"], 1, "videos"),
    "--ulysses_degree": (["--ulysses_degree", "2"], 2, "plan"),
    "--ring_degree": (["--ring_degree", "2"], 2, "plan"),
    "--use_cfg_parallel": (["--use_cfg_parallel"], 2, "plan"),
    "--tensor_parallel_degree": (["--tensor_parallel_degree", "2"], 2, "plan"),
    "--pipefusion_parallel_degree": (["--pipefusion_parallel_degree", "2"], 2, "plan"),
    "--data_parallel_degree": (["--data_parallel_degree", "2", "--prompt", "two", "three"], 2, "plan"),
    "--num_pipeline_patch": (["--num_pipeline_patch", "5"], 1, "settings"),
    "--warmup_steps": (["--warmup_steps", "3"], 1, "settings"),
    "--height": (["--height", "96"], 1, "settings"),
    "--width": (["--width", "64"], 1, "settings"),
    "--num_frames": (["--num_frames", "9"], 1, "settings"),
    "--num_inference_steps": (["--num_inference_steps", "7"], 1, "settings"),
    "--guidance_scale": (["--guidance_scale", "3"], 1, "settings"),
    "--no_use_dynamic_cfg": (["--no_use_dynamic_cfg"], 1, "settings"),
    "--use_dynamic_cfg": (["--no-use_dynamic_cfg"], 1, "settings"),
    "--fps": (["--fps", "24"], 1, "settings"),
    "--image_fit": (["--image_fit", "fit"], 1, "settings"),
    "--image_position": (["--image_position", "0.2"], 1, "settings"),
    "--seed": (["--seed", "7"], 1, "videos"),
    "--scheduler": (["--scheduler", "ddim"], 1, "settings"),
    "--quality": (["--quality", "fast"], 1, "settings"),
    "--output_dir": (["--output_dir", "elsewhere"], 1, "videos"),
}
# Read by whoever runs the job; the test that shows its effect is named.
ELSEWHERE = {
    "--help": "argparse",
    "--model": "tests/test_model_folder.py",
    "--dtype": "tests/engine (LoadOptions)",
    "--device": "tests/processes/commands.py",
    "--save_latents": "tests/processes/test_real_engine.py",
}
REFUSED: dict[str, tuple[list[str], int, str]] = {
    "--nproc_per_node": (["--nproc_per_node", "3"], 1, "torchrun started 1 processes"),
    "--image": (["--image", "FILE"], 1, "doesn't use an image"),
    "--attention": (["--attention", "cudnn"], 1, "needs an NVIDIA GPU"),
    "--lora": (["--lora", "FILE", "0.5", "extra"], 1, "takes a file and"),
    "--enable_model_cpu_offload": (["--enable_model_cpu_offload"], 1, "needs a GPU"),
    "--enable_sequential_cpu_offload": (["--enable_sequential_cpu_offload"], 1, "needs a GPU"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "prompts.txt"
    file.write_text("one\ntwo\n", "utf-8")
    return file


def given(arguments: list[str], file: Path) -> list[str]:
    base = BASE[:2] + BASE[4:] if "--prompt" in arguments or "--prompt_file" in arguments else BASE
    return [*base, *(str(file) if word == "FILE" else word for word in arguments)]


@pytest.mark.parametrize("flag", CHANGES)
def test_a_flag_changes_the_job(flag: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, world, part = CHANGES[flag]
    plain, changed = prepare(BASE, 1)[2], prepare(given(arguments, file), world)[2]
    assert getattr(plain, part) != getattr(changed, part)


@pytest.mark.parametrize("flag", REFUSED)
def test_invalid_flags_are_refused(flag: str, file: Path) -> None:
    arguments, world, sentence = REFUSED[flag]
    with pytest.raises(SplitreelError) as raised:
        prepare(given(arguments, file), world)
    assert sentence in raised.value.error.message
    assert raised.value.error.exit_code in {2, 3}


def test_every_flag_is_tested() -> None:
    known = {option for action in make_parser("p")._actions for option in action.option_strings if option[:2] == "--"}
    # `--no-use_dynamic_cfg` is argparse's own spelling of the opposite.
    assert known - {"--no-use_dynamic_cfg"} == set(CHANGES) | set(REFUSED) | set(ELSEWHERE)


def test_dashes_work_for_underscores_and_unknown_flags_are_named() -> None:
    flags = parse_flags(make_parser("p"), ["--model", "demo", "--prompt", "x", "--num-inference-steps=9"])
    assert flags.sampling["num_inference_steps"] == 9
    with pytest.raises(SplitreelError, match="--color"):
        parse_flags(make_parser("p"), [*BASE, "--color", "red"])


# As published: xDiT's examples/run_cogvideo.sh and run_cogvideo_i2v.sh, CogVideo's tools/parallel_inference/run.sh.
# Sizes are those of the demo model.
SIZE = ["--height", "64", "--width", "96", "--num_frames", "9"]
PUBLISHED = {
    "xDiT": ["--ulysses_degree", "2", "--ring_degree", "1", *SIZE, "--num_inference_steps", "20", "--warmup_steps", "0",
             "--prompt", "A small dog", "--use_cfg_parallel", "--enable_tiling"],
    "xDiT, all lines": ["--ulysses_degree", "2", "--ring_degree", "1", *SIZE, "--output_type", "pil", "--seed", "1024",
                        "--num_inference_steps", "20", "--warmup_steps", "0", "--prompt", "A small dog",
                        "--use_cfg_parallel", "--use_parallel_vae", "--enable_tiling", "--enable_slicing"],
    "CogVideo": ["--ulysses_degree", "2", "--ring_degree", "1", *SIZE, "--num_inference_steps", "20",
                 "--warmup_steps", "0", "--prompt", "A small dog", "--use_cfg_parallel"],
    "xDiT's other flags": ["--prompt", "A small dog", "--ulysses_degree", "4", "--negative_prompt", "blurry",
                           "--no_use_resolution_binning", "--trust-remote-code", "--download-dir", "/models",
                           "--split_scheme", "row", "--max_sequence_length", "226", "--dit_parallel_size", "0"],
}  # fmt: skip


@pytest.mark.parametrize("script", PUBLISHED)
def test_published_command_lines_run(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, _, job, note = prepare(["--model", "demo", "--device", "cpu", *PUBLISHED[script]], 4)
    assert job.plan.world_size == 4
    assert ("--enable_tiling" in PUBLISHED[script]) == ("--enable_tiling" in (note or ""))


def test_xdits_image_flag_is_accepted(tmp_path: Path) -> None:
    parser = make_parser("p")
    add_compatible_flags(parser)
    flags = parse_flags(parser, ["--model", "demo", "--prompt", "x", "--img_file_path", str(tmp_path / "a.png")])
    assert [video.image_path for video in flags.videos([tmp_path / "b.mp4"])] == [str(tmp_path / "a.png")]


@pytest.mark.parametrize(
    "variables",
    [
        {"RANK": "x"},
        {"WORLD_SIZE": "0"},
        {"WORLD_SIZE": "9" * 30},
        {"RANK": "2", "WORLD_SIZE": "2"},
        {"MASTER_PORT": "x"},
    ],
)
def test_variables_that_torchrun_never_sets_are_named(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torchrun, "die_with_parent", lambda _: None)
    monkeypatch.setattr(torchrun, "_REPORT_S", 0)
    monkeypatch.setattr(torchrun, "_QUIET_LIBRARIES", {})
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert torchrun.main(BASE) == 2
    (line, *_) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"The value of {next(iter(variables))} must be")


def test_flags_without_effect_are_noted_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["--enable_tiling", "--use_parallel_vae", "--split_scheme", "row"]
    note = prepare([*BASE, *given], 1)[3]
    assert note == "No need for --enable_tiling, --use_parallel_vae, --split_scheme: Splitreel works this way already."


@pytest.mark.parametrize(
    "arguments", [["--use_torch_compile"], ["--use-fbcache"], ["--attn_layer_num_for_pp", "10", "9"]]
)
def test_a_flag_that_only_xdit_has_is_named(arguments: list[str]) -> None:
    with pytest.raises(SplitreelError, match=f"xDiT's option {arguments[0].replace('-fb', '_fb')} isn't available"):
        prepare([*BASE, *arguments], 1)


@pytest.mark.parametrize(
    ("negative", "expected"),
    [(["x", "y"], ["x", "y"]), (["x"], ["x", "x"]), ([], ["", ""])],
    ids=["each", "one", "none"],
)
def test_each_prompt_may_have_its_negative_prompt(
    negative: list[str], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prompts = ["--model", "demo", "--device", "cpu", "--prompt", "a", "b"]
    job = prepare([*prompts, "--negative_prompt", *negative], 1)[2]
    assert [video.negative_prompt for video in job.videos] == expected


def test_overwrite_replaces_files_but_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target = Path(prepare([*BASE, "--overwrite"], 1)[2].videos[0].output_path)
    target.parent.mkdir()
    target.touch()
    prepare([*BASE, "--overwrite"], 1)
    target.unlink()
    target.mkdir()
    with pytest.raises(SplitreelError) as raised:
        prepare([*BASE, "--overwrite"], 1)
    assert raised.value.code == "OUTPUT_EXISTS"


def test_the_drop_in_keeps_the_frame_rate_of_the_original() -> None:
    flags = parse_flags(make_parser("test"), BASE)
    assert flags.settings(TEMPORAL, Plan()).fps == 16
    assert flags.settings(TEMPORAL, Plan(), DROP_IN_DEFAULTS).fps == 8
    assert prepare([*BASE, "--fps", "16"], 1)[2].settings.fps == 16


WHOLE_NUMBERS = sorted(
    action.option_strings[0] for action in make_parser("p")._actions if action.type is int and action.option_strings
)


@pytest.mark.parametrize("value", ["9" * 25, "9" * 400, "-" + "9" * 400])
@pytest.mark.parametrize("flag", WHOLE_NUMBERS)
def test_numbers_of_any_length_are_refused_with_a_sentence(flag: str, value: str) -> None:
    with pytest.raises(SplitreelError) as raised:
        plan_request(parse_flags(make_parser("p"), [*BASE, f"{flag}={value}"]))
    assert raised.value.error.exit_code == 2
    assert raised.value.error.code in {"FLAG_INVALID", "PLAN_INVALID", "REQUEST_INVALID"}


def test_more_ranks_than_any_computer_has_are_refused_at_once() -> None:
    degrees = ("ulysses", "ring", "tensor_parallel", "pipefusion_parallel", "data_parallel")
    arguments = [word for degree in degrees for word in (f"--{degree}_degree", str(MAX_DEGREE))]
    flags = parse_flags(make_parser("p"), [*BASE, *arguments])
    with pytest.raises(SplitreelError) as raised:
        plan_request(flags)
    assert raised.value.code == "PLAN_INVALID"


def test_a_prompt_file_has_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "endless.txt"
    file.write_bytes(b"a ball\n" * 600_000)
    with pytest.raises(SplitreelError, match=r"endless.txt is larger than 4.0 MB"):
        parse_flags(make_parser("p"), ["--model", "demo", "--prompt_file", str(file)])


def test_devices_and_pipes_are_no_lora() -> None:
    # /dev/zero, which has no end, ends in the same way.
    with pytest.raises(OSError, match="Not a regular file"):
        hash_file(Path("/dev/null"))


def test_a_lora_is_checked_before_anything_loads(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SplitreelError) as raised:
        prepare([*BASE, "--lora", str(file), "0.8"], 1)
    assert raised.value.code == "LORA_UNUSABLE"
    with pytest.raises(SplitreelError) as raised:
        prepare([*BASE, "--lora", "nowhere.safetensors"], 1)
    assert raised.value.code == "LORA_MISSING"
