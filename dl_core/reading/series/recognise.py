"""Which of several tables hold values, and which say more about the series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.data.options import choice_of
from dl_core.data.reading import Choice, Question
from dl_core.errors import DaylightError, SchemaError, shorten
from dl_core.reading.limits import Limits
from dl_core.reading.series.long import Long
from dl_core.reading.series.melt import JOINER, melted
from dl_core.reading.series.parts import joined_times
from dl_core.reading.series.roles import find_time
from dl_core.reading.series.shape import COLUMNS, LONG, MATRIX, ROWS, Layout, shape_of
from dl_core.reading.series.sides import Side
from dl_core.reading.series.stamps import ORDERS, read_stamps, settled
from dl_core.reading.tables.names import plain_name, respelled, spellings
from dl_core.reading.tables.read import RawTable
from dl_core.schema import Role

Roles = Mapping[Role, Sequence[str]]
DATES = ("auto", *ORDERS)
_OF_VALUES = (Role.SERIES, Role.TIME, Role.VALUE)  # covariates stand in tables beside too
WORDS = {
    LONG: "long format",
    COLUMNS: "wide format, series in columns",
    ROWS: "wide format, series in rows",
    MATRIX: "periods in rows, their parts in columns",
}


@dataclass
class Found:
    """Values of each table, tables about series, and notes.

    Parameters
    ----------
    parts : list of Long
        Values of each table that holds any.
    layouts : list of tuple
        These tables with their layouts, in the same order.
    sides : list of Side
        The other tables.
    order : str
        Of day and month in dates, where it is known.
    notes : list of Finding
    questions : list of Question
    """

    parts: list[Long]
    layouts: list[tuple[RawTable, Layout]]
    sides: list[Side] = field(default_factory=list)
    order: str = ""
    notes: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        """How the main table lies."""
        return self.layouts[0][1]


def recognise(
    tables: Sequence[RawTable], roles: Roles, options: Mapping[str, Any], limits: Limits, order: str
) -> Found:
    """Return the values of all tables that hold any, in the way of the likeliest one.

    Raises
    ------
    DaylightError
        If no table holds values, or the test lies in another way than the data.
    """
    _check_roles(tables, roles)
    asked = choice_of(options, "dates", DATES)
    order = order if asked == "auto" else asked
    main, rivals = _main([table for table in tables if not table.test], roles, options, order)
    layout = shape_of(main, _here(main, roles), options, order)
    if layout.kind == ROWS and layout.times is None:
        layout = _dated(layout, [table for table in tables if table is not main], order)
    long = melted(main, layout, limits, order)
    found = Found([long], [(main, layout)], notes=_layout_notes(layout, main), questions=list(layout.questions))
    if rivals and not layout.questions:
        found.questions.append(_which_table(layout, main, rivals))
    if long.stamps is not None and long.stamps.open and not order:
        found.questions.append(_which_order(main, layout))
    found.order = order or next((note.kind for note in long.notes if note.kind in ORDERS), "")
    for table in tables:
        if table is main:
            continue
        table, other = _same_way(table, main, layout, roles, options, found.order)
        if other is None:
            found.sides.append(Side(table))
        else:
            found.parts.append(melted(table, other, limits, found.order))
            found.layouts.append((table, other))
    _name_by_file(found, layout)
    if len({part.numbered for part in found.parts}) > 1:
        raise SchemaError(
            "one table has time stamps and another only numbers of steps",
            where=listed([table.name for table in tables], 3),
            expected="times written in the same way in all tables",
            todo="give all tables a column of times, or none",
        )
    return found


def _dated(layout: Layout, others: Sequence[RawTable], order: str) -> Layout:
    """Return the layout with the times of its steps, where a table beside tells one for each of their names."""
    for table in others:
        time = find_time(table.frame, {})
        for name in (name for name in table.frame.columns if time and name not in time):
            names = pd.Index(table.frame[name])
            if not names.is_unique or (names.get_indexer(list(layout.values)) < 0).any():
                continue
            column = joined_times(table.frame, time, order) if len(time) > 1 else table.frame[time[0]]
            times = settled(column, np.zeros(len(column), np.int64)).values
            if times.dtype.kind == "M":
                return replace(layout, times=times[names.get_indexer(list(layout.values))])
    return layout


def _check_roles(tables: Sequence[RawTable], roles: Roles) -> None:
    """Check that every named column is in some table.

    Raises
    ------
    SchemaError
        If one is not.
    """
    known = {plain_name(name) for table in tables for name in table.frame.columns}
    for role, names in roles.items():
        for name in names:
            if plain_name(name) not in known:
                raise SchemaError(
                    f"there is no column {shorten(name)!r}",
                    where=f"role {role}",
                    expected=listed([str(column) for table in tables for column in table.frame.columns]),
                    todo="choose one of these",
                )


def _main(
    tables: Sequence[RawTable], roles: Roles, options: Mapping[str, Any], order: str
) -> tuple[RawTable, list[tuple[RawTable, Layout]]]:
    """Return the table of values, and others that may be it as well."""
    if len(tables) == 1:
        return tables[0], []
    ranked = []
    for table in tables:
        here = _here(table, roles)
        try:
            layout = shape_of(table, here, options, order)
        except DaylightError:
            layout = None
        named = sum(len(names) for role, names in here.items() if role in _OF_VALUES)
        ranked.append((named, _strength(table, layout), table.frame.size, table, layout))
    # a table without values is never the main one
    named, strength, _, main, chosen = max(ranked, key=lambda one: (one[4] is not None, *one[:3]))
    rivals = [
        (table, layout)
        for number, power, _, table, layout in ranked
        if table is not main and layout is not None and chosen is not None and strength > 1
        if (number, power) == (named, strength) and layout.kind == chosen.kind == LONG and Role.VALUE not in roles
        if plain_name(layout.values[0]) != plain_name(chosen.values[0])
    ]
    return main, rivals


def _strength(table: RawTable, layout: Layout | None) -> int:
    """Return how likely a table holds the values to forecast: a value by name, any, only covariates, none."""
    if layout is None:
        return -1
    if layout.kind in (ROWS, MATRIX):
        return 3
    if not layout.time:
        return 0
    return 2 if layout.kind == COLUMNS else 3 if layout.hinted else 2 if layout.likely else 1


def _which_table(layout: Layout, main: RawTable, rivals: Sequence[tuple[RawTable, Layout]]) -> Question:
    """Return the question which of several tables' columns is forecast."""
    every = [(main, layout), *rivals][:6]
    choices = tuple(
        Choice(f"{shorten(one.values[0], 40)} of {shorten(table.name, 40)}", {str(Role.VALUE): one.values[:1]})
        for table, one in every
    )
    names = listed([one.values[0] for _, one in every], 6)
    return Question(
        "target", f"Which column is the target, to be forecast? {names} stand in different tables.", choices
    )


