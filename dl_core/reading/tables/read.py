"""The one reader of tables: all tables of a request, as frames and as a description of how each was read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from dl_core.data.dataset import Finding, Source
from dl_core.data.findings import listed
from dl_core.errors import FileError, shorten
from dl_core.reading.limits import Limits
from dl_core.reading.listing import GivenFile
from dl_core.reading.request import ReadRequest
from dl_core.reading.sources import source_of
from dl_core.reading.tables.about import TableAbout, columns_about
from dl_core.reading.tables.files import GivenTables, find_tables
from dl_core.reading.tables.formats import format_of
from dl_core.reading.tables.room import Room, TableKind


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file, whether it is test data, and how it was read."""

    name: str
    frame: pd.DataFrame
    about: TableAbout
    test: bool = False
    skipped: int = 0  # lines that did not fit the header


@dataclass(frozen=True)
class Tables:
    """All tables of a request, training tables first, what is to say about them, and where they come from."""

    tables: tuple[RawTable, ...]
    notes: tuple[Finding, ...]
    source: Source


def read_tables(request: ReadRequest, workspace: Path, kind: TableKind, limits: Limits) -> Tables:
    """Read all tables of a request.

    Parameters
    ----------
    request : ReadRequest
    workspace : pathlib.Path
        An empty folder, for what is unpacked.
    kind : TableKind
        How tables of this kind lie.
    limits : Limits

    Raises
    ------
    DaylightError
        If a file cannot be read or is too large.
    """
    data = _find(request.paths, workspace / "data", kind, limits)
    sides = [(data, not request.test_paths)]
    if request.test_paths:
        sides.append((_find(request.test_paths, workspace / "test", kind, limits), False))
    found: list[RawTable] = []
    other: list[str] = []
    for side, (given, by_name) in enumerate(sides):
        chosen = set(kind.chosen([file.name for file in given.tables]))
        other += [*given.other, *(file.name for file in given.tables if file.name not in chosen)]
        for file in given.tables:
            if file.name in chosen:
                table = read_file(file, kind, limits, sum(len(table.frame) for table in found))
                found.append(replace(table, test=side == 1 or (by_name and file.name in given.tests)))
    notes = [] if kind.headless is None else kind.headless.notes()
    notes += [note for table in found for note in _skipped_note(table)]
    if other:
        notes.append(Finding("info", "other-files", f"Files that were not needed were left out: {listed(other, 3)}."))
    return Tables(tuple(sorted(found, key=lambda table: table.test)), tuple(notes), source_of(data.source))


def _find(paths: Sequence[Path], workspace: Path, kind: TableKind, limits: Limits) -> GivenTables:
    workspace.mkdir()
    return find_tables([Path(path) for path in paths], workspace, limits, kind.suffixes)


def read_file(file: GivenFile, kind: TableKind, limits: Limits, rows_before: int = 0) -> RawTable:
    """Read one table.

    Parameters
    ----------
    file : GivenFile
    kind : TableKind
    limits : Limits
    rows_before : int
        Rows of the files read before, which count towards the limits.

    Raises
    ------
    FileError
        If it cannot be read or has no rows.
    LimitError
        If it is larger than the limits allow; known before all of it is read.
    """
    room, way = Room(file.name, kind, limits, rows_before), format_of(file.path, file.name)
    try:
        parsed = way.read(file.path, room)
    except (pa.ArrowException, ValueError, OSError, csv.Error) as error:
        raise FileError(
            "the table cannot be read",
            where=file.name,
            expected="one header line and the same number of columns in every row",
            todo="save it again as CSV (UTF-8) or Parquet",
        ) from error
    frame = parsed.frame
    if frame.empty or not len(frame.columns):
        raise FileError("the table has no rows", where=file.name, todo="export it again")
    room.check(len(frame), frame.shape[1])
    frame = kind.tidy(frame, kind.headless is not None and file.name in kind.headless.found)
    about = TableAbout(
        file=file.given,
        member="" if file.name == file.given else file.name,
        sheet=parsed.sheet,
        format=way.name,
        encoding=parsed.encoding,
        delimiter=parsed.delimiter,
        header=parsed.header,
        rows=len(frame),
        columns=columns_about(frame, file.name),
    )
    return RawTable(file.name, frame, about, skipped=parsed.skipped)


def _skipped_note(table: RawTable) -> list[Finding]:
    """Return a warning where lines did not fit the header."""
    if not table.skipped:
        return []
    text = f"{table.skipped:,} lines of {shorten(table.name)} have more or fewer cells than the header"
    return [Finding("warning", "broken-lines", f"{text} and were left out.")]
