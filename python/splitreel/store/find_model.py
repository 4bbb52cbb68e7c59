"""Finds the folder of a model named on the command line."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from splitreel.contract import failures
from splitreel.contract.messages import RESOURCES
from splitreel.store.files import is_file, names_in, read_start, status
from splitreel.store.locations import cache_folder, catalog_repositories, models_folders
from splitreel.store.model_folder import is_model

# ORGANIZATION/NAME, as on Hugging Face and as src/shared/catalog.ts has it.
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def find_model(name: str) -> Path:
    """The folder of `demo`, a catalog name, a repository in the Hugging Face cache, or a path.

    Raises MODEL_NOT_DOWNLOADED for a catalog name that isn't on this disk.
    """
    if name == "demo":
        return RESOURCES / "demo"
    path = Path(name)
    if os.sep not in name and status(path) is None:
        for base in models_folders():
            if is_model(base / name):
                return base / name
        repositories = catalog_repositories(name)
        for repository in repositories:
            if (cached := cached_snapshot(repository)) is not None:
                return cached
        if repositories:
            raise failures.model_not_downloaded(name=name)
    if _REPOSITORY.fullmatch(name) and status(path) is None:
        cached = cached_snapshot(name)
        if cached is None:
            raise failures.model_not_downloaded(name=name)
        return cached
    return path.absolute()


def cached_snapshot(repository: str) -> Path | None:
    """The snapshot that `main` pointed to when it was last fetched, or else the first one that holds a model."""
    folder = cache_folder() / f"models--{repository.replace('/', '--')}"
    main = ""
    if is_file(folder / "refs" / "main"):
        main = read_start(folder, "refs/main", 64).decode("ascii", "replace").strip()
    names = sorted(names_in(folder / "snapshots"), key=lambda name: name != main)
    return next((folder / "snapshots" / name for name in names if is_model(folder / "snapshots" / name)), None)
