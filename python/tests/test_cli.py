"""What the command line refuses: one line, an exit code, in no time, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from splitreel.commands.flags import make_parser, parse_flags
from splitreel.commands.generate import note_long_prompts, plan_request
from splitreel.commands.report_errors import report, report_errors
from splitreel.commands.torchrun import prepare
from splitreel.contract import failures
from splitreel.contract.errors import SplitreelError
from tests.processes.worker import PACKAGE_PARENT, make_model_folder

GOOD = ["--height", "64", "--width", "96", "--num_frames", "9", "--num_inference_steps", "2", "--device", "cpu"]


def run(folder: Path, *arguments: str, prompt: str = "a dog") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "splitreel", "generate", *GOOD, "--prompt", prompt, *arguments]
    environment = {**os.environ, "PYTHONPATH": PACKAGE_PARENT, "SPLITREEL_DATA": str(folder / "data")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["generate", "export", "join", "doctor", "smoke"])
def test_help_needs_no_packages(command: str) -> None:
    without_packages = [sys.executable, "-I", "-S", PACKAGE_PARENT, command, "--help"]
    shown = subprocess.run(without_packages, capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.startswith(f"usage: splitreel {command}")


@pytest.mark.parametrize(
    ("arguments", "prompt", "code", "line"),
    [
        (["--ulysses_degree", "4"], "a dog", 2, "30 attention heads can't be divided by 4."),
        (["--num-frames", "50"], "a dog", 2, "50 frames aren't possible: this model makes 9 to 49."),
        (["--height", "481"], "a dog", 2, "such as 480 or 496."),
        ([], " ", 2, "Describe what the video should show."),
        (["--use_cfg_parallel", "--guidance_scale", "1"], "a dog", 2, "needs a guidance above 1"),
        (["--ulysses_degree", "2", "--nproc_per_node", "3"], "a dog", 2, "multiply to 2, but 3 processes"),
        (["--ring_degree", "0"], "a dog", 2, "must be a whole number of at least 1"),
        (["--ring_degree", "9"], "a dog", 2, "This split needs 9 CPU workers, but only 8 can be used."),
        (["--data_parallel_degree", "2"], "a dog", 2, "at least 2 videos"),
        (["--tensor_parallel_degree", "4"], "a dog", 2, "30 attention heads can't be divided by 4"),
        (["--enable-model-cpu-offload"], "a dog", 2, "Offloading needs a GPU."),
        (["--frobnicate"], "a dog", 2, "Unknown option --frobnicate."),
        (["--seed", "-1"], "a dog", 2, "seed must be a whole number"),
        (["--image", "x.png"], "a dog", 2, "doesn't use an image"),
        (["--prompt_file", "none.txt"], "a dog", 2, "none.txt can't be read"),
        (["--attention", "flash4"], "a dog", 3, "flash4 needs an NVIDIA GPU"),
        (["--device", "cuda"], "a dog", 3, "No NVIDIA driver was found."),
        (["--model", "nowhere"], "a dog", 3, "There is no model at"),
        ([], os.fsdecode(b"caf\xe9"), 2, "Prompt 1 isn't UTF-8 text."),
        (["--negative_prompt", "a", "b"], "a dog", 2, "There are 2 negative prompts for 1 prompts"),
        (["--save_latents", "."], "a dog", 2, "--save_latents needs a file"),
        (["--save_latents", "model/model_index.json"], "a dog", 3, "already exists"),
        (["--save_latents", "x" * 300], "a dog", 2, "The file name for --save_latents is too long"),
        (["--output_dir", "x" * 300], "a dog", 3, "can't write to"),
    ],
)
def test_refusals(tmp_path: Path, arguments: list[str], prompt: str, code: int, line: str) -> None:
    model = make_model_folder(tmp_path / "model", heads=30)
    done = run(tmp_path, "--model", str(model), *arguments, prompt=prompt)
    assert (done.returncode, done.stdout) == (code, "")
    assert line in done.stderr
    assert len(done.stderr.splitlines()) <= 2, "a sentence and a line of details"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_refusals_import_no_torch(tmp_path: Path) -> None:
    model = make_model_folder(tmp_path / "model")
    program = (
        "import sys\n"
        "from splitreel.commands.cli import main\n"
        f"code = main(['generate', '--model', {str(model)!r}, '--prompt', 'x', '--num_frames', '50'])\n"
        "assert code == 2 and not {'torch', 'numpy', 'diffusers'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": PACKAGE_PARENT}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)


def test_a_model_whose_name_is_not_utf8_is_refused_with_a_sentence(tmp_path: Path) -> None:
    model = make_model_folder(tmp_path / os.fsdecode(b"caf\xe9"))
    done = run(tmp_path, "--model", str(model))
    assert (done.returncode, done.stdout) == (2, "")
    assert "rename the folder" in done.stderr


def test_names_cannot_move_the_cursor_or_start_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report(failures.model_unsupported(kind="\x1b[31mX\r\n\u202eY").error)
    line, *more = capsys.readouterr().err.splitlines()
    assert r"\x1b[31mX\r\n\u202eY" in line
    assert not more


def test_an_unexpected_error_is_a_sentence_and_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise PermissionError(13, "Permission denied", "/models/x")

    assert report_errors(fail) == 5
    sentence, details = capsys.readouterr().err.splitlines()
    assert sentence.startswith("Something went wrong inside Splitreel.")
    assert details == "PermissionError: [Errno 13] Permission denied: '/models/x'"
    assert report_errors(fail, is_reported=lambda _error: False) == 5
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("SPLITREEL_DETAILS", "1")
    assert report_errors(fail) == 5
    assert "Traceback" in capsys.readouterr().err


def test_long_prompts_are_noted_with_our_own_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    flags = parse_flags(make_parser("x"), [*GOOD, "--model", "demo", "--prompt", "a red ball", "red ball " * 300])
    note_long_prompts(plan_request(flags).job)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("The prompt has ")


def leave_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**12, 10**12 - free, free))


def refusal_of(prepare: Callable[[], object]) -> SplitreelError:
    with pytest.raises(SplitreelError) as caught:
        prepare()
    return caught.value


def test_too_little_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model_folder(tmp_path / "model")
    flags = parse_flags(make_parser("x"), [*GOOD, "--model", str(model), "--prompt", "x"])
    leave_free(monkeypatch, 4096)
    error = refusal_of(lambda: plan_request(flags))
    assert error.code == "DISK_FULL"
    assert error.error.exit_code == 3


@pytest.mark.parametrize("is_drop_in", [False, True])
def test_latents_need_disk_space_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_drop_in: bool) -> None:
    model = make_model_folder(tmp_path / "model")
    arguments = [*GOOD, "--model", str(model), "--output_dir", str(tmp_path), "--prompt", "x", "y"]
    latents = ["--save_latents", str(tmp_path / "new" / "latents.safetensors")]

    def plan(*more: str) -> object:
        if is_drop_in:
            return prepare([*arguments, *more], 1)
        return plan_request(parse_flags(make_parser("x"), [*arguments, *more]))

    leave_free(monkeypatch, 0)
    videos = refusal_of(plan).error.params["neededBytes"]
    needed = 2 * videos
    leave_free(monkeypatch, needed)
    plan()
    error = refusal_of(lambda: plan(*latents))
    assert (error.code, error.error.params["freeBytes"]) == ("DISK_FULL", needed)
    leave_free(monkeypatch, needed + 1_000_000_000)
    plan(*latents)
    assert not (tmp_path / "new").exists()


def test_flags_take_dashes_and_values_keep_theirs() -> None:
    flags = parse_flags(
        make_parser("x"), ["--model=a-b", "--num-frames=9", "--prompt", "x-y", "-", "--no-use-dynamic-cfg"]
    )
    assert (flags.model, flags.sampling["num_frames"], flags.prompts, flags.sampling["use_dynamic_cfg"]) == (
        "a-b",
        9,
        ("x-y", "-"),
        False,
    )


def test_prompt_file(tmp_path: Path) -> None:
    # Pasted text can contain other separators, which don't end a prompt.
    (tmp_path / "p.txt").write_bytes("\ufeffa dog\r\n\n a\u2028cat\x0b\x85 \rbird\n".encode())
    flags = parse_flags(make_parser("x"), ["--model", "m", "--prompt_file", str(tmp_path / "p.txt")])
    assert flags.prompts == ("a dog", "a\u2028cat", "bird")
