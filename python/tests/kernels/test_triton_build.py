"""Triton's launcher comes prebuilt: with no compiler on the PATH, no headers, and in the version that the lock has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from splitreel.contract.messages import RESOURCES
from splitreel.kernels import triton_build

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Triton is for Linux")

# Loads Triton's module as Triton does. `sysconfig` finds no headers, and the PATH is empty.
_PROGRAM = """
import sys, sysconfig
sys.path.insert(0, sys.argv[1])
found = sysconfig.get_paths
sysconfig.get_paths = lambda *args, **named: {**found(*args, **named), "include": "/nonexistent"}
from splitreel.kernels.triton_build import use_prebuilt_launcher
if sys.argv[2] == "prebuilt":
    use_prebuilt_launcher()
from pathlib import Path
from triton.backends.nvidia import driver
from triton.runtime.build import compile_module_from_file
module = compile_module_from_file(
    src_path=str(Path(driver.__file__).with_name("driver.c")), name="cuda_utils",
    library_dirs=driver.library_dirs() if sys.argv[2] == "prebuilt" else [],
    include_dirs=driver.include_dirs, libraries=driver.libraries)
print(list(module.build_signature_metadata(["i32", "*bf16", "fp32"])))
"""


@pytest.fixture
def libcuda(tmp_path: Path) -> Path:
    """A folder with a stand-in for the driver's library, which this machine may lack."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler makes the stand-in")
    from triton.backends.nvidia import driver

    text = Path(driver.__file__).with_name("driver.c").read_text("utf-8")
    symbols = sorted(set(re.findall(r"\b(cu[A-Z]\w*)\(", text)))
    (tmp_path / "stub.c").write_text("".join(f"void {symbol}(void) {{}}\n" for symbol in symbols))
    library = tmp_path / "libcuda.so.1"
    command = [compiler, "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", str(tmp_path / "stub.c"), "-o", str(library)]
    subprocess.run(command, check=True)
    return tmp_path


def load_module(libcuda: Path, how: str) -> subprocess.CompletedProcess[str]:
    package_parent = str(Path(triton_build.__file__).parents[2])
    environment = {"PATH": "", "LD_LIBRARY_PATH": str(libcuda), "TRITON_CACHE_DIR": str(libcuda / how)}
    command = [sys.executable, "-c", _PROGRAM, package_parent, how]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_launcher_loads_with_an_empty_path_and_without_headers(libcuda: Path) -> None:
    done = load_module(libcuda, "prebuilt")
    assert done.stdout.strip() == "[4, 1, 12]", done.stderr
    # What the module saves: without it Triton needs a compiler.
    assert "Failed to find C compiler" in load_module(libcuda, "compiled").stderr


def test_another_triton_compiles_its_own_launcher(tmp_path: Path) -> None:
    source = tmp_path / "driver.c"
    source.write_text("int other;")
    assert triton_build.prebuilt_for(source) is None


def test_the_launcher_was_built_from_the_locked_triton_for_old_systems() -> None:
    lock = (Path(triton_build.__file__).parents[2] / "requirements.lock").read_text("utf-8")
    build = json.loads((triton_build.PREBUILT / "build.json").read_text("utf-8"))
    assert f"\ntriton=={build['triton']} " in lock
    for module in triton_build.PREBUILT.glob("*.so"):
        needed = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_([\d.]+)", module.read_bytes())}
        assert max(needed) <= (2, 28)


def test_every_python_that_an_environment_may_use_has_a_launcher() -> None:
    versions = json.loads((RESOURCES / "environment.json").read_text("utf-8"))["systemPythonVersions"]
    wanted = {f"cuda_utils.cpython-{version.replace('.', '')}-x86_64-linux-gnu.so" for version in versions}
    assert {module.name for module in triton_build.PREBUILT.glob("*.so")} == wanted
