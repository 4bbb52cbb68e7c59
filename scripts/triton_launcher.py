"""Builds Triton's launcher module for several versions of Python, in python/splitreel/kernels/prebuilt.

    python scripts/triton_launcher.py TRITON PYTHON...    TRITON: the package's folder; PYTHON: interpreters with headers

Run it with the ziglang wheel installed (pip install ziglang==0.17.1): its clang builds for glibc 2.28, as torch's wheels
do, whatever this machine has. The module is linked against a stub of libcuda.so.1, which the driver provides at run time.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

_PREBUILT = (
    Path(__file__).resolve().parents[1]
    / "python"
    / "splitreel"
    / "kernels"
    / "prebuilt"
)
_COMPILER = [
    sys.executable,
    "-m",
    "ziglang",
    "cc",
    "-target",
    "x86_64-linux-gnu.2.28",
    "-shared",
    "-fPIC",
    "-w",
]
_QUERY = "import sysconfig; print(sysconfig.get_paths()['include']); print(sysconfig.get_config_var('EXT_SUFFIX'))"


def main(triton: Path, pythons: list[str]) -> None:
    backend = triton / "backends" / "nvidia"
    source = backend / "driver.c"
    text = source.read_text("utf-8")
    shutil.rmtree(_PREBUILT, ignore_errors=True)
    _PREBUILT.mkdir()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        symbols = sorted(set(re.findall(r"\b(cu[A-Z]\w*)\(", text)))
        (folder / "stub.c").write_text(
            "".join(f"void {symbol}(void) {{}}\n" for symbol in symbols)
        )
        library = folder / "libcuda.so.1"
        subprocess.run(
            [
                *_COMPILER,
                "-Wl,-soname,libcuda.so.1",
                str(folder / "stub.c"),
                "-o",
                str(library),
            ],
            check=True,
        )
        for python in pythons:
            answer = subprocess.run(
                [python, "-I", "-c", _QUERY], check=True, capture_output=True, text=True
            )
            include, suffix = answer.stdout.split()
            module = _PREBUILT / f"cuda_utils{suffix}"
            includes = [f"-I{backend / 'include'}", f"-I{include}"]
            links = [f"-L{folder}", "-l:libcuda.so.1"]
            subprocess.run(
                [
                    *_COMPILER,
                    "-O2",
                    "-s",
                    *includes,
                    str(source),
                    *links,
                    "-o",
                    str(module),
                ],
                check=True,
            )
            module.chmod(0o644)
    license = next(triton.parent.glob("triton-*.dist-info/licenses/LICENSE"))
    shutil.copy(license, _PREBUILT / "LICENSE")
    version = re.search(r"triton-([\d.]+)\.dist-info", str(license))
    build = {
        "triton": version[1] if version else None,
        "source": hashlib.sha256(source.read_bytes()).hexdigest(),
        "compiler": f"ziglang {metadata.version('ziglang')}",
    }
    (_PREBUILT / "build.json").write_text(f"{json.dumps(build, indent=2)}\n")


main(Path(sys.argv[1]), sys.argv[2:])
