"""A folder of wheels as one zip file, for computers without a network. The system's own Python runs it as a script
before there is an environment, so it needs the standard library alone:

    python -I bundle_archive.py inspect ARCHIVE     lists its content as JSON
    python -I bundle_archive.py unpack ARCHIVE FOLDER
    python -I bundle_archive.py pack FOLDER ARCHIVE

It takes only the manifest and the wheels from an archive, each by its bare name, so that no entry can lead out of the
folder. Exit code 1 with one line on stderr if something can't be read or written.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_MANIFEST: Final = "bundle.json"
_MANIFEST_BYTES: Final = 65_536
_WHEELS: Final = "wheels"
# With or without the folder itself in front.
_WANTED: Final = re.compile(r"(?:[^/]+/)?(?:bundle\.json|wheels/([^/\\]+\.whl))")
_COPY_BYTES: Final = 1_048_576


def inspect(archive: Path) -> dict[str, object]:
    """The `bytes` to unpack and the text of the `manifest`, None if there is none."""
    with zipfile.ZipFile(archive) as opened:
        found = list(_entries(opened))
        manifests = [info for info, wheel in found if wheel is None and info.file_size <= _MANIFEST_BYTES]
        manifest = opened.read(manifests[0]).decode() if manifests else None
    return {"bytes": sum(info.file_size for info, _ in found), "manifest": manifest}


def unpack(archive: Path, folder: Path) -> None:
    """Prints the name of each file as it is unpacked. The manifest comes last: a folder without one is incomplete."""
    wheels = folder / _WHEELS
    wheels.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as opened:
        for info, wheel in sorted(_entries(opened), key=lambda entry: entry[1] is None):
            target = folder / _MANIFEST if wheel is None else wheels / wheel
            sys.stdout.write(f"{target.name}\n")
            sys.stdout.flush()
            with opened.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, _COPY_BYTES)


def pack(folder: Path, archive: Path) -> None:
    """Stores wheels without compression: they are compressed already."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            made.write(file, file.relative_to(folder))


def _entries(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str | None]]:
    """The entries to unpack, with the bare name of a wheel or None for the manifest."""
    for info in archive.infolist():
        match = _WANTED.fullmatch(info.filename)
        if match is not None:
            yield info, match[1]


def main(arguments: Sequence[str]) -> int:
    try:
        match arguments:
            case ["inspect", archive]:
                sys.stdout.write(f"{json.dumps(inspect(Path(archive)))}\n")
            case ["unpack", archive, folder]:
                unpack(Path(archive), Path(folder))
            case ["pack", folder, archive]:
                pack(Path(folder), Path(archive))
            case _:
                sys.stderr.write(str(__doc__))
                return 2
    # RuntimeError and NotImplementedError: encrypted, or an unknown compression.
    except (OSError, zipfile.BadZipFile, EOFError, UnicodeDecodeError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
