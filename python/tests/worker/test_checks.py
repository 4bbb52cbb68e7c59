"""The checks of a job: whatever a model folder holds is an error of that job, not of the supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitreel.contract import wire
from splitreel.contract.errors import AppError
from splitreel.contract.protocol import StartJob
from splitreel.worker.supervisor import checks
from splitreel.worker.supervisor.checks import CheckedJob, prepare_job
from tests.processes.worker import make_model_folder, start_job


def job(model: Path, output: Path) -> StartJob:
    return wire.from_wire(StartJob, start_job(model, output))


def test_a_job_that_can_run_gets_its_folders(tmp_path: Path) -> None:
    output = tmp_path / "new" / "videos"
    assert isinstance(prepare_job(job(make_model_folder(tmp_path / "model"), output), "auto"), CheckedJob)
    assert output.is_dir()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model_index.json", '{"_class_name": "CogVideoXPipeline", "transformer": ["diffusers", ["X"]]}'),
        ("vae/config.json", '{"temporal_compression_ratio": NaN, "block_out_channels": [1e999]}'),
        ("transformer/config.json", '{"num_attention_heads": {}}'),
    ],
)
def test_odd_values_in_a_model_are_an_error_of_that_job(tmp_path: Path, file: str, content: str) -> None:
    model = make_model_folder(tmp_path / "model")
    (model / file).write_text(content)
    assert isinstance(prepare_job(job(model, tmp_path), "auto"), AppError)


def test_a_check_that_raises_is_an_error_of_that_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_path: str) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(checks, "model_of", broken)
    error = prepare_job(job(tmp_path, tmp_path), "auto")
    assert isinstance(error, AppError)
    assert error.code == "INTERNAL"
    assert error.details is not None
    assert error.details.startswith("RecursionError: too deep\nTraceback")
