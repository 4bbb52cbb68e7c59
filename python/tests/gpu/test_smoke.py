"""The check of an environment on a GPU: in bfloat16, by the real worker."""

from __future__ import annotations

from pathlib import Path

from splitreel.commands.smoke import smoke


def test_a_gpu_makes_correct_videos(tmp_path: Path) -> None:
    assert smoke(["--device", "cuda", "--work_dir", str(tmp_path)]) == 0
