"""Paths of the data folder, the models folders and the Hugging Face cache."""

from __future__ import annotations

import json
import os
from pathlib import Path

from splitreel.contract.messages import RESOURCES
from splitreel.contract.variables import DATA_FOLDER


def data_folder() -> Path:
    """Where the app keeps its data, as in src/main/data-folder.ts; both run resources/golden/data-folder.json."""
    if given := os.environ.get(DATA_FOLDER):
        return Path(given)
    # The XDG Base Directory specification ignores relative paths.
    chosen = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (chosen if chosen.is_absolute() else _home() / ".local" / "share") / "splitreel"


def kernel_trials_file() -> Path:
    """The file that records how attention kernels compared with SDPA on this machine; see kernel_trials.py."""
    return data_folder() / "cache" / "kernels.json"


def prompt_folder() -> Path:
    """Embeddings of prompts, kept between starts; see engine/prompt_files.py."""
    return data_folder() / "cache" / "prompts"


def kernel_cache_environment() -> dict[str, str]:
    """Variables that make Triton and FlashAttention 4 cache compiled kernels in one folder for all ranks and starts."""
    folder = data_folder() / "cache"
    return {
        "TRITON_CACHE_DIR": str(folder / "triton"),
        "FLASH_ATTENTION_CUTE_DSL_CACHE_ENABLED": "1",
        "FLASH_ATTENTION_CUTE_DSL_CACHE_DIR": str(folder / "flash-attention"),
    }


def models_folders() -> tuple[Path, ...]:
    """Where the app keeps models: the folder that the user chose, the previous one during a move, the default."""
    try:
        settings = json.loads((data_folder() / "settings.json").read_text("utf-8"))
        chosen = [settings.get("modelsFolder"), settings.get("modelsFolderBefore")]
    except (OSError, ValueError, AttributeError, RecursionError):
        chosen = []
    return (*(Path(folder) for folder in chosen if isinstance(folder, str)), data_folder() / "models")


def cache_folder() -> Path:
    """huggingface_hub's cache folder, by the rules in its constants.py, without importing it."""
    if given := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(given).expanduser()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache").expanduser()
    return Path(os.environ.get("HF_HOME") or cache / "huggingface").expanduser() / "hub"


def catalog_repositories(name: str) -> tuple[str, ...]:
    """The repositories of a catalog model; empty for a name that no catalog has.

    The user's own catalog comes first.
    """
    for file in (data_folder() / "catalog.json", RESOURCES / "catalog.json"):
        try:
            models = json.loads(file.read_text("utf-8"))["models"]
            found = next((entry for entry in models if entry["id"] == name), None)
            if found is not None:
                return tuple(map(str, found["repositories"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return ()


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # no HOME, and no entry of this user in the password database
        return Path("/")
