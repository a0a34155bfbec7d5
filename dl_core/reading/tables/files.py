"""Which of the files that the user gave are tables, and which of those are test data by their name."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dl_core.data.findings import few
from dl_core.data.reading import LEFT_OUT, FileReading
from dl_core.errors import ArchiveError, FileError, shorten
from dl_core.reading.limits import Limits
from dl_core.reading.listing import RENAMED, GivenFile, foreign_kind, head_of, is_source, list_files, suffix_of
from dl_core.reading.tables.formats import formats_in_words, is_claimed, table_suffixes
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.packed import opened
from dl_core.reading.tables.text import decode_table, marked_encoding, separator_of

_SAMPLE = 1 << 14  # bytes that tell text in cells from prose and from what is no text


@dataclass(frozen=True)
class GivenTables:
    """The tables of one side (``--data`` or ``--test``), what else lay there, and where they come from."""

    tables: tuple[GivenFile, ...]
    tests: frozenset[str]  # names of those that are test data, as their names say
    other: tuple[FileReading, ...] = ()
    source: Path | None = None  # source.json


def find_tables(
    paths: Sequence[Path], workspace: Path, limits: Limits, more_suffixes: Collection[str] = ()
) -> GivenTables:
    """List the tables among paths, unpacking zips below ``workspace``.

    Raises
    ------
    FileError
        If a path does not exist, or no table is among them.
    ArchiveError, LimitError
        If an archive is unsafe or something is too large.
    """
    every = [file for files in list_files(paths, workspace, limits) for file in files]
    source = next((file.path for file in every if is_source(file.name)), None)
    given: list[GivenFile] = []
    other: list[FileReading] = []
    wrong: list[FileError | ArchiveError] = []
    for file in (file for file in every if not is_source(file.name)):
        try:
            given += opened(file, workspace, limits)
        except ArchiveError as error:
            wrong.append(error)
            other.append(FileReading(file.name, LEFT_OUT, error.problem))
    alone = len(given) == 1
    suffixes = {*table_suffixes(quiet=alone), *more_suffixes}
    found: list[GivenFile] = []
    for file in given:
        try:
            if _is_table(file, alone, suffixes):
                found.append(file)
            else:
                other.append(FileReading(file.name, LEFT_OUT, "not a table"))
        except FileError as error:
            wrong.append(error)
            other.append(FileReading(file.name, LEFT_OUT, error.problem))
    if not found:
        names = few([PurePosixPath(file.name).name for file in given], 3, 40)
        raise (
            wrong[0]
            if wrong
            else FileError(
                f"there is no table in it (found {names or 'nothing'})",
                where=shorten(paths[0].name),
                expected=formats_in_words(),
                todo="export the rows as CSV",
            )
        )
    words = {file.name: _stem_words(file.name) for file in found}
    halves = any({"train", "training"} & told for told in words.values())
    tests = frozenset(name for name, told in words.items() if halves and "test" in told)
    return GivenTables(tuple(found), tests, tuple(other), source)


def _is_table(file: GivenFile, alone: bool, suffixes: Collection[str]) -> bool:
    """Return whether a file is a table by its name and first bytes; a single file must be one.

    Raises
    ------
    FileError
        If it is empty, or claims to be a table and is something else.
    """
    suffix, head = suffix_of(file.name), head_of(file.path)
    told = is_claimed(head, file.path)
    if suffix not in suffixes and not told and not _holds_rows(file.path, alone):
        return False
    if not head:
        raise FileError("the file is empty", where=file.name, todo="export or copy it again")
    if (foreign := foreign_kind(head)) and not told:
        raise FileError(f"this is {foreign}", where=file.name, expected=formats_in_words(), todo=RENAMED)
    return True


def _holds_rows(path: Path, alone: bool) -> bool:
    """Return whether a file whose name tells nothing is text, and beside others in even cells as no prose is."""
    head = head_of(path, _SAMPLE)
    if not head or (b"\0" in head and not marked_encoding(head)):
        return alone and not head  # an empty file is named as such
    _, text = decode_table(path, _SAMPLE)
    odd = sum(not letter.isprintable() and letter not in "\t\r\n\f" for letter in text)
    if odd > 0.01 * len(text):
        return False
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    rows = csv.reader((line for line in lines[:-1] if not line.endswith(":")), delimiter=separator_of(text)[:1])
    sizes = {len(row) for row in rows}
    return alone or (len(lines) > 3 and len(sizes) == 1 and max(sizes) > 1)


def _stem_words(name: str) -> set[str]:
    """Return the words of a file's name and its folder: ``"fraudTest.csv"`` → {"fraud", "test"}."""
    parts = PurePosixPath(name).parts[-2:]
    return {word for part in parts for word in re.split(r"[_\d.]+", plain_name(PurePosixPath(part).stem))}
