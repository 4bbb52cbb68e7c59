"""No Python function above 80 lines, and no file above 400 unless it is generated."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("python/splitreel", "python/tests", "scripts")
MAX_FUNCTION_LINES = 80
MAX_FILE_LINES = 400
# In the docstring of files that scripts/contract.ts generates.
GENERATED = "do not edit"


def python_files() -> list[Path]:
    return [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]


def test_no_function_is_too_long() -> None:
    too_long = [
        f"{file.relative_to(ROOT)}: {node.name} has {lines} lines"
        for file in python_files()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert too_long == []


def test_no_file_is_too_long() -> None:
    lines = {
        str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines())
        for file in python_files()
        if GENERATED not in file.read_text("utf-8")[:300]
    }
    assert {file: count for file, count in lines.items() if count > MAX_FILE_LINES} == {}
