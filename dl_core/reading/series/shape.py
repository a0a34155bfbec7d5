"""How a table of series lies: a row a step (long), a column a series, or a row a series; guessed, or as told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.findings import listed
from dl_core.data.options import choice_of
from dl_core.errors import SchemaError, shorten
from dl_core.reading.series.numbers import is_numbers
from dl_core.reading.series.roles import find_key, find_time, find_value
from dl_core.reading.series.schema import SERIES_SCHEMA, TIME, is_known_ahead
from dl_core.reading.series.stamps import header_times, is_times
from dl_core.reading.tables.names import check_columns, plain_name, words_of
from dl_core.reading.tables.read import RawTable
from dl_core.schema import Role

LONG, COLUMNS, ROWS = "long", "columns", "rows"
LAYOUTS = ("auto", LONG, COLUMNS, ROWS)
_NUMBERED = re.compile(r"(?P<stem>\D*?)[ _]?(?P<number>\d+)")
_LEAST_STEPS = 3  # columns from which a header of steps is believed
_MOST_BESIDE = 12  # number columns beside a named value, from which a table is rather wide


@dataclass(frozen=True)
class Layout:
    """What each column of a table is.

    Parameters
    ----------
    kind : str
        `LONG`, `COLUMNS` or `ROWS`.
    time : tuple of str
        Column of times, or year, month and day; empty for none.
    key : tuple of str
        Columns that name the series together.
    values : tuple of str
        One column (long), a column a series, or a column a step.
    more : tuple of str
        Further columns: groups and covariates.
    times : numpy.ndarray or None
        Of a table with a row a series: the header's times; None where it has none.
    others : tuple of str
        Other columns that might have been the value.
    """

    kind: str
    time: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    times: np.ndarray | None = None
    others: tuple[str, ...] = ()


def shape_of(table: RawTable, roles: Mapping[Role, Sequence[str]], options: Mapping[str, Any]) -> Layout:
    """Return how a table lies.

    Parameters
    ----------
    table : RawTable
    roles : mapping of Role to sequence of str
        As the user says, or as in the training data; the rest is guessed.
    options : mapping
        ``layout``.

    Raises
    ------
    SchemaError, OptionError
        If there are no values, or a named column or layout does not exist.
    """
    asked = choice_of(options, "layout", LAYOUTS)
    frame = table.frame
    check_columns(roles, list(frame.columns))
    if asked == ROWS or (asked == "auto" and not ({Role.VALUE, Role.TIME} & set(roles))):
        rows = _rows(frame, roles, forced=asked == ROWS)
        if rows is not None:
            return rows
        if asked == ROWS:
            raise _no_values(table, "a name in the first column and a value in each of the others")
    time = find_time(frame, roles)
    numbers = _number_columns(frame, time, roles)
    kind = asked if asked != "auto" else _long_or_columns(frame, roles, time, numbers)
    if kind == COLUMNS:
        apart = {name for role in (Role.PAST, Role.FUTURE) for name in roles.get(role, ())}
        values = [name for name in (roles.get(Role.VALUE) or numbers) if name not in apart]
        if not values:
            raise _no_values(table, "a column of numbers for each series")
        return Layout(COLUMNS, time, (), tuple(values), tuple(apart))
    return _long(table, roles, time, numbers)


def _long(table: RawTable, roles: Mapping[Role, Sequence[str]], time: tuple[str, ...], numbers: list[str]) -> Layout:
    frame = table.frame
    value, others = find_value(frame, roles, numbers, time)
    if value is None:
        raise _no_values(table, "a column of numbers to forecast, such as value, sales or y")
    key = find_key(frame, roles, time, value)
    used = {*time, *key, value}
    more = tuple(name for name in frame.columns if name not in used)
    return Layout(LONG, time, key, (value,), more, others=tuple(name for name in others if name not in used))


def _no_values(table: RawTable, expected: str) -> SchemaError:
    return SchemaError(
        "no column of values was recognised",
        where=shorten(table.name, 60),
        expected=f"{expected}; found {listed(list(table.frame.columns))}",
        todo="say which column it is with the role value, or choose another layout",
    )


def _number_columns(frame: pd.DataFrame, time: tuple[str, ...], roles: Mapping[Role, Sequence[str]]) -> list[str]:
    taken = {*time, *roles.get(Role.SERIES, ()), *roles.get(Role.GROUP, ())}
    return [name for name in frame.columns if name not in taken and is_numbers(frame[name])]


def _long_or_columns(
    frame: pd.DataFrame, roles: Mapping[Role, Sequence[str]], time: tuple[str, ...], numbers: list[str]
) -> str:
    """Return `COLUMNS` where every row is another time and several columns are alike, else `LONG`."""
    if len(roles.get(Role.VALUE, ())) > 1:
        return COLUMNS
    if roles.get(Role.VALUE) or roles.get(Role.SERIES) or len(numbers) < 2:
        return LONG
    others = [name for name in frame.columns if name not in numbers and name not in time]
    apart = {name for role in (Role.PAST, Role.FUTURE, Role.GROUP) for name in roles.get(role, ())}
    if set(others) - apart:
        return LONG
    if time and frame.duplicated(list(time)).any():
        return LONG
    left = [name for name in numbers if name not in apart]
    named = [name for name in left if plain_name(name) in words_of(SERIES_SCHEMA, Role.VALUE)]
    if len(named) == 1 and len(left) <= _MOST_BESIDE:
        return LONG
    ahead = [name for name in left if is_known_ahead(name)]
    return LONG if len(left) - len(ahead) == 1 else COLUMNS


def _rows(frame: pd.DataFrame, roles: Mapping[Role, Sequence[str]], forced: bool) -> Layout | None:
    """Return the layout of a table whose columns are steps, or None."""
    columns = list(frame.columns)
    key = list(roles.get(Role.SERIES, ()))
    first = columns[0]
    if not forced and is_times(frame[first], named=plain_name(first) in words_of(SERIES_SCHEMA, Role.TIME)):
        return None  # a column of times, then stores 1, 2, 3
    start = _first_step(frame, columns, key, forced)
    if start is None:
        return None
    steps = columns[start:]
    before = columns[:start]
    key = key or ([before[0]] if before else [])
    times = header_times(steps)
    more = tuple(name for name in before if name not in key)
    return Layout(ROWS, (), tuple(key), tuple(steps), more, times)


def _first_step(frame: pd.DataFrame, columns: list[str], key: list[str], forced: bool) -> int | None:
    """Return the position of the first column that is a step, or None where columns are no steps."""
    start = len(columns)
    for at in range(len(columns) - 1, -1, -1):  # from the right: names and groups come first
        if columns[at] in key or not is_numbers(frame[columns[at]]):
            break
        start = at
    for at in range(start, min(start + 4, len(columns))):
        steps = columns[at:]
        if len(steps) >= _LEAST_STEPS and at <= 10 and (_numbered(steps) or header_times(steps) is not None):
            named = at > 0 and not frame[columns[0]].duplicated().any() if not key else True
            if named or (forced and at > 0):
                return at
    return max(1, start) if forced and len(columns) > 1 and start < len(columns) else None


def _numbered(names: Sequence[str]) -> bool:
    """Return whether names are one stem with numbers that count up, such as V2, V3, …; words of steps need a stem."""
    found = [match for name in names if (match := _NUMBERED.fullmatch(str(name).strip()))]
    if len(found) < len(names):
        return False
    numbers = [int(match["number"]) for match in found]
    stems = {match["stem"].strip().casefold() for match in found}
    return len(stems) == 1 and all(b - a == 1 for a, b in zip(numbers, numbers[1:], strict=False))


def time_name(layout: Layout) -> str:
    """Return the name of the column of times once a table is long."""
    named = len(layout.time) == 1 and layout.time[0] != "column 1"
    return layout.time[0] if named else TIME
