"""From what the user gave (files, folders, zips) to the tables that hold rows."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dl_core.errors import FileError, SchemaError, shorten
from dl_core.reading.archive import is_clutter, unpack
from dl_core.reading.file_types import suffix_of
from dl_core.reading.limits import Limits, check_upload
from dl_core.reading.tables.names import plain_name

FORMATS = "CSV, TSV, Parquet, Excel (.xlsx), JSON lines, or a zip or folder of these"
TABLES = (".csv", ".tsv", ".txt", ".data", ".parquet", ".pq", ".xlsx", ".jsonl", ".ndjson", ".json")
_PACKED = {
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
}


@dataclass(frozen=True)
class TableFile:
    """One file that holds a table, and its name as the user knows it."""

    path: Path
    name: str
    test: bool = False  # whether its name says that it is the test set


@dataclass(frozen=True)
class Given:
    """The tables of one side (``--data`` or ``--test``), what else lay there, and where they come from."""

    tables: tuple[TableFile, ...]
    other: tuple[str, ...] = ()
    source: Path | None = None  # source.json


def find_tables(paths: Sequence[Path], workspace: Path, limits: Limits, suffixes: Sequence[str] = TABLES) -> Given:
    """List the tables among paths, unpacking zips below ``workspace``.

    Raises
    ------
    FileError
        If a path does not exist, or no table is among them.
    ArchiveError, LimitError
        If an archive is unsafe or something is too large.
    """
    for path in paths:
        if not path.exists():
            raise FileError("there is no such file or folder", where=str(path), todo="check the path")
    check_upload(list(paths), limits)
    listed = [entry for path in paths for entry in _listed(path, workspace, limits)]
    source = next((path for path, name in listed if PurePosixPath(name).name == "source.json"), None)
    listed = [(path, name) for path, name in listed if PurePosixPath(name).name != "source.json"]
    alone = len(listed) == 1
    found = [(path, name) for path, name in listed if _is_table(path, name, alone, suffixes)]
    if not found:
        names = ", ".join(shorten(PurePosixPath(name).name, 40) for _, name in listed[:3]) or "nothing"
        raise FileError(
            f"there is no table in it (found {names})",
            where=shorten(paths[0].name),
            expected=FORMATS,
            todo="export the rows as CSV",
        )
    stems = [_stem_words(name) for _, name in found]
    halves = any("test" in words for words in stems) and any({"train", "training"} & words for words in stems)
    tables = [TableFile(p, n, halves and "test" in words) for (p, n), words in zip(found, stems, strict=True)]
    kept = {table.name for table in tables}
    return Given(tuple(tables), tuple(name for _, name in listed if name not in kept), source)


def _listed(path: Path, workspace: Path, limits: Limits) -> list[tuple[Path, str]]:
    """Return (path, name) of every file below a path, archives unpacked."""
    files = _files_of(path) if path.is_dir() else [path]
    found: list[tuple[Path, str]] = []
    for file in files:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        if is_clutter(name) or file.is_symlink():
            continue
        if suffix_of(name) == ".zip" or (suffix_of(name) == "" and _head(file)[:4] == b"PK\x03\x04"):
            into = workspace / f"{len(list(workspace.iterdir()))}"
            into.mkdir()
            found += [(into / member, member) for member in sorted(unpack(file, into, limits, name))]
        else:
            found.append((file, name))
    return found


def _files_of(folder: Path) -> list[Path]:
    """Return all files below a folder, or those that its ``source.json`` lists under ``files``."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    stated = folder / "source.json"
    if not stated.is_file():
        return files
    try:
        listed = json.loads(stated.read_text(encoding="utf-8")).get("files")
    except (ValueError, AttributeError, OSError) as error:
        raise SchemaError("it is not a JSON object", where="source.json", todo="correct or remove it") from error
    return files if not listed else [file for file in files if file == stated or file.name in listed]


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(16)


def _is_table(path: Path, name: str, alone: bool, suffixes: Sequence[str]) -> bool:
    """Return whether a file is a table by its name and first bytes; a single file must be one.

    Raises
    ------
    FileError
        If it is empty, or claims to be a table and is something else.
    """
    suffix, head = suffix_of(name), _head(path)
    if suffix not in suffixes and head[:4] != b"PAR1" and not (alone and suffix == ""):
        return False
    quiet = suffix in (".txt", ".json") and not alone  # read-me files and descriptions beside the data
    if quiet:
        return False
    if not head:
        raise FileError("the file is empty", where=name, todo="export or copy it again")
    for magic, kind in _PACKED.items():
        if head.startswith(magic):
            raise FileError(
                f"this is {kind}",
                where=name,
                expected=FORMATS,
                todo="save it as one of these; renaming a file does not change what it is",
            )
    return True


def _stem_words(name: str) -> set[str]:
    """Return the words of a file's name and its folder: ``"fraudTest.csv"`` → {"fraud", "test"}."""
    parts = PurePosixPath(name).parts[-2:]
    return {word for part in parts for word in re.split(r"[_\d.]+", plain_name(PurePosixPath(part).stem))}