def _which_order(main: RawTable, layout: Layout) -> Question:
    """Return the question whether the day or the month stands first."""
    column = main.frame[layout.time[0]].dropna()
    text = next(
        (one for one in column.astype(str) if len(set(one.split()[0].replace("-", "/").split("/")[:2])) == 2), ""
    )
    choices = []
    for order in ORDERS:
        one = read_stamps(column[column.astype(str) == text].iloc[:1], order).values
        said = pd.Timestamp(one[0]).strftime("%d %B %Y").lstrip("0") if len(one) else order
        choices.append(Choice(f"{order.replace('-', ' ')}: {text} is {said}", options={"dates": order}))
    name = shorten(layout.time[0], 40)
    return Question("time", f"Does {name!r} write the day or the month first? Both fit.", tuple(choices))


def _name_by_file(found: Found, layout: Layout) -> None:
    """Name series by their files where each file holds one, without a column that names it, over the same times."""
    training = [part for part in found.parts if not part.test.any()]
    if layout.kind != LONG or layout.key or len(training) < 2:
        return
    times = np.concatenate([part.time[np.isfinite(part.value)] for part in training])
    if len(np.unique(times)) > 0.9 * len(times):
        return  # one series, cut into years
    names = [PurePosixPath(table.name).stem for table, _ in found.layouts]
    found.parts = [
        replace(part, names=np.array([name], dtype=object), groups=pd.DataFrame(index=pd.Index([name], name="id")))
        for part, name in zip(found.parts, names, strict=True)
    ]
    found.notes.append(Finding("info", "named-by-file", "Each file was read as a series of the file's name."))


