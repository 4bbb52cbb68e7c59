"""`splitreel smoke`: checks that an environment makes correct videos: imports, versions, a tiny job on each device.

Every new environment must pass it before the app uses it. By hand, in any Python that has the packages:

    cd python && python -m splitreel smoke                       # the CPU, and CUDA where torch finds a GPU
    python -m splitreel smoke --device cuda --lock FILE          # versions against a lock, too

Packages are imported one by one, so that the error names the missing one.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import io
import math
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from splitreel.commands.parser import Parser
from splitreel.contract import failures, reasons
from splitreel.contract.errors import Reason, SplitreelError, error_details
from splitreel.contract.limits import EVENT_FD
from splitreel.contract.lines import smoke_event_line
from splitreel.contract.smoke import Event, ImportsStarted, SmokeFailed, SmokePassed, VideoChecked, VideoStarted
from splitreel.machine.imports import lasting_imports

Device = Literal["cpu", "cuda"]

_PACKAGES: Final = ("torch", "diffusers", "transformers", "safetensors", "av")
# Installed where a GPU can run them. The engine chooses other kernels if one of these does not import.
_OPTIONAL_PACKAGES: Final = {"flash-attn-4": "flash_attn.cute"}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)

_FRAMES, _WIDTH, _HEIGHT = 9, 96, 64
_JOB: Final = (
    *("--prompt", "a small dog running", "--num_inference_steps", "2", "--num_frames", str(_FRAMES)),
    *("--width", str(_WIDTH), "--height", str(_HEIGHT), "--seed", "7"),
)  # fmt: skip
LATENTS_SHAPE: Final = (1, 3, 8, 16, 24)
"""B F C H W of that job."""

SAMPLE_STRIDE: Final = 577
RIGHT_SAMPLE: Final = (
    0.84869993, -0.40209228, 0.02042472, 0.33630827, 0.37223327, 0.38751152, -0.11836975, 0.31396928,
    0.06486744, -0.02962117, -0.07932368, 0.80496144, -0.02005738, -0.33508563, -0.91250324, -0.05904916,
)  # fmt: skip
"""Each 577th of the final latents of that job with the weights of `demo-random`, in float32. The plain diffusers
pipeline gives the same (tests/test_smoke.py), so these are correct values and not just values we once produced."""

_TOLERANCE: Final[dict[Device, float]] = {
    # float32, rounded in another order by another CPU.
    "cpu": 1e-3,
    # bfloat16 against the same on the CPU: 0.05 on an H100. Attention to the wrong tokens is off by 0.16.
    "cuda": 0.1,
}
_DTYPES: Final[dict[Device, str]] = {"cpu": "float32", "cuda": "bfloat16"}


def smoke(arguments: Sequence[str]) -> int:
    """Prints each check as it runs and the versions at the end. Raises a SplitreelError at the first failure.

    With `--events`, as the app uses it, each is a line of JSON on descriptor 3, an error is the last one, and the exit
    code is then 3.
    """
    flags = _parse(arguments)
    if not flags.events:
        _check(flags, _print)
        return 0
    with os.fdopen(EVENT_FD, "wb", buffering=0) as out:

        def send(event: Event) -> None:
            out.write(smoke_event_line(event))

        try:
            _check(flags, send)
        except SplitreelError as error:
            send(SmokeFailed(error.error))
            return 3
    return 0


def _check(flags: _Flags, report: Callable[[Event], None]) -> None:
    report(ImportsStarted())
    with lasting_imports():
        versions = import_all()
    if flags.lock is not None:
        compare_with_lock(flags.lock.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=flags.work_dir, prefix="splitreel-smoke-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _make_model(folder / "model")
        for device in flags.devices or _devices_here():
            report(VideoStarted(device))
            error = check_device(device, folder)
            report(VideoChecked(device, round(error, 6), _TOLERANCE[device]))
    report(SmokePassed(versions))


def import_all() -> dict[str, str]:
    """Imports what the engine needs and returns the versions. Raises ENVIRONMENT_BROKEN and names what is missing."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            importlib.import_module(name)
            versions[name] = importlib.metadata.version(name)
        except Exception as error:  # importing a package can raise anything
            raise _broken(reasons.package_not_importable(package=name), error_details(error)) from error
    return versions | _optional_versions()


def _optional_versions() -> dict[str, str]:
    """Versions of the optional packages that can be imported. Reports the others on stderr."""
    versions = {}
    for name, module in _OPTIONAL_PACKAGES.items():
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            version = importlib.metadata.version(name)
            try:
                importlib.import_module(module)
                versions[name] = version
            except Exception as error:  # noqa: BLE001 - a package may raise anything while it is imported
                print(
                    f"{name} cannot be imported and is not used: {error_details(error).splitlines()[0]}",
                    file=sys.stderr,
                )
    return versions


def compare_with_lock(lock: str) -> None:
    """Raises ENVIRONMENT_BROKEN if an installed package has another version than in the lock.

    A lock may list several versions of one package, for several Pythons, and packages that this system doesn't need.
    Local version labels (`+cu130`) are not compared.
    """
    wanted: dict[str, set[str]] = {}
    for name, version in _PIN.findall(lock):
        wanted.setdefault(name, set()).add(version)
    for name, versions in wanted.items():
        try:
            found = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue
        if found not in {version.partition("+")[0] for version in versions}:
            raise _broken(reasons.package_version(package=name, found=found, expected=sorted(versions)))


