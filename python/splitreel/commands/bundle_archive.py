"""A folder of wheels as one zip file, for computers without a network. Standard library only, and run as a script by
the system's own Python, before there is an environment:

    python -I bundle_archive.py look ARCHIVE        what is in it, as JSON
    python -I bundle_archive.py unpack ARCHIVE FOLDER
    python -I bundle_archive.py pack FOLDER ARCHIVE

Of a zip that came from elsewhere nothing but its manifest and its wheels is taken, each by its bare name, so that no
entry can lead out of the folder. Exit code 1 with one line on stderr where it cannot be read or written.
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
# Those of a folder that was zipped as a whole count too.
_WANTED: Final = re.compile(r"(?:[^/]+/)?(?:bundle\.json|wheels/([^/\\]+\.whl))")
_COPY_BYTES: Final = 1_048_576


def look(archive: Path) -> dict[str, object]:
    """`bytes` that would be unpacked, and the text of its `manifest`, None where there is none."""
    with zipfile.ZipFile(archive) as opened:
        found = list(_entries(opened))
        manifests = [info for info, wheel in found if wheel is None and info.file_size <= _MANIFEST_BYTES]
        manifest = opened.read(manifests[0]).decode() if manifests else None
    return {"bytes": sum(info.file_size for info, _ in found), "manifest": manifest}


def unpack(archive: Path, folder: Path) -> None:
    """Prints each file's name as its turn comes. The manifest comes last: a folder without one is not whole."""
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
    """Wheels are stored as they are: they are compressed already."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            made.write(file, file.relative_to(folder))


def _entries(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str | None]]:
    """What is wanted of it, with the bare name of a wheel; None for the manifest."""
    for info in archive.infolist():
        match = _WANTED.fullmatch(info.filename)
        if match is not None:
            yield info, match[1]


def main(words: Sequence[str]) -> int:
    try:
        match words:
            case ["look", archive]:
                sys.stdout.write(f"{json.dumps(look(Path(archive)))}\n")
            case ["unpack", archive, folder]:
                unpack(Path(archive), Path(folder))
            case ["pack", folder, archive]:
                pack(Path(folder), Path(archive))
            case _:
                sys.stderr.write(str(__doc__))
                return 2
    # RuntimeError and NotImplementedError: encrypted, or packed in a way that is not known here.
    except (OSError, zipfile.BadZipFile, EOFError, UnicodeDecodeError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
