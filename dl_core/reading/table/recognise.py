"""Which of several tables hold transactions: those with the columns of the largest one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.data.reading import LEFT_OUT, FileReading
from dl_core.errors import SchemaError, shorten
from dl_core.reading.request import ReadRequest
from dl_core.reading.secrets.hide import Hidden
from dl_core.reading.table.beside import joined_beside
from dl_core.reading.table.target import find_label
from dl_core.reading.tables.about import TableAbout
from dl_core.reading.tables.append import joined_rows
from dl_core.reading.tables.names import respelled
from dl_core.reading.tables.read import RawTable, Tables

_ALIKE = 0.7  # share of common columns, from which a table is of the same kind


@dataclass(frozen=True)
class Combined:
    """All rows as read, the part of a given split that each belongs to ("" without one), and how that was read."""

    frame: pd.DataFrame
    part: np.ndarray  # (n,) object
    notes: list[Finding]
    tables: tuple[TableAbout, ...]
    hidden: Hidden
    left: tuple[FileReading, ...] = ()
    split: tuple[str, ...] = ()  # columns that gave the split
    keys: Mapping[str, str] = field(default_factory=dict)  # of the columns of tables beside, by which these were joined


def combined(read: Tables, request: ReadRequest) -> Combined:
    """Return the rows of all tables of one kind, in the order of the files, test rows last.

    Raises
    ------
    SchemaError
        If test rows lack columns.
    """
    notes = [*read.notes, *([] if request.test_paths else _test_note(read))]
    main = _main([table for table in read.tables if not table.test])
    kept, strange = _alike(read, main, bool(request.test_paths), notes)
    kept, about, keys = _with_beside(kept, strange, main.name, notes)
    columns = list(kept[0].frame.columns)
    frame, part = joined_rows(kept, columns, notes, {name for names in request.wished.values() for name in names})
    split = tuple(name for name in columns if name not in frame.columns)
    tables = (*(table.about for table in kept), *about)
    return Combined(frame, part, notes, tables, read.hidden, read.left, split, keys)


def _main(tables: list[RawTable]) -> RawTable:
    """Return the table of rows: the largest, unless another one has a fraud label that cannot be joined to it."""
    tables = sorted(tables, key=lambda table: -len(table.frame))
    columns = {frozenset(table.frame) for table in tables}
    told = [one for one in tables if len(columns) > 1 and find_label(one.frame, list(one.frame)).column]
    if not told or any(one is tables[0] or joined_beside(tables[0], one)[1] for one in told):
        return tables[0]
    return told[0]


def _with_beside(
    kept: list[RawTable], strange: list[RawTable], main: str, notes: list[Finding]
) -> tuple[list[RawTable], list[TableAbout], dict[str, str]]:
    """Return the tables of rows with what tables beside them say, the descriptions of these, and keys by column."""
    about: list[TableAbout] = []
    keys: dict[str, str] = {}
    left = []
    for side in strange:
        tried = [joined_beside(table, side) if table.test == side.test else (table, "") for table in kept]
        key = next((key for _, key in tried if key), "")
        if not key:
            left.append(side.name)
            about.append(
                side.about.as_part(LEFT_OUT, f"has other columns than {shorten(main, 60)} and no key of its rows")
            )
            continue
        keys |= {name: key for table, _ in tried for name in table.frame if name not in kept[0].frame}
        kept = [table for table, _ in tried]
        words = f"joined by {shorten(key, 40)!r}"
        about.append(side.about.as_part("side table", words))
        notes.append(Finding("info", "joined-tables", f"{shorten(side.name, 60)} was {words}."))
    if left:
        text = f"Tables with other columns than {shorten(main)} were left out: {listed(left, 5)}."
        notes.append(Finding("warning", "other-tables", f"{text} Join them into one table to use them."))
    return kept, about, keys


def _alike(read: Tables, main: RawTable, tested: bool, notes: list[Finding]) -> tuple[list[RawTable], list[RawTable]]:
    """Return the tables of the same kind as the largest one, and the others."""
    kept: list[RawTable] = []
    strange: list[RawTable] = []
    for table in read.tables:
        names = set(respelled(table.frame.iloc[:0], main.frame.columns).columns)
        missing = [column for column in main.frame.columns if column not in names]
        if table.test and missing and tested:
            raise SchemaError(
                f"the test data lack columns: {listed(missing)}",
                where=shorten(table.name, 60),
                expected="the same columns as the training data",
                todo="add them, or leave them out of the training data too",
            )
        common = main.frame.shape[1] - len(missing)
        if common < _ALIKE * max(main.frame.shape[1], len(names)) or (table.test and missing):
            strange.append(table)
            continue
        if missing:
            text = f"{shorten(table.name)} lacks columns that other files have, and is empty there: {listed(missing)}."
            notes.append(Finding("warning", "missing-columns", text))
        kept.append(table)
    return kept, strange


def _test_note(read: Tables) -> list[Finding]:
    """Return a note on files that are the test set by their name."""
    names = [table.name for table in read.tables if table.test]
    if not names:
        return []
    return [Finding("info", "given-split", f"Test rows are those of {listed(names, 3)}, as the name says.")]
