"""The check of an environment: passes where the numbers are those of plain diffusers, and fails in each way it can."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from diffusers import CogVideoXPipeline
from safetensors.torch import save_file

from splitreel.commands import smoke
from splitreel.contract.errors import SplitreelError
from splitreel.models.cogvideox.random_model import make_model

PACKAGE_PARENT = Path(__file__).resolve().parents[1]


def run(*arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """With `--events`, its stdout is what it sends."""
    command = [sys.executable, "-m", "splitreel", "smoke", *arguments]
    if "--events" in arguments:
        command = ["sh", "-c", 'exec "$@" 3>&1 1>&2', "sh", *command]
    environment = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{path}:{PACKAGE_PARENT}"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def problem_of(work: Callable[[], object]) -> str:
    with pytest.raises(SplitreelError) as caught:
        work()
    assert caught.value.code == "ENVIRONMENT_BROKEN"
    return str(caught.value)


def plain_latents(folder: Path, dtype: torch.dtype) -> torch.Tensor:
    """Of the same job by diffusers alone."""
    pipeline = CogVideoXPipeline.from_pretrained(folder, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline(
        prompt="a small dog running",
        negative_prompt="",
        height=64,
        width=96,
        num_frames=9,
        num_inference_steps=2,
        guidance_scale=6,
        use_dynamic_cfg=True,
        max_sequence_length=48,
        generator=torch.Generator("cpu").manual_seed(7),
        output_type="latent",
    )
    latents_BFCHW: torch.Tensor = made.frames
    return latents_BFCHW


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smoke") / "model"
    make_model("demo-random", folder)
    return folder


def sample(folder: Path, latents: torch.Tensor) -> list[float]:
    file = folder / "latents.safetensors"
    save_file({"latents": latents.contiguous()}, file)
    return smoke.sample_of(file)


def test_a_working_environment_is_reported_and_nothing_is_left_behind(tmp_path: Path) -> None:
    lock = PACKAGE_PARENT / "requirements.lock"
    done = run("--events", "--device", "cpu", "--lock", str(lock), "--work_dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [event["type"] for event in events(done)] == [
        "importsStarted",
        "videoStarted",
        "videoChecked",
        "smokePassed",
    ]
    assert events(done)[-1]["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert list(tmp_path.iterdir()) == []


def test_the_reference_values_are_those_of_plain_diffusers(model: Path, tmp_path: Path) -> None:
    assert smoke.compare(sample(tmp_path, plain_latents(model, torch.float32)), smoke.RIGHT_SAMPLE, "cpu") < 1e-5


def test_a_gpu_is_compared_with_the_cpu_for_the_same_noise(model: Path, tmp_path: Path) -> None:
    """The part of it that needs no GPU: in bfloat16 our worker gives on the CPU what plain diffusers gives there."""
    (tmp_path / "model").symlink_to(model)
    ours = smoke.sample_of(smoke.make_video("cpu", "bfloat16", tmp_path))
    assert smoke.compare(ours, sample(tmp_path, plain_latents(model, torch.bfloat16)), "cuda") < 0.04


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_attention_that_attends_to_the_wrong_tokens_is_found(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: smoke.Device
) -> None:
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    expected = sample(tmp_path, plain_latents(model, dtype))
    right = torch.nn.functional.scaled_dot_product_attention

    def wrong(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, **rest: object) -> torch.Tensor:
        return right(q, k, v.roll(1, dims=-2), **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", wrong)
    found = sample(tmp_path, plain_latents(model, dtype))
    problem = problem_of(lambda: smoke.compare(found, expected, device))
    assert f"A test video on {device} is off" in problem


def test_latents_with_nan_or_another_shape_are_refused(tmp_path: Path) -> None:
    nothing = torch.full(smoke.LATENTS_SHAPE, math.nan)
    assert "off by nan" in problem_of(lambda: smoke.compare(sample(tmp_path, nothing), smoke.RIGHT_SAMPLE, "cuda"))
    assert "have the shape" in problem_of(lambda: sample(tmp_path, nothing[:, :2]))


def test_a_job_that_gives_other_numbers_fails_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = [*smoke._JOB[:-1], "8"]  # another seed
    monkeypatch.setattr(smoke, "_JOB", other)
    problem = problem_of(lambda: smoke.smoke(["--device", "cpu", "--work_dir", str(tmp_path)]))
    assert "on cpu is off" in problem


def test_a_package_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text('raise ImportError("libcudart.so.13: cannot open shared object file")')
    done = run("--events", "--device", "cpu", path=str(tmp_path))
    assert done.returncode == 3
    error = events(done)[-1]["error"]
    assert error["code"] == "ENVIRONMENT_BROKEN"
    assert error["reasons"] == [{"code": "package_not_importable", "params": {"package": "torch"}}]
    assert error["details"].startswith("ImportError: libcudart.so.13: cannot open shared object file\n")
    plain = run("--device", "cpu", path=str(tmp_path))
    assert (plain.returncode, plain.stderr.count("\n")) == (3, 2)


@pytest.mark.parametrize(("source", "is_listed"), [("", True), ("raise OSError('no libcuda')", False)])
def test_a_flash_attention_that_does_not_import_is_reported_and_nothing_else(
    source: str, is_listed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "flash_attn" / "cute").mkdir(parents=True)
    (tmp_path / "flash_attn" / "cute" / "__init__.py").write_text(source)
    (tmp_path / "flash_attn_4-4.0.0b36.dist-info").mkdir()
    (tmp_path / "flash_attn_4-4.0.0b36.dist-info" / "METADATA").write_text("Name: flash-attn-4\nVersion: 4.0.0b36\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("flash_attn", "flash_attn.cute"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    versions = smoke.import_all()
    assert versions.get("flash-attn-4") == ("4.0.0b36" if is_listed else None)
    assert "torch" in versions
    assert ("flash-attn-4 cannot be imported" in capsys.readouterr().err) is not is_listed


def test_a_version_that_differs_from_the_lock_is_reported() -> None:
    version = torch.__version__.partition("+")[0]
    smoke.compare_with_lock(f"torch=={version}+cu130 \\\n    --hash=sha256:0\ntorch==9.9 ; python_version < '3'\n")
    smoke.compare_with_lock("no-such-thing-for-this-system==1\n")
    problem = problem_of(lambda: smoke.compare_with_lock("torch==9.8 \\\n    --hash=sha256:0\n"))
    assert problem == f"The package torch has version {version}, but this version of Splitreel needs 9.8."


@pytest.mark.parametrize(("frames", "width", "words"), [(8, 96, "has 8 frames"), (9, 112, "has 112 × 64 pixels")])
def test_a_video_of_another_length_or_size_is_refused(tmp_path: Path, frames: int, width: int, words: str) -> None:
    video = tmp_path / "video.mp4"
    with av.open(str(video), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame(width, 64, "yuv420p")))
        container.mux(stream.encode())
    assert words in problem_of(lambda: smoke.check_video(video))


def test_a_missing_gpu_is_reported() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here: tests/gpu runs this on it")
    with pytest.raises(SplitreelError) as caught:
        smoke.smoke(["--device", "cuda"])
    assert caught.value.code == "DRIVER_MISSING"
