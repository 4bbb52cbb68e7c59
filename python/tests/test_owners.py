"""Who may read a model folder: ARCHITECTURE.md, "One fact, one place"."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "splitreel"
MODEL_FILES = re.compile(r"model_index\.json|/config\.json|scheduler_config|safetensors\.index|tokenizer\.json")
COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
PARSERS = re.compile(r"\bjson\.loads?\(|\bsafe_open\(|\bfrom_pretrained\(|\bload_file\(|\bload_config\(")


def test_typescript_reads_no_model_folder() -> None:
    sources = [file for file in (ROOT / "src").rglob("*.ts*") if ".test." not in file.name]
    assert len(sources) > 100
    readers = {
        file.relative_to(ROOT).as_posix()
        for file in sources
        if MODEL_FILES.search(COMMENTS.sub("", file.read_text("utf-8")))
    }
    # It only checks whether the file exists, because the window lists models before Python is installed.
    assert readers == {"src/main/models/locate-model.ts"}


def test_the_engine_and_families_read_configs_through_the_store() -> None:
    """`store.files.read_json` bounds and checks what it reads."""
    readers = {
        file.relative_to(PACKAGE).as_posix()
        for folder in ("engine", "models", "parallel", "rules")
        for file in (PACKAGE / folder).rglob("*.py")
        if PARSERS.search(file.read_text("utf-8"))
    }
    # Weights, the tokenizer, and the file of kernel trials, which is our own.
    assert readers == {"models/tensor_files.py", "models/cogvideox/model.py", "rules/kernel_trials.py"}