def check_device(device: Device, folder: Path) -> float:
    """Makes tiny videos with `folder/model` and checks them. Returns the relative error of the latents."""
    right: Sequence[float] = RIGHT_SAMPLE
    if device == "cuda":
        # Random numbers in bfloat16 differ between CPUs (with AVX-512 they are unrelated to those in float32), so this
        # computer's CPU makes the reference.
        right = sample_of(make_video("cpu", _DTYPES[device], folder))
    return compare(sample_of(make_video(device, _DTYPES[device], folder)), right, device)


def make_video(device: Device, dtype: str, folder: Path) -> Path:
    """Returns the path of its latents. Raises ENVIRONMENT_BROKEN if that fails or the video is wrong."""
    from splitreel.commands.flags import make_parser, parse_flags
    from splitreel.commands.generate import generate

    name = f"{device}-{dtype}"
    output, latents = folder / name, folder / f"{name}.safetensors"
    arguments = ["--model", str(folder / "model"), "--device", device, "--dtype", dtype, "--output_dir", str(output)]
    flags = parse_flags(make_parser("splitreel smoke"), [*_JOB, *arguments, "--save_latents", str(latents)])
    try:
        # Its output is for users who want a video.
        with contextlib.redirect_stdout(io.StringIO()):
            code = generate(flags)
    except SplitreelError as error:
        # These errors are clearer than "broken".
        if error.code in {"DISK_FULL", "CANCELED", "DRIVER_MISSING"}:
            raise
        details = "\n".join(filter(None, [str(error), error.error.details]))
        raise _broken(reasons.test_video_failed(device=device), details) from error
    if code != 0:
        raise _broken(reasons.test_video_failed(device=device), f"exit code {code}")
    check_video(next(output.glob("*.mp4")))
    return latents


def check_video(video: Path) -> None:
    """Raises ENVIRONMENT_BROKEN unless it has the expected size and number of frames."""
    av = importlib.import_module("av")
    with av.open(str(video)) as container:
        sizes = [(frame.width, frame.height) for frame in container.decode(video=0)]
    if len(sizes) != _FRAMES:
        raise _broken(reasons.test_video_frames(found=len(sizes), expected=_FRAMES))
    for width, height in sizes:
        if (width, height) != (_WIDTH, _HEIGHT):
            reason = reasons.test_video_size(width=width, height=height, expected_width=_WIDTH, expected_height=_HEIGHT)
            raise _broken(reason)


def sample_of(file: Path) -> list[float]:
    """Every SAMPLE_STRIDE-th number of the latents in a file. Raises ENVIRONMENT_BROKEN for another shape."""
    load_file = importlib.import_module("safetensors.torch").load_file
    latents_BFCHW = load_file(str(file))["latents"].float()
    if tuple(latents_BFCHW.shape) != LATENTS_SHAPE:
        raise _broken(reasons.test_latents_shape(found=latents_BFCHW.shape, expected=LATENTS_SHAPE))
    return [float(value) for value in latents_BFCHW.flatten()[::SAMPLE_STRIDE]]


def compare(sample: Sequence[float], right: Sequence[float], device: Device) -> float:
    """Returns the relative error. Raises ENVIRONMENT_BROKEN if it is larger than rounding can explain."""
    error = math.dist(sample, right) / math.hypot(*right)
    # `not <=`, so that NaN fails too.
    if not error <= _TOLERANCE[device]:
        off = float(f"{error:.3g}")
        raise _broken(reasons.test_numbers_wrong(device=device, error=off, allowed=_TOLERANCE[device]))
    return error


def _make_model(folder: Path) -> None:
    from splitreel.models.cogvideox.random_model import make_model

    # Hides its progress bar.
    with contextlib.redirect_stderr(io.StringIO()):
        make_model("demo-random", folder)


def _devices_here() -> tuple[Device, ...]:
    return ("cpu", "cuda") if importlib.import_module("torch").cuda.is_available() else ("cpu",)


def _broken(reason: Reason, details: str | None = None) -> SplitreelError:
    return failures.environment_broken(reasons=[reason], details=details)


def _print(event: Event) -> None:
    match event:
        case ImportsStarted():
            print("importing", flush=True)
        case VideoStarted():
            print(f"making a test video ({event.device})", flush=True)
        case VideoChecked():
            text = f"the numbers are right ({event.device}): off by {event.error}, and {event.allowed} is allowed"
            print(text, flush=True)
        case SmokePassed():
            print(", ".join(f"{name} {version}" for name, version in event.versions.items()), flush=True)


class _Flags(argparse.Namespace):
    devices: list[Device]
    lock: Path | None
    work_dir: Path | None
    events: bool


def _parse(arguments: Sequence[str]) -> _Flags:
    parser = Parser("splitreel smoke", "Check that this Python environment makes correct videos.")
    device_help = "can be repeated; default: the CPU, and CUDA if torch finds a GPU"
    parser.add_argument(
        "--device", dest="devices", action="append", default=[], choices=("cpu", "cuda"), help=device_help
    )
    parser.add_argument("--lock", type=Path, help="a requirements.lock that the installed versions must match")
    parser.add_argument("--work_dir", type=Path, help="folder for the temporary test model and videos (about 9 MB)")
    parser.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments, namespace=_Flags())
