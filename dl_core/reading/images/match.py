"""Tables that say more about files, matched to the files they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from dl_core.errors import SchemaError, shorten
from dl_core.reading.listing import suffix_of


@dataclass(frozen=True)
class TableMatch:
    """A table whose rows were found to name files.

    Parameters
    ----------
    name : str
        Of the table.
    table : pandas.DataFrame
    column : str
        The column that names the files.
    rows : dict of str to int
        Position in ``table`` by file name.
    unmatched : tuple of str
        Names in the column for which there is no file.
    ambiguous : tuple of str
        Names that fit several files and were therefore not used.
    """

    name: str
    table: pd.DataFrame
    column: str
    rows: dict[str, int]
    unmatched: tuple[str, ...]
    ambiguous: tuple[str, ...]


def match_files(tables: Sequence[tuple[str, pd.DataFrame]], files: Sequence[str], column: str = "") -> TableMatch:
    """Find the table and the column that name the files best, with or without folder and extension.

    Parameters
    ----------
    tables : sequence of (name, table)
    files : sequence of str
        Relative names with forward slashes.
    column : str
        The column to use, where the user has named it.

    Raises
    ------
    SchemaError
        If nothing names a file.
    """
    lookup = _names_of(files)
    best: TableMatch | None = None
    for name, table in tables:
        if column and column not in table.columns:
            continue
        for candidate in [column] if column else list(table.columns):
            match = _match_column(name, table, candidate, lookup)
            if match.rows and (best is None or len(match.rows) > len(best.rows)):
                best = match
    if best is None:
        raise SchemaError(
            f"no column names any of the {len(files)} files",
            where=", ".join(name for name, _ in tables),
            expected=f"names such as {_examples(files)}; found {_example_values(tables, column)}",
            todo="add a column with the file names, with or without extension",
        )
    return best


def _names_of(files: Sequence[str]) -> dict[str, list[str]]:
    """Return the files that each way of writing a name may mean; the closest way wins in `_match_column`."""
    lookup: dict[str, list[str]] = {}
    for file in files:
        for written in {_key(file), _key(PurePosixPath(file).name), _stem(file), _stem(PurePosixPath(file).name)}:
            lookup.setdefault(written, []).append(file)
    return lookup


def _key(name: str) -> str:
    return str(PurePosixPath(name.replace("\\", "/").strip())).casefold()


def _stem(name: str) -> str:
    suffix = suffix_of(name)
    return _key(name)[: -len(suffix)] if suffix else _key(name)


def _match_column(name: str, table: pd.DataFrame, column: str, lookup: dict[str, list[str]]) -> TableMatch:
    rows: dict[str, int] = {}
    unmatched, ambiguous = [], []
    for at, value in enumerate(table[column]):
        if value is None or value != value:
            continue
        written = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        full = _key(written)
        found = lookup.get(full) or lookup.get(PurePosixPath(full).name) or lookup.get(_stem(written)) or []
        if not found:
            unmatched.append(written)
        elif len(found) > 1:
            ambiguous.append(written)
        else:
            rows.setdefault(found[0], at)
    return TableMatch(name, table, column, rows, tuple(unmatched), tuple(ambiguous))


def _examples(files: Sequence[str]) -> str:
    return ", ".join(repr(shorten(PurePosixPath(file).name, 40)) for file in files[:2])


def _example_values(tables: Sequence[tuple[str, pd.DataFrame]], column: str) -> str:
    """Return column names only: values may be personal."""
    columns = [str(name) for _, table in tables for name in table.columns]
    if column:
        return f"no match in {shorten(column, 40)!r}"
    return "the columns " + ", ".join(repr(shorten(name, 30)) for name in columns[:6])
