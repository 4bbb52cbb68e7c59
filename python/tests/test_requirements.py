"""Every direct requirement is imported by the package, or needed by a library that doesn't require it itself."""

from __future__ import annotations

import re
from pathlib import Path

PYTHON = Path(__file__).parents[1]
MODULES = {"pillow": "PIL"}
# transformers reads sentencepiece models with it.
NEEDED_BY_LIBRARIES = {"protobuf"}


def test_every_requirement_is_used() -> None:
    lines = (PYTHON / "requirements.in").read_text("utf-8").splitlines()
    names = {re.split(r"[=<>;\[ ]", line)[0] for line in lines if line and not line.startswith(("#", "-"))}
    source = "\n".join(file.read_text("utf-8") for file in (PYTHON / "splitreel").rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", source, re.MULTILINE))
    unused = {name for name in names if MODULES.get(name, name) not in imported}
    assert unused == NEEDED_BY_LIBRARIES
