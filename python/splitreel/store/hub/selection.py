"""Which files of a repository a model needs: weights as safetensors, configs, the tokenizer, the license.

Nothing else is fetched: no pickles, no code, no videos of the model card. Names come from a server, so each must match
these patterns before it becomes a path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from splitreel.contract import failures, reasons

_WANTED: Final = re.compile(
    r"model_index\.json|LICENSE(?:\.md|\.txt)?"
    r"|(?:transformer|vae|text_encoder|tokenizer|scheduler)/"
    r"(?:[A-Za-z0-9_.-]+\.json|spiece\.model"
    # Excludes variants in another precision (model.fp16.safetensors), which diffusers doesn't load by default.
    r"|(?:diffusion_pytorch_model|model)(?:-\d{5}-of-\d{5})?\.safetensors)"
)
_NEEDED: Final = ("model_index.json", "transformer/config.json", "vae/config.json", "text_encoder/config.json")
_INDEX: Final = ".safetensors.index.json"
_MAX_FILES: Final = 100_000
# Of one file. The largest published shards take 50 GB.
_MAX_BYTES: Final = 2 * 10**12
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SHA1: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Digest:
    """`sha256` over the bytes, or `gitSha1`: git's hash of a small file, over `blob SIZE\\0` and the bytes."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    path: str
    size: int
    digest: Digest


def digest_of(text: str) -> Digest | None:
    """The digest in a blob's name or an ETag from Hugging Face; None if it isn't one."""
    if _SHA256.fullmatch(text):
        return Digest("sha256", text)
    return Digest("gitSha1", text) if _SHA1.fullmatch(text) else None


def is_wanted(path: str) -> bool:
    return _WANTED.fullmatch(path) is not None


def wanted_files(repo: str, siblings: object) -> tuple[RemoteFile, ...]:
    """The files to fetch, small ones first, so that an unusable model is rejected before gigabytes are fetched.

    Raises HUB_ANSWER_BROKEN if a size or hash is missing, MODEL_UNSUPPORTED if it isn't a supported model.
    """
    if not isinstance(siblings, list) or len(siblings) > _MAX_FILES:
        raise failures.hub_answer_broken(reasons=[reasons.hub_list_unreadable()])
    files = [file for sibling in siblings if (file := _remote_file(sibling)) is not None]
    names = {file.path for file in files}
    # If there is an index, the single file next to it is a stale copy: see store/weights.py.
    stale = {name.removesuffix(_INDEX) + ".safetensors" for name in names if name.endswith(_INDEX)}
    files = [file for file in files if file.path not in stale]
    if len({file.path for file in files}) != len(files):
        raise failures.hub_answer_broken(reasons=[reasons.hub_list_repeats()])
    names -= stale
    if missing := [name for name in _NEEDED if name not in names]:
        raise failures.model_unsupported(kind=repo, reasons=[reasons.model_not_cogvideox(repo=repo, file=missing[0])])
    for part in ("transformer", "vae", "text_encoder"):
        if not any(name.startswith(f"{part}/") and name.endswith(".safetensors") for name in names):
            raise failures.model_unsafe(
                file=f"{repo}/{part}", reasons=[reasons.model_without_safetensors(folder=f"{repo}/{part}")]
            )
    return tuple(sorted(files, key=lambda file: (file.size, file.path)))


def _remote_file(sibling: object) -> RemoteFile | None:
    """One entry of a listing; None for a file that isn't needed."""
    entry = sibling if isinstance(sibling, dict) else {}
    path, lfs, size = entry.get("rfilename"), entry.get("lfs"), entry.get("size")
    if not isinstance(path, str) or not is_wanted(path):
        return None
    digest = digest_of(str(lfs.get("sha256") if isinstance(lfs, dict) else entry.get("blobId")))
    if digest is None or type(size) is not int or not 0 <= size <= _MAX_BYTES:
        raise failures.hub_answer_broken(reasons=[reasons.hub_file_without_hash(file=path)])
    return RemoteFile(path, size, digest)
