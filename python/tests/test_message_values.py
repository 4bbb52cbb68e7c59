"""No phrase is passed to a sentence: its values are names, numbers, sizes and paths, or it could not be translated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "splitreel"
TABLES = {"failures", "reasons", "explanations", "findings"}
# Proper names of more than one word.
NAMES = {"Hugging Face"}
NOT_VALUES = {"details", "reasons", "advice"}


def _phrases(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in TABLES):
            continue
        for keyword in node.keywords:
            if keyword.arg in NOT_VALUES:
                continue
            for part in ast.walk(keyword.value):
                text = part.value if isinstance(part, ast.Constant) else None
                if isinstance(text, str) and len(text.split()) > 1 and text not in NAMES:
                    yield f"{node.func.value.id}.{node.func.attr}({keyword.arg}={text!r})"


def test_a_phrase_among_the_values_is_detected() -> None:
    source = """
failures.model_missing(path=folder, details="read it")
reasons.package_missing(package="torch")
reasons.package_missing(package="the one that was locked")
findings.gpu(name=f"GPU number {index}")
"""
    assert len(list(_phrases(source))) == 2


def test_no_value_is_a_phrase() -> None:
    found = {
        str(file.relative_to(PACKAGE)): phrases
        for file in PACKAGE.rglob("*.py")
        if (phrases := list(_phrases(file.read_text("utf-8"))))
    }
    assert found == {}
