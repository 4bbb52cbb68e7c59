"""What the doctor can find, one function for each code.

Generated from resources/messages.en.json by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitreel.contract.errors import FindingSentence
from splitreel.contract.kinds import PathText, names_text, path_text, printable


def driver_works(*, version: str) -> FindingSentence:
    """NVIDIA driver {version}."""
    return FindingSentence("driver_works", {"version": printable(version)})


def gpus_none() -> FindingSentence:
    """The NVIDIA driver works, but it finds no GPU."""
    return FindingSentence("gpus_none", {})


def gpu(*, index: int, name: str, memory: int) -> FindingSentence:
    """GPU {index}: {name}, {memory}."""
    return FindingSentence("gpu", {"index": index, "name": printable(name), "memory": memory})


def python_missing(*, versions: str) -> FindingSentence:
    """Python {versions} wasn't found."""
    return FindingSentence("python_missing", {"versions": printable(versions)})


def environment_missing() -> FindingSentence:
    """The Python environment isn't installed yet."""
    return FindingSentence("environment_missing", {})


def python(*, version: str) -> FindingSentence:
    """Python {version}."""
    return FindingSentence("python", {"version": printable(version)})


def lock_missing() -> FindingSentence:
    """The lock file is missing, so versions can't be compared."""
    return FindingSentence("lock_missing", {})


def package_missing(*, package: str) -> FindingSentence:
    """{package} isn't installed."""
    return FindingSentence("package_missing", {"package": printable(package)})


def package_works(*, package: str, version: str) -> FindingSentence:
    """{package} {version}."""
    return FindingSentence("package_works", {"package": printable(package), "version": printable(version)})


def package_other(*, package: str, found: str, expected: Iterable[str]) -> FindingSentence:
    """{package} is {found}, but Splitreel is tested with {expected}."""
    return FindingSentence(
        "package_other", {"package": printable(package), "found": printable(found), "expected": names_text(expected)}
    )


def folder_unreachable(*, path: PathText) -> FindingSentence:
    """{path} can't be reached."""
    return FindingSentence("folder_unreachable", {"path": path_text(path)})


def folder_read_only(*, path: PathText) -> FindingSentence:
    """{path} isn't writable."""
    return FindingSentence("folder_read_only", {"path": path_text(path)})


def disk_low(*, free: int, path: PathText, needed: int) -> FindingSentence:
    """Only {free} free in {path}; Splitreel needs at least {needed}."""
    return FindingSentence("disk_low", {"free": free, "path": path_text(path), "needed": needed})


def disk(*, free: int, path: PathText) -> FindingSentence:
    """{free} free in {path}."""
    return FindingSentence("disk", {"free": free, "path": path_text(path)})


def model(*, model: str, size: int, heads: int) -> FindingSentence:
    """{model}: {size}, {heads} heads."""
    return FindingSentence("model", {"model": printable(model), "size": size, "heads": heads})


def model_unusable(*, model: str) -> FindingSentence:
    """{model} can't be used."""
    return FindingSentence("model_unusable", {"model": printable(model)})


def model_unreadable(*, model: str) -> FindingSentence:
    """{model} can't be read."""
    return FindingSentence("model_unreadable", {"model": printable(model)})


def ranks_work() -> FindingSentence:
    """Two workers exchanged data correctly."""
    return FindingSentence("ranks_work", {})


def ranks_fail() -> FindingSentence:
    """Two workers can't exchange data."""
    return FindingSentence("ranks_fail", {})


def links_work() -> FindingSentence:
    """Data arrives correctly between all GPUs."""
    return FindingSentence("links_work", {})


def links_fast(*, slowest: float, fastest: float) -> FindingSentence:
    """Data arrives correctly between all GPUs, at {slowest} to {fastest} GB/s."""
    return FindingSentence("links_fast", {"slowest": slowest, "fastest": fastest})


def links_p2p_needless() -> FindingSentence:
    """Data arrives correctly between all GPUs, but peer-to-peer is off."""
    return FindingSentence("links_p2p_needless", {})


def links_p2p_broken(*, pairs: Iterable[str]) -> FindingSentence:
    """Peer-to-peer is broken between these pairs of GPUs: {pairs}. Data sent through host memory arrives correctly."""
    return FindingSentence("links_p2p_broken", {"pairs": names_text(pairs)})


def links_p2p_off(*, pairs: Iterable[str]) -> FindingSentence:
    """Peer-to-peer is broken between these pairs of GPUs: {pairs}. It is off, as it should be."""
    return FindingSentence("links_p2p_off", {"pairs": names_text(pairs)})


def links_dead(*, pairs: Iterable[str]) -> FindingSentence:
    """Data doesn't arrive correctly between these pairs of GPUs, with or without peer-to-peer: {pairs}."""
    return FindingSentence("links_dead", {"pairs": names_text(pairs)})
