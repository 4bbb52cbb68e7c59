"""The command: what it finds, its exit code, and that it runs where there is no environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from splitreel.commands.doctor import doctor
from splitreel.contract import failures, findings
from splitreel.contract.doctor import Finding, Fix, Status, Topic
from splitreel.contract.errors import SplitreelError
from splitreel.contract.wire import from_wire

_PACKAGE = Path(__file__).parents[2]
_NVIDIA_SMI = _PACKAGE.parent / "test" / "fakes" / "nvidia-smi"


def _path_with(folder: Path, gpus: str) -> str:
    (folder / "nvidia-smi").symlink_to(_NVIDIA_SMI)
    (folder / "fake-gpus").write_text(gpus, "utf-8")
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def _findings(capsys: pytest.CaptureFixture[str]) -> list[Finding]:
    return [from_wire(Finding, finding) for finding in json.loads(capsys.readouterr().out)]


def test_without_an_environment_it_needs_only_the_standard_library(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(_PACKAGE)!r})\n"
        "from splitreel.commands.doctor import doctor\n"
        "found = doctor(['--events', '--no-environment'])\n"
        "assert not any(name in sys.modules for name in ('torch', 'numpy', 'diffusers')), 'something heavy'\n"
        "sys.exit(found)\n"
    )
    env = {"PATH": os.environ["PATH"], "SPLITREEL_DATA": str(tmp_path)}
    # -S: no site-packages at all.
    command = ["sh", "-c", 'exec "$@" 3>&1 1>&2', "sh", sys.executable, "-I", "-S", "-c", code]
    answer = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert answer.returncode == 3, answer.stderr
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [each["fix"] for each in found if each["topic"] == "environment"] == ["install"]
    assert not any(each["topic"] == "ranks" for each in found)


def test_an_old_driver_is_named_with_the_one_that_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", _path_with(tmp_path, "old"))
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path))
    assert doctor(["--json", "--no_environment"]) == 3
    (driver,) = [finding for finding in _findings(capsys) if finding.topic == "driver"]
    assert (driver.status, driver.fix) == ("problem", "driver")
    assert "580" in driver.text


def test_disks_of_moved_folders_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path))
    (tmp_path / "locations.json").write_text(json.dumps({"environment": "/dev/shm/elsewhere", "downloads": 3}), "utf-8")
    doctor(["--json", "--no_environment"])
    disks = [finding.text for finding in _findings(capsys) if finding.topic == "disk"]
    assert any(text.endswith("/dev/shm.") for text in disks), disks


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(SplitreelError, match="--jason"):
        doctor(["--jason"])


def test_a_finding_prints_its_text_action_and_details() -> None:
    other = findings.package_other(package="torch", found="2.11.0", expected=["2.15.0"])
    wrong = Finding(Topic.ENVIRONMENT, Status.PROBLEM, other, details="one\ntwo", fix=Fix.REPAIR)
    assert wrong.lines == (
        "[problem] environment: torch is 2.11.0, but Splitreel is tested with 2.15.0. Repair the environment.\n"
        "          one\n"
        "          two"
    )
    error = failures.driver_missing().error
    assert Finding(Topic.DRIVER, Status.NOTE, error=error).lines == (
        f"[note   ] driver: {error.message} {error.action}"
    )
    sentence = findings.python(version="3.13.5")
    assert Finding(Topic.ENVIRONMENT, Status.OK, sentence).lines == "[ok     ] environment: Python 3.13.5."


@pytest.mark.parametrize(
    ("gpus", "topic", "status", "text"),
    [
        ("mismatch", "driver", "problem", "doesn't respond"),
        ("nodriver", "driver", "note", "No NVIDIA driver"),
        ("0", "gpu", "note", "finds no GPU"),
    ],
)
def test_driver_faults_are_distinguished(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    gpus: str,
    topic: str,
    status: str,
    text: str,
) -> None:
    monkeypatch.setenv("PATH", _path_with(tmp_path, gpus))
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path))
    doctor(["--json", "--no_environment"])
    (finding,) = [finding for finding in _findings(capsys) if finding.topic in {"driver", "gpu"}]
    assert (finding.topic, finding.status) == (topic, status)
    assert text in finding.text


def test_a_variable_that_hides_every_gpu_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", _path_with(tmp_path, "2"))
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    doctor(["--json", "--no_environment"])
    (note,) = [finding for finding in _findings(capsys) if finding.topic == "gpu" and finding.status == "note"]
    assert "CUDA_VISIBLE_DEVICES is 7" in note.text


def test_a_broken_model_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPLITREEL_DATA", str(tmp_path))

    def check(folder: Path) -> None:
        if folder.name == "odd":
            raise RecursionError("too deep")
        raise SplitreelError("MODEL_MISSING", {"path": str(folder)})

    for name in ("odd", "plain"):
        (tmp_path / "models" / name).mkdir(parents=True)
    monkeypatch.setattr(sys.modules["splitreel.commands.doctor.examine"], "check_model_folder", check)
    assert doctor(["--json", "--no_environment"]) == 3
    models = {finding.text.split(" ")[0]: finding for finding in _findings(capsys) if finding.topic == "model"}
    assert (models["odd"].text, models["odd"].details) == ("odd can't be read.", "RecursionError: too deep")
    assert models["plain"].status == "problem"
