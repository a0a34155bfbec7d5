"""The one reader of tables: all tables of a request, as frames and as a description of how each was read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from dl_core.data.dataset import Finding, Source
from dl_core.data.findings import listed
from dl_core.data.reading import LEFT_OUT, FileReading
from dl_core.errors import FileError, shorten
from dl_core.reading.limits import Limits
from dl_core.reading.listing import GivenFile
from dl_core.reading.request import ReadRequest
from dl_core.reading.secrets.hide import Hidden, hidden
from dl_core.reading.sources import source_of
from dl_core.reading.tables.about import TableAbout, columns_about
from dl_core.reading.tables.files import GivenTables, find_tables
from dl_core.reading.tables.formats import Parsed, format_of
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
    """All tables of a request, training tables first, without secrets; what is to say, and where they come from.

    ``left`` are the files and sheets that were not read, each with the reason.
    """

    tables: tuple[RawTable, ...]
    notes: tuple[Finding, ...]
    source: Source
    left: tuple[FileReading, ...] = ()
    hidden: Hidden = field(default_factory=Hidden)


def read_tables(request: ReadRequest, workspace: Path, kind: TableKind, limits: Limits) -> Tables:
    """Read all tables of a request; one that cannot be read ends nothing while others can.

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
        If no file of one side can be read, or one is too large.
    """
    data = _find(request.paths, workspace / "data", kind, limits)
    sides = [(data, not request.test_paths)]
    if request.test_paths:
        sides.append((_find(request.test_paths, workspace / "test", kind, limits), False))
    found: list[RawTable] = []
    left: list[FileReading] = []
    for side, (given, by_name) in enumerate(sides):
        chosen = set(kind.chosen([file.name for file in given.tables]))
        unused = [FileReading(one.name, LEFT_OUT, "its rows stand in another file") for one in given.tables]
        left += [*given.other, *(one for one in unused if one.name not in chosen)]
        wrong: list[FileError] = []
        before = len(found)
        for file in (file for file in given.tables if file.name in chosen):
            try:
                tables, apart = read_file(file, kind, limits, sum(len(table.frame) for table in found))
            except FileError as error:
                wrong.append(error)
                left.append(FileReading(file.name, LEFT_OUT, error.problem))
                continue
            test = side == 1 or (by_name and file.name in given.tests)
            found += [replace(table, test=test) for table in tables]
            left += apart
        if len(found) == before:
            raise wrong[0]
    notes = [] if kind.headless is None else kind.headless.notes()
    notes += [note for table in found for note in _line_notes(table)]
    if left:
        names = listed([one.name for one in left], 3)
        notes.append(Finding("info", "other-files", f"Files that were not needed were left out: {names}."))
    without, secrets, about = hidden(sorted(found, key=lambda table: table.test), request)
    return Tables(tuple(without), (*notes, *about), source_of(data.source), tuple(left), secrets)


def _find(paths: Sequence[Path], workspace: Path, kind: TableKind, limits: Limits) -> GivenTables:
    workspace.mkdir()
    return find_tables([Path(path) for path in paths], workspace, limits, kind.suffixes)


def read_file(
    file: GivenFile, kind: TableKind, limits: Limits, rows_before: int = 0
) -> tuple[list[RawTable], list[FileReading]]:
    """Read the tables of one file; also return the sheets that are not read.

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
    tables = [one for one in parsed if len(one.frame) and len(one.frame.columns)]
    if not tables:
        raise FileError("the table has no rows", where=file.name, todo="export it again")
    room.check(max(len(one.frame) for one in tables), max(one.frame.shape[1] for one in tables))
    kept = _sheets(tables, kind.sheets) if tables[0].sheet else tables
    left = [
        FileReading(_name(file, one), LEFT_OUT, f"{sheet}, smaller than {kept[0].sheet!r}" if len(one.frame) else empty)
        for one in parsed
        for sheet, empty in [("another sheet", "a sheet without a table")]
        if not any(one is other for other in kept)
    ]
    headless = kind.headless is not None and file.name in kind.headless.found
    return [_raw(file, one, way.name, kind.tidy(one.frame, headless), len(kept) > 1) for one in kept], left


def _sheets(tables: Sequence[Parsed], which: str) -> list[Parsed]:
    """Return the sheets of a workbook to read, the largest first."""
    largest = max(tables, key=lambda one: one.frame.size)
    alike = [one for one in tables if which == "all" or list(one.frame.columns) == list(largest.frame.columns)]
    return [largest] if which == "largest" else [largest, *(one for one in alike if one is not largest)]


def _name(file: GivenFile, parsed: Parsed, several: bool = True) -> str:
    part = parsed.member or (parsed.sheet if several else "")
    return f"{file.name}/{part}" if part else file.name


def _raw(file: GivenFile, parsed: Parsed, way: str, frame: pd.DataFrame, several: bool) -> RawTable:
    name = _name(file, parsed, several)
    columns = [replace(one, unit=parsed.units.get(one.name, "")) for one in columns_about(frame, name)]
    about = TableAbout(
        file=file.given,
        member="" if name == file.given else name,
        sheet=parsed.sheet,
        format=way,
        encoding=parsed.encoding,
        delimiter=parsed.delimiter,
        header=parsed.header,
        rows=len(frame),
        columns=tuple(columns),
        said=parsed.said,
    )
    return RawTable(name, frame, about, skipped=parsed.skipped)


def _line_notes(table: RawTable) -> list[Finding]:
    """Return a warning where lines did not fit the header, and what was skipped around the table."""
    notes = []
    if table.skipped:
        text = f"{table.skipped:,} lines of {shorten(table.name)} have more or fewer cells than the header"
        notes.append(Finding("warning", "broken-lines", f"{text} and were left out."))
    if table.about.said:
        level, kind = ("warning", "footer") if "footer" in table.about.said[-1] else ("info", "outline")
        notes.append(Finding(level, kind, f"{shorten(table.name)}: {'; '.join(table.about.said)}."))
    return notes
