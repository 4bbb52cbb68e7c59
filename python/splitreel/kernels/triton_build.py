"""Triton's launcher without a C compiler and without Python's headers.

When it first uses a GPU, Triton compiles `backends/nvidia/driver.c`, the module that loads and launches kernels. It
needs a C compiler for nothing else. `prebuilt/` holds this module for the locked Triton, built by
`scripts/triton_launcher.py`. Another version of Triton or Python compiles its own as usual.
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
    """Makes Triton use the prebuilt module in this process. Call it before the first kernel."""
    from triton import knobs
    from triton.backends.nvidia import driver

    if prebuilt_for(Path(driver.__file__).with_name("driver.c")) is None:
        return
    knobs.build.impl = _build
    # The linker's search path. Nothing is linked, and `ldconfig`, which Triton would run, may be missing.
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
    """Replaces `triton.runtime.build._build`: puts the module into `srcdir` and returns its path."""
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
