"""Several tables to one: files of the same columns are appended, test files after the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding, Source
from dl_core.errors import SchemaError, shorten
from dl_core.reading.collect import Collected
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.sources import source_of
from dl_core.reading.table.roles import names_a_key
from dl_core.reading.tables.append import appended, skipped_note, split_column
from dl_core.reading.tables.files import Given, TableFile, find_tables
from dl_core.reading.tables.formats import RawTable, read_file
from dl_core.reading.tables.names import listed, plain_name
from dl_core.reading.tables.room import TableKind

BYTES_A_ROW = 1_300  # at the peak, while history is derived
_ADVICE = "keep the latest months only, or all frauds and the accounts they belong to"
_ALIKE = 0.7  # share of common columns, from which a table is of the same kind


@dataclass(frozen=True)
class Combined:
    """All rows as read, and which part of a given split each belongs to ("" without one)."""

    frame: pd.DataFrame
    part: np.ndarray  # (n,) object
    notes: list[Finding]
    source: Source


def read_all(request: ReadRequest, workspace: Path, limits: Limits) -> Combined:
    """Read and append all tables of a request; rows are numbered in the order of the files, test rows last.

    Raises
    ------
    DaylightError
        If a file cannot be read, is too large, or test rows lack columns.
    """
    data = _find(request.paths, workspace / "data", limits)
    test = _find(request.test_paths, workspace / "test", limits) if request.test_paths else None
    notes: list[Finding] = []
    kind = TableKind(lambda name: names_a_key(name, request), BYTES_A_ROW, _ADVICE)
    raw, rows = [], 0
    files = [(file, file.test and test is None) for file in data.tables]
    files += [(file, True) for file in (test.tables if test else ())]
    for file, is_test in files:
        table = read_file(file, kind, limits, rows)
        rows += len(table.frame)
        raw.append((table, is_test))
        notes += skipped_note(table)
    notes += [] if test else _test_note(data.tables)
    other = [*data.other, *(test.other if test else ())]
    if other:
        notes.append(Finding("info", "other-files", f"Files that are no tables were left out: {listed(other, 3)}."))
    kept = _alike(raw, bool(request.test_paths), notes)
    frame = appended([table.frame for table, _ in kept])
    part = np.concatenate([np.full(len(t.frame), "test" if is_test else "", dtype=object) for t, is_test in kept])
    source = source_of([("data", Collected(source=data.source))])
    return Combined(frame, split_column(frame, part, notes), notes, source)


def _find(paths: Sequence[Path], workspace: Path, limits: Limits) -> Given:
    workspace.mkdir()
    return find_tables([Path(path) for path in paths], workspace, limits)


def _alike(raw: list[tuple[RawTable, bool]], tested: bool, notes: list[Finding]) -> list[tuple[RawTable, bool]]:
    """Return the tables of the same kind as the largest one, with its spelling of column names."""
    main = max((table for table, is_test in raw if not is_test), key=lambda table: len(table.frame))
    spelling = {plain_name(column): column for column in reversed(main.frame.columns)}
    kept, strange = [], []
    for table, is_test in raw:
        names = {column: spelling.get(plain_name(column), column) for column in table.frame.columns}
        common = [column for column in main.frame.columns if column in set(names.values())]
        missing = [column for column in main.frame.columns if column not in common]
        if is_test and missing and tested:
            raise SchemaError(
                f"the test data lack columns: {listed(missing)}",
                where=shorten(table.name, 60),
                expected="the same columns as the training data",
                todo="add them, or leave them out of the training data too",
            )
        if len(common) < _ALIKE * max(len(main.frame.columns), len(names)) or (is_test and missing):
            strange.append(table.name)
            continue
        if missing:
            text = f"{shorten(table.name)} lacks columns that other files have, and is empty there: {listed(missing)}."
            notes.append(Finding("warning", "missing-columns", text))
        kept.append((RawTable(table.name, table.frame.rename(columns=names)), is_test))
    if strange:
        text = f"Tables with other columns than {shorten(main.name)} were left out: {listed(strange, 5)}."
        notes.append(Finding("warning", "other-tables", f"{text} Join them into one table to use them."))
    return sorted(kept, key=lambda entry: entry[1])


def _test_note(files: Sequence[TableFile]) -> list[Finding]:
    """Return a note on files that are the test set by their name."""
    names = [file.name for file in files if file.test]
    if not names:
        return []
    return [Finding("info", "given-split", f"Test rows are those of {listed(names, 3)}, as the name says.")]
