"""The flags of xDiT's and CogVideo's scripts that Splitreel has no flag for (xfuser/config/args.py, xDiT 0.7)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from splitreel.contract import failures, reasons

# What they request happens anyway, or they choose between options that Splitreel doesn't have. Values: argument counts.
_HARMLESS: Final[dict[str, int]] = {
    "--enable_tiling": 0,
    "--enable_slicing": 0,
    "--use_parallel_vae": 0,
    "--no_use_resolution_binning": 0,
    "--trust_remote_code": 0,
    "--download_dir": 1,
    "--split_scheme": 1,
    "--max_sequence_length": 1,
    "--dit_parallel_size": 1,
    "--vae_parallel_size": 1,
    "--ray_world_size": 1,
}
_UNSUPPORTED: Final = (
    "--use_torch_compile",
    "--use_onediff",
    "--use_teacache",
    "--use_fbcache",
    "--use_cache",
    "--use_fast_attn",
    "--use_ray",
    "--shard_dit",
    "--shard_t5_encoder",
    "--use_fp8_t5_encoder",
    "--use_fp8_gemms",
    "--use_int8_gemms",
    "--attn_layer_num_for_pp",
    "--attention_backend",
)


class _Note(argparse.Action):
    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        _values: object,
        option_string: str | None = None,
    ) -> None:
        noted = getattr(namespace, "ignored", [])
        namespace.ignored = [*noted, option_string]


class _Refuse(argparse.Action):
    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: object,
        option_string: str | None = None,
    ) -> None:
        raise failures.flag_invalid(reasons=[reasons.flag_of_xdit(flag=option_string or "")])


def add_compatible_flags(parser: argparse.ArgumentParser) -> None:
    """The names of harmless flags that were given are collected in `ignored`."""
    for flag, count in _HARMLESS.items():
        parser.add_argument(
            flag, action=_Note, nargs=count, dest="ignored", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
    for flag in _UNSUPPORTED:
        parser.add_argument(
            flag, action=_Refuse, nargs="*", dest="ignored", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
    parser.add_argument("--img_file_path", dest="image", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def note_of(ignored: Sequence[str]) -> str | None:
    """One line about all of them."""
    if not ignored:
        return None
    return f"No need for {', '.join(ignored)}: Splitreel works this way already."