def _here(table: RawTable, roles: Roles) -> dict[Role, tuple[str, ...]]:
    """Return the roles of the columns that a table has, whatever their spelling."""
    by_name = spellings(table.frame.columns)
    found = {
        role: tuple(
            name if name in table.frame.columns else by_name[plain_name(name)]
            for name in names
            if name in table.frame.columns or plain_name(name) in by_name
        )
        for role, names in roles.items()
    }
    return {role: names for role, names in found.items() if names or not roles[role]}


def _same_way(
    table: RawTable, main: RawTable, layout: Layout, roles: Roles, options: Mapping[str, Any], order: str
) -> tuple[RawTable, Layout | None]:
    """Return a further table with its layout, as the main one spells its columns; no layout if it is about series."""
    plain, own = set(spellings(table.frame.columns)), set(spellings(main.frame.columns))
    if layout.kind == LONG:
        needed = [*layout.key, *layout.time, *layout.values]
        if {plain_name(name) for name in needed} <= plain:
            table = replace(table, frame=respelled(table.frame, main.frame.columns))
            more = tuple(name for name in table.frame.columns if name not in needed)
            return table, Layout(LONG, layout.time, layout.key, layout.values, more)
        if not table.test or {plain_name(name) for name in (*layout.key, *layout.time)} <= plain:
            return table, None  # a test without values tells what is known ahead
    alike = plain <= own and set(map(plain_name, layout.key)) <= plain
    asked = {name: value for name, value in options.items() if name != "layout"}
    asked |= {"layout": layout.kind} if alike else {}
    try:
        other = shape_of(table, _here(table, roles), asked, order)
    except DaylightError:
        if table.test:
            raise
        return table, None
    if other.kind != layout.kind:
        if not table.test:
            return table, None
        raise SchemaError(
            f"the test has {WORDS[other.kind]}, the data {WORDS[layout.kind]}",
            where=shorten(table.name, 60),
            expected="the same layout and columns in both",
            todo="write both files in the same way, or name the layout with the option layout",
        )
    if layout.kind == COLUMNS and not table.test and not {*other.values} & {*layout.values} and other.time:
        return table, None  # other columns of the same times: covariates
    return table, other


def _layout_notes(layout: Layout, table: RawTable) -> list[Finding]:
    names = [f"time = {' and '.join(layout.time)}" if layout.time else "no time stamps"]
    if layout.kind == LONG:
        names.append(f"series = {JOINER.join(layout.key)}" if layout.key else "one series")
        names.append(f"value = {layout.values[0]}")
    elif layout.kind == COLUMNS:
        names.append(f"{len(layout.values):,} series, a column each")
    elif layout.kind == MATRIX and layout.matrix is not None:
        names.append(f"{len(layout.values):,} columns, a {layout.matrix.unit if layout.time else 'part'} each")
    else:
        header = "with" if layout.times is not None else "without"
        names = [f"{len(table.frame):,} series, a row each, {header} times in the header"]
    text = f"{shorten(table.name, 60)} was read as {WORDS[layout.kind]}: {'; '.join(shorten(n, 60) for n in names)}."
    notes = [Finding("info", "layout", text)]
    aside = [name for name, why in layout.left.items() if why != "empty"]
    if aside:
        text = f"Columns that only repeat or sum up the others were left out: {listed(aside, 4)}."
        notes.append(Finding("info", "totals", text))
    if layout.sums is not None:
        text = f"{int(layout.sums.sum()):,} rows that only sum up the others were left out."
        notes.append(Finding("info", "totals", text))
    return notes
