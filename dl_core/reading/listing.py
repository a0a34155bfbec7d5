"""From what the user gave (files, folders, zips) to a flat list of files with their names."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from dl_core.errors import ArchiveError, FileError, LimitError, SchemaError
from dl_core.reading.archive import is_clutter, unpack
from dl_core.reading.limits import MEGABYTE, Limits, check_upload

_DEEPEST = 4  # archives within archives
SOURCE = "source.json"  # says where the data come from, and may list the files that are meant


RENAMED = "save it as one of these; renaming a file does not change what it is"
_FOREIGN = {
    b"%PDF": "a PDF document",
    b"GIF8": "a GIF image",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\xd0\xcf\x11\xe0": "an old Office document (.xls, .doc)",
    b"<!DOCTYPE": "an HTML page",
    b"<html": "an HTML page",
    b"<?xml": "an XML document",
}


@dataclass(frozen=True)
class GivenFile:
    """One file, its name as the user knows it, and the file or folder that was given.

    Parameters
    ----------
    path : pathlib.Path
        Where it lies now.
    name : str
        Relative to what was given, forward slashes.
    given : str
        Name of the file, folder or archive that it came in.
    """

    path: Path
    name: str
    given: str


def suffix_of(name: str | Path) -> str:
    """Return the lower-case suffix, ``.nii.gz`` as one."""
    name = str(name).lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def head_of(path: Path, size: int = 16) -> bytes:
    """Return the first bytes of a file."""
    with open(path, "rb") as file:
        return file.read(size)


def foreign_kind(head: bytes) -> str:
    """Return what a file is by its first bytes, where people often give such a file for another; else nothing."""
    return next((words for magic, words in _FOREIGN.items() if head.startswith(magic)), "")


def list_files(
    paths: Sequence[Path], workspace: Path, limits: Limits, check_zip: Callable[[Path, str], None] | None = None
) -> list[list[GivenFile]]:
    """Return the files of each path, archives unpacked below ``workspace``, without clutter and links.

    An archive within an archive is a folder of its name; one that is damaged, unsafe or too deep stays a file. Where
    a folder holds several archives, each is a folder of its name too, since such names may tell parts or classes.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    workspace : pathlib.Path
        A folder for what is unpacked.
    limits : Limits
    check_zip : callable, optional
        Takes a file and its name before it is unpacked, and raises where it is no zip.

    Raises
    ------
    FileError
        If a path does not exist.
    ArchiveError, LimitError
        If an archive is unsafe or something is too large.
    """
    for path in paths:
        if not path.exists():
            raise FileError("there is no such file or folder", where=str(path), todo="check the path")
    check_upload(list(paths), limits)
    return [_below(path, workspace, limits, check_zip) for path in paths]


def _below(
    path: Path, workspace: Path, limits: Limits, check_zip: Callable[[Path, str], None] | None
) -> list[GivenFile]:
    found: list[GivenFile] = []
    files = _files_of(path) if path.is_dir() else [path]
    several = sum(_is_zip(file, file.name) for file in files) > 1
    for file in files:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        if is_clutter(name) or file.is_symlink():
            continue
        if _is_zip(file, name):
            if check_zip is not None:
                check_zip(file, name)
            found += _unpacked(
                file, name, workspace, limits, str(PurePosixPath(name).with_suffix("")) if several else ""
            )
        else:
            found.append(GivenFile(file, name, path.name))
    return found


def _is_zip(file: Path, name: str) -> bool:
    return suffix_of(name) == ".zip" or (suffix_of(name) == "" and head_of(file, 4) == b"PK\x03\x04")


def _unpacked(
    file: Path, given: str, workspace: Path, limits: Limits, below: str = "", depth: int = 1
) -> list[GivenFile]:
    """Return the files of an archive and of those within it, under ``below``, which all share the limits."""
    into = workspace / f"{len(list(workspace.iterdir()))}"
    into.mkdir()
    found: list[GivenFile] = []
    for member in sorted(unpack(file, into, limits, given)):
        path, name = into / member, f"{below}/{member}" if below else member
        if depth < _DEEPEST and suffix_of(member) == ".zip" and head_of(path, 2) == b"PK":
            used = sum(one.stat().st_size for one in workspace.rglob("*") if one.is_file()) // MEGABYTE
            left = replace(limits, max_unpacked_mb=max(1, limits.max_unpacked_mb - used))
            try:
                found += _unpacked(path, given, workspace, left, str(PurePosixPath(name).with_suffix("")), depth + 1)
                continue
            except ArchiveError:
                pass  # it stays a file, which is told as one that cannot be read
        found.append(GivenFile(path, name, given))
    if len(found) > limits.max_files:
        raise LimitError(
            f"it holds {len(found):,} files",
            where=given,
            expected=f"at most {limits.max_files:,}",
            todo="pack fewer files, or raise DAYLIGHT_MAX_FILES on the server",
        )
    return found


def _files_of(folder: Path) -> list[Path]:
    """Return all files below a folder, or those that its ``source.json`` lists under ``files``."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    stated = folder / SOURCE
    if not stated.is_file():
        return files
    try:
        listed = json.loads(stated.read_text(encoding="utf-8")).get("files")
    except (ValueError, AttributeError, OSError) as error:
        raise SchemaError("it is not a JSON object", where=SOURCE, todo="correct or remove it") from error
    return files if not listed else [file for file in files if file == stated or file.name in listed]


def is_source(name: str) -> bool:
    """Return whether a file tells where the data come from."""
    return PurePosixPath(name).name == SOURCE
