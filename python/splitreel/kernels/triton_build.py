"""Triton's launcher without a C compiler and without Python's headers.

Triton compiles `backends/nvidia/driver.c` when it first meets a GPU: the module that loads and launches kernels. That is
all it needs a C compiler for. `prebuilt/` holds this module for the locked Triton, made by `scripts/triton_launcher.py`;
with another Triton or another Python, Triton compiles its own as before.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sysconfig
from functools import cache
from pathlib import Path

PREBUILT = Path(__file__).with_name("prebuilt")


@cache
def use_prebuilt_launcher() -> None:
    """Makes Triton of this process take the prebuilt module. Call it before the first kernel."""
    from triton import knobs
    from triton.backends.nvidia import driver

    if prebuilt_for(Path(driver.__file__).with_name("driver.c")) is None:
        return
    knobs.build.impl = _build
    # Where the linker would look: nothing is linked, and `ldconfig`, which Triton asks otherwise, may be missing.
    knobs.nvidia.libcuda_path = str(PREBUILT)


def prebuilt_for(source: Path) -> Path | None:
    """The module that was built from exactly this source for this Python, or None."""
    try:
        wanted = json.loads((PREBUILT / "build.json").read_text("utf-8"))["source"]
        found = hashlib.sha256(source.read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError):
        return None
    module = PREBUILT / f"cuda_utils{sysconfig.get_config_var('EXT_SUFFIX')}"
    return module if found == wanted and module.is_file() else None


def _build(
    name: str, src: str, srcdir: str, library_dirs: list[str], include_dirs: list[str], libraries: list[str]
) -> str:
    """Stands for `triton.runtime.build._build`: puts the module into `srcdir`, and returns its path."""
    prebuilt = prebuilt_for(Path(src))
    if prebuilt is not None:
        return str(shutil.copy(prebuilt, Path(srcdir) / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"))
    from triton import knobs
    from triton.runtime import build

    knobs.build.impl = None
    try:
        built: str = build._build(name, src, srcdir, library_dirs, include_dirs, libraries, [])
    finally:
        knobs.build.impl = _build
    return built
