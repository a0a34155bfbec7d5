"""Years that stand in the names of sheets and files whose rows tell months, weeks or quarters only."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from dl_core.data.dataset import Finding
from dl_core.data.reading import LEFT_OUT, ColumnReading
from dl_core.reading.series.parts import part_of_time
from dl_core.reading.series.periods import MOST
from dl_core.reading.series.roles import find_time
from dl_core.reading.tables.read import RawTable, Tables

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|2[01])\d\d(?!\d)")
_COLUMN = "year"


def with_years(tables: Tables, least: int = 2) -> Tables:
    """Return tables with a column of the year that their names tell, where they tell different ones.

    Parameters
    ----------
    tables : Tables
    least : int
        Tables with a year in their names, from which these are believed.
    """
    if len(tables.tables) < least:
        return tables
    years = {table.name: _year_of(table) for table in tables.tables}
    told = [year for year in years.values() if year]
    if len(told) < least or len(set(told)) < len(told):
        return tables
    changed = tuple(_dated(table, years[table.name]) if years[table.name] else table for table in tables.tables)
    text = f"The years {min(told)} to {max(told)} stand in the names of sheets or files, and were read from there."
    return replace(tables, tables=changed, notes=(*tables.notes, Finding("info", "years-in-names", text)))


def _year_of(table: RawTable) -> int:
    """Return the one year in a table's name, 0 where there is none or where its rows tell years themselves."""
    found = _YEAR.findall(table.about.sheet or PurePosixPath(table.name).stem)
    if len(set(found)) != 1:
        return 0
    units = {name: part_of_time(table.frame[name]) for name in table.frame.columns}
    parts = [name for name, unit in units.items() if unit in MOST]
    whole = [name for name in find_time(table.frame, {}) if name not in parts]
    return 0 if not parts or whole or _COLUMN in units.values() else int(found[0])


def _dated(table: RawTable, year: int) -> RawTable:
    frame = table.frame.copy(deep=False)
    frame.insert(0, _COLUMN, year)
    column = ColumnReading(table.name, _COLUMN, LEFT_OUT, "number", "", examples=(str(year),))
    return replace(table, frame=frame, about=replace(table.about, columns=(column, *table.about.columns)))
