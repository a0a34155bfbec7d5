"""Which of several tables hold values, and which say more about the series."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.errors import DaylightError, SchemaError, shorten
from dl_core.reading.limits import Limits
from dl_core.reading.series.covariates import Beside
from dl_core.reading.series.grid import Grid
from dl_core.reading.series.long import Long
from dl_core.reading.series.melt import JOINER, melted
from dl_core.reading.series.shape import COLUMNS, LONG, Layout, shape_of
from dl_core.reading.tables.about import TableAbout, reasons
from dl_core.reading.tables.names import plain_name, respelled, spellings
from dl_core.reading.tables.read import RawTable
from dl_core.schema import Role

Roles = Mapping[Role, Sequence[str]]
_OVERLAP = 0.3  # share of a table's ids that name series too, from which it is about them
_WORDS = {LONG: "long format", COLUMNS: "wide format, series in columns", "rows": "wide format, series in rows"}


@dataclass
class Found:
    """Values of each table, tables about series, and notes."""

    parts: list[Long]
    layouts: list[tuple[RawTable, Layout]] = field(default_factory=list)  # of the parts, in the same order
    sides: list[RawTable] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def add_sides(self, around: Beside, grid: Grid, long: Long) -> None:
        """Join what tables about series say to the groups of ``around``."""
        left = []
        for table in self.sides:
            if not _join_side(table, around, long):
                left.append(table.name)
        if left:
            text = f"Tables that are not about these series were left out: {listed(left, 4)}."
            around.notes.append(Finding("info", "other-tables", text))


def recognise(
    tables: Sequence[RawTable], roles: Roles, options: Mapping[str, Any], limits: Limits, order: str
) -> Found:
    """Return the values of all tables that hold any, in the way of the largest one.

    Raises
    ------
    DaylightError
        If no table holds values, or the test lies in another way than the data.
    """
    training = [table for table in tables if not table.test]
    main = max(training, key=lambda table: _cells(table, roles))
    wished = _here(main, roles)
    layout = shape_of(main, wished, options)
    found = Found([melted(main, layout, limits, order)], [(main, layout)], notes=_layout_notes(layout, main))
    for table in tables:
        if table is main:
            continue
        table, other = _same_way(table, main, layout, roles, options)
        if other is None:
            found.sides.append(table)
        else:
            found.parts.append(melted(table, other, limits, order))
            found.layouts.append((table, other))
    _name_by_file(found, layout)
    kinds = {part.numbered for part in found.parts}
    if len(kinds) > 1:
        raise SchemaError(
            "one table has time stamps and another only numbers of steps",
            where=listed([table.name for table in tables], 3),
            expected="times written in the same way in all tables",
            todo="give all tables a column of times, or none",
        )
    return found


def _name_by_file(found: Found, layout: Layout) -> None:
    """Name series by their files where each file holds one, without a column that names it, over the same times."""
    training = [part for part in found.parts if not part.test.any()]
    if layout.kind != LONG or layout.key or len(training) < 2:
        return
    times = np.concatenate([part.time for part in training])
    if len(np.unique(times)) > 0.9 * len(times):
        return  # one series, cut into years
    names = [PurePosixPath(table.name).stem for table, _ in found.layouts]
    found.parts = [
        replace(part, names=np.array([name], dtype=object), groups=pd.DataFrame(index=pd.Index([name], name="id")))
        for part, name in zip(found.parts, names, strict=True)
    ]
    found.notes.append(Finding("info", "named-by-file", "Each file was read as a series of the file's name."))


def _cells(table: RawTable, roles: Roles) -> tuple[int, int]:
    """Return how likely a table holds the values: it has the columns named, and many cells."""
    named = sum(name in table.frame.columns for names in roles.values() for name in names)
    return named, table.frame.size


def _here(table: RawTable, roles: Roles) -> dict[Role, tuple[str, ...]]:
    """Return the roles of columns; a column that the table lacks is looked for whatever its spelling."""
    by_name = spellings(table.frame.columns)
    return {
        role: tuple(name if name in table.frame.columns else by_name.get(plain_name(name), name) for name in names)
        for role, names in roles.items()
        if names
    }


def _same_way(
    table: RawTable, main: RawTable, layout: Layout, roles: Roles, options: Mapping[str, Any]
) -> tuple[RawTable, Layout | None]:
    """Return a further table with its layout, as the main one spells its columns; no layout if it is about series."""
    plain, own = set(spellings(table.frame.columns)), set(spellings(main.frame.columns))
    if layout.kind == LONG:
        needed = [*layout.key, *layout.time, *layout.values]
        if {plain_name(name) for name in needed} <= plain:
            table = replace(table, frame=respelled(table.frame, main.frame.columns))
            more = tuple(name for name in table.frame.columns if name not in needed)
            return table, Layout(LONG, layout.time, layout.key, layout.values, more)
        if not table.test:
            return table, None
    alike = plain <= own and set(map(plain_name, layout.key)) <= plain
    try:
        other = shape_of(table, _here(table, roles), {**options, "layout": layout.kind} if alike else options)
    except DaylightError:
        if table.test:
            raise
        return table, None
    if other.kind != layout.kind:
        if not table.test:
            return table, None
        raise SchemaError(
            f"the test has {_WORDS[other.kind]}, the data {_WORDS[layout.kind]}",
            where=shorten(table.name, 60),
            expected="the same layout and columns in both",
            todo="write both files in the same way, or name the layout with the option layout",
        )
    return table, other


def described(found: Found, asked: Collection[Role], trained: Collection[Role]) -> tuple[TableAbout, ...]:
    """Return how the tables were read; columns that are steps or series have the role of the value."""
    about = []
    for table, layout in found.layouts:
        roles = {Role.TIME: layout.time, Role.SERIES: layout.key, Role.VALUE: layout.values}
        about.append(table.about.with_roles(roles, reasons(roles, asked, trained)))
    return (*about, *(table.about for table in found.sides))


def _layout_notes(layout: Layout, table: RawTable) -> list[Finding]:
    names = [f"time = {' and '.join(layout.time)}" if layout.time else "no time stamps"]
    if layout.kind == LONG:
        names.append(f"series = {JOINER.join(layout.key)}" if layout.key else "one series")
        names.append(f"value = {layout.values[0]}")
    elif layout.kind == COLUMNS:
        names.append(f"{len(layout.values):,} series, a column each")
    else:
        header = "with" if layout.times is not None else "without"
        names = [f"{len(table.frame):,} series, a row each, {header} times in the header"]
    text = f"{shorten(table.name, 60)} was read as {_WORDS[layout.kind]}: {'; '.join(shorten(n, 60) for n in names)}."
    notes = [Finding("info", "layout", text)]
    if layout.others:
        text = (
            f"Column {shorten(layout.values[0], 40)!r} was used as the value; it might also be "
            f"{listed(list(layout.others), 4)}. Say so with the role value."
        )
        notes.append(Finding("warning", "guessed-value", text))
    return notes


def _join_side(table: RawTable, around: Beside, long: Long) -> bool:
    """Join the columns of a table about series, by a series' id or by one part of it; return whether it fits."""
    static = around.static
    parts = [pd.Index(static.index.astype(str))]
    parts += [pd.Index(static[name].astype(str)) for name in long.groups.columns if name in static]
    best = None
    for column in table.frame.columns:
        ids = table.frame[column].dropna().astype(str).str.strip()
        if not len(ids) or ids.duplicated().any():
            continue
        for keys in parts:
            overlap = max(float(ids.isin(keys).mean()), float(keys.unique().isin(ids).mean()))
            if overlap >= _OVERLAP and (best is None or overlap > best[0]):
                best = (overlap, column, keys)
    if best is None or table.frame.shape[1] < 2:
        return False
    _, column, keys = best
    about = table.frame.set_axis(pd.Index(table.frame[column].astype(str).str.strip()), axis=0)
    about = about[~about.index.duplicated()].drop(columns=column)
    placed = about.reindex(keys)
    for name in placed.columns:
        values = placed[name]
        if name in static or values.isna().all():
            continue
        numeric = pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
        around.static[name] = values.to_numpy(dtype=float) if numeric else values.astype("str").to_numpy()
    lacking = int((~keys.isin(about.index)).sum())
    text = f"{shorten(table.name, 60)} says more about {len(keys) - lacking:,} of {len(keys):,} series."
    around.notes.append(Finding("info", "series-table", text))
    return True
