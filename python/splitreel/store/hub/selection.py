"""Which files of a repository a model needs: weights as safetensors, configs, the tokenizer, the licence.

What is not named here is not fetched: pickles, code, videos of the model card. Names come from another computer, so
each is held to these patterns before it becomes a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from huggingface_hub.hf_api import RepoSibling

from splitreel.contract.errors import SplitreelError

_WANTED: Final = re.compile(
    r"model_index\.json|LICENSE(?:\.md|\.txt)?"
    r"|(?:transformer|vae|text_encoder|tokenizer|scheduler)/"
    r"(?:[A-Za-z0-9_.-]+\.json|spiece\.model"
    # Not the variants in another precision (model.fp16.safetensors), which diffusers would not load unasked.
    r"|(?:diffusion_pytorch_model|model)(?:-\d{5}-of-\d{5})?\.safetensors)"
)
_NEEDED: Final = ("model_index.json", "transformer/config.json", "vae/config.json", "text_encoder/config.json")
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
    """The digest that a blob name or an etag of the hub is; None for anything else."""
    if _SHA256.fullmatch(text):
        return Digest("sha256", text)
    return Digest("gitSha1", text) if _SHA1.fullmatch(text) else None


def is_wanted(path: str) -> bool:
    return _WANTED.fullmatch(path) is not None


def wanted_files(repo: str, siblings: Iterable[RepoSibling]) -> tuple[RemoteFile, ...]:
    """Small files first, so that what cannot be a model is known before gigabytes are fetched.

    Raises HUB_ANSWER_BROKEN where the hub gives no size or hash, MODEL_UNSUPPORTED where it is no model of ours.
    """
    files: list[RemoteFile] = []
    for sibling in siblings:
        if not is_wanted(sibling.rfilename):
            continue
        digest = digest_of(str(sibling.blob_id if sibling.lfs is None else sibling.lfs.sha256))
        if digest is None or sibling.size is None or sibling.size < 0:
            raise SplitreelError("HUB_ANSWER_BROKEN", {"problem": f"{sibling.rfilename} came without size or hash"})
        files.append(RemoteFile(sibling.rfilename, sibling.size, digest))
    names = {file.path for file in files}
    if missing := [name for name in _NEEDED if name not in names]:
        raise SplitreelError("MODEL_UNSUPPORTED", {"what": f"{repo}, which has no {missing[0]},"})
    for part in ("transformer", "vae", "text_encoder"):
        if not any(name.startswith(f"{part}/") and name.endswith(".safetensors") for name in names):
            raise SplitreelError("MODEL_UNSAFE", {"file": f"{repo}/{part}", "problem": "it has no safetensors files"})
    return tuple(sorted(files, key=lambda file: (file.size, file.path)))
