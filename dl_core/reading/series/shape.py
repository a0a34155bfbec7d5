"""How a table of series lies: a row a step (long), a column a series, a row a series, or periods by parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.findings import listed
from dl_core.data.options import choice_of
from dl_core.data.reading import Choice, Question
from dl_core.errors import SchemaError, shorten
from dl_core.reading.series.keys import key_numbers
from dl_core.reading.series.matrix import Matrix, find_matrix, matrix_times
from dl_core.reading.series.numbers import number_columns, read_numbers
from dl_core.reading.series.parts import joined_times
from dl_core.reading.series.roles import find_key, find_time
from dl_core.reading.series.schema import TIME
from dl_core.reading.series.stamps import axes, settled
from dl_core.reading.series.target import Target, find_target, target_question
from dl_core.reading.series.totals import set_aside, total_columns
from dl_core.reading.series.wide import beside_steps, find_steps, repeats
from dl_core.reading.tables.names import check_columns
from dl_core.reading.tables.read import RawTable
from dl_core.schema import Role

LONG, COLUMNS, ROWS, MATRIX = "long", "columns", "rows", "matrix"
LAYOUTS = ("auto", LONG, COLUMNS, ROWS, MATRIX)
_UNNAMED = re.compile(r"column \d+")
_LEAST_ROWS, _FEW = 50, 12  # rows from which columns of so few whole numbers are codes
_MOST_BESIDE = 12  # number columns beside a named value, from which a table is rather wide


@dataclass(frozen=True)
class Layout:
    """What each column of a table is.

    Parameters
    ----------
    kind : str
        `LONG`, `COLUMNS`, `ROWS` or `MATRIX`.
    time : tuple of str
        Column of times, or year, month and day; empty for none.
    key : tuple of str
        Columns that name the series together.
    values : tuple of str
        One column (long), a column a series, a column a step, or a column a part of a period.
    more : tuple of str
        Further columns: groups and covariates.
    times : numpy.ndarray or None
        Of a table with a row a series: the header's times; None where it has none.
    matrix : Matrix or None
    left : mapping of str to str
        Why columns were left out.
    sums : numpy.ndarray or None
        (n,) bool, rows that are sums of the others.
    why : str
        Why the values are the values.
    hinted, likely : bool
        Whether a name says which is the value, and whether it is rather a value than a covariate.
    questions : tuple of Question
    assumed : tuple of str
    """

    kind: str
    time: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    times: np.ndarray | None = None
    matrix: Matrix | None = None
    left: Mapping[str, str] = field(default_factory=dict)
    sums: np.ndarray | None = None
    why: str = ""
    hinted: bool = False
    likely: bool = True
    questions: tuple[Question, ...] = ()
    assumed: tuple[str, ...] = ()


def shape_of(
    table: RawTable, roles: Mapping[Role, Sequence[str]], options: Mapping[str, Any], order: str = ""
) -> Layout:
    """Return how a table lies.

    Parameters
    ----------
    table : RawTable
    roles : mapping of Role to sequence of str
        As the user says, or as in the training data; the rest is guessed.
    options : mapping
        ``layout``.
    order : str
        Of day and month in dates, where it is known.

    Raises
    ------
    SchemaError, OptionError
        If there are no values, or a named column or layout does not exist.
    """
    asked = choice_of(options, "layout", LAYOUTS)
    frame = table.frame
    check_columns(roles, list(frame.columns))
    free = asked == "auto" and not ({Role.VALUE, Role.TIME} & set(roles))
    if asked == MATRIX or free:
        matrix = find_matrix(frame, roles)
        if matrix is not None:
            return _matrix(frame, matrix, roles, order)
        if asked == MATRIX:
            raise _no_values(table, "a column of years and a column for each month (or quarter, week …)")
    if asked == ROWS or free:
        found = find_steps(frame, roles, asked == ROWS, order)
        if found:
            return _rows(frame, found, roles)
        if asked == ROWS:
            raise _no_values(table, "a name in the first column and a value in each of the others")
    time = find_time(frame, roles)
    numbers = _number_columns(frame, time, roles)
    target = find_target(frame, roles, numbers, time)
    kind = asked if asked != "auto" else _long_or_columns(frame, roles, time, numbers, target)
    if kind == COLUMNS:
        return _columns(table, roles, time, numbers, target, asked == COLUMNS)
    return _long(table, roles, time, numbers, target)


def _matrix(frame: pd.DataFrame, matrix: Matrix, roles: Mapping[Role, Sequence[str]], order: str) -> Layout:
    """Return the layout of a table of periods by parts, with what names several series in it."""
    time = (*matrix.coarse, *([matrix.part] if matrix.part else []))
    rest = [name for name in frame.columns if name not in matrix.columns and name not in time]
    left = set_aside(
        frame,
        [name for name in rest if name not in roles.get(Role.SERIES, ())],
        read_numbers(frame, matrix.columns, strict=False),
    )
    row = matrix_times(frame, matrix, order)[:, 0]
    known = frame[~np.isnat(row)].assign(**{TIME: row[~np.isnat(row)]})
    key = tuple(roles.get(Role.SERIES, ())) or find_key(
        known.drop(columns=[*matrix.columns, *time, *left]), {}, (TIME,), ""
    )
    more = tuple(name for name in rest if name not in key and name not in left)
    return Layout(MATRIX, time, key, matrix.columns, more, matrix=matrix, left=left)


def _rows(
    frame: pd.DataFrame, found: Sequence[tuple[list[str], np.ndarray | None]], roles: Mapping[Role, Sequence[str]]
) -> Layout:
    """Return the layout of a table with a row a series; which of several blocks of steps is meant is asked."""
    (steps, times), *others = found
    rivals = [block for block, _ in others if not repeats(frame, steps, block)]
    again = {name: "the steps again, on another scale" for block, _ in others if block not in rivals for name in block}
    left, key, sums = beside_steps(frame, steps, tuple(roles.get(Role.SERIES, ())), [*again, *sum(rivals, [])])
    taken = {*steps, *key, *left, *again, *sum(rivals, [])}
    more = tuple(name for name in frame.columns if name not in taken)
    return Layout(
        ROWS,
        (),
        key,
        tuple(steps),
        more,
        times,
        left={**left, **again},
        sums=sums if sums.any() else None,
        questions=(_which_steps([steps, *rivals]),) if rivals else (),
    )


def _which_steps(blocks: Sequence[Sequence[str]]) -> Question:
    names = [f"{shorten(block[0], 20)} … {shorten(block[-1], 20)}" for block in blocks]
    choices = [
        Choice(name, {str(Role.VALUE): tuple(block)}, {"layout": ROWS})
        for name, block in zip(names, blocks, strict=True)
    ]
    return Question("target", f"Which columns are the target, a step each? {' and '.join(names)} fit.", tuple(choices))


def _columns(
    table: RawTable,
    roles: Mapping[Role, Sequence[str]],
    time: tuple[str, ...],
    numbers: list[str],
    target: Target,
    asked: bool,
) -> Layout:
    """Return the layout of a table with a column a series, covariates that they share beside them."""
    frame = table.frame
    apart = {name for role in (Role.PAST, Role.FUTURE) for name in roles.get(role, ())}
    values = [name for name in (roles.get(Role.VALUE) or numbers) if name not in apart]
    left: dict[str, str] = {}
    assumed: tuple[str, ...] = ()
    if not roles.get(Role.VALUE):
        marks = tuple(name for name in target.ahead if name in values) if not asked else ()
        if marks and len(marks) < len(values):
            apart |= set(marks)
            values = [name for name in values if name not in apart]
            were = "was" if len(marks) == 1 else "were"
            assumed = (f"{listed(list(marks), 4)} {were} taken for covariates and not forecast.",)
        also = axes(frame, values) if time else []
        left |= dict.fromkeys(also, "times as well") if len(also) < len(values) else {}
        for name in total_columns(values, read_numbers(frame, values, strict=False)) if len(values) > 2 else ():
            left[name] = "the sum of the other columns"
        left |= _told_by_time(frame, time, values) if time and len(values) > 1 else {}
        values = [name for name in values if name not in left]
    if not values:
        raise _no_values(table, "a column of numbers for each series")
    more = tuple(name for name in frame.columns if name in apart)
    return Layout(COLUMNS, time, (), tuple(values), more, left=left, assumed=assumed, why="a column a series")


def _told_by_time(frame: pd.DataFrame, time: tuple[str, ...], values: Sequence[str]) -> dict[str, str]:
    """Return the columns of whole numbers that only repeat a part of the time: the year, the month, the hour …"""
    whole = [name for name in values if pd.api.types.is_integer_dtype(frame[name].dtype)]
    whole = [name for name in whole if 1 < frame[name].nunique() < len(frame) and int(frame[name].abs().max()) < 2_500]
    if not whole:
        return {}
    column = joined_times(frame, time) if len(time) > 1 else frame[time[0]]
    try:
        stamps = settled(column, np.zeros(len(frame), np.int64)).values
    except SchemaError:
        return {}
    known = ~np.isnat(stamps) if stamps.dtype.kind == "M" else np.zeros(len(frame), bool)
    dates = pd.DatetimeIndex(stamps[known]) if known.any() else pd.DatetimeIndex([])
    parts = (dates.year, dates.month, dates.day, dates.dayofweek, dates.hour, dates.quarter, dates.dayofyear)
    told = {}
    for name in whole if len(dates) else ():
        numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)[known]
        for part in parts:
            shift = np.unique(numbers - part.to_numpy())
            counted = len(shift) == 1 and (abs(shift[0]) <= 1 or (part is parts[0] and numbers.min() in (0, 1)))
            if counted and len(set(part)) > 1:
                told[name] = "the time tells it anyway"
    return told if len(told) < len(values) else {}


def _long(
    table: RawTable, roles: Mapping[Role, Sequence[str]], time: tuple[str, ...], numbers: list[str], target: Target
) -> Layout:
    frame = table.frame
    if not target.columns:
        raise _no_values(table, "a column of numbers to forecast, such as value, sales or y")
    value = target.columns[0]
    key = find_key(frame, roles, time, value)
    used = {*time, *key, value}
    also = axes(frame, [name for name in numbers if name not in used]) if time else []
    more = tuple(name for name in frame.columns if name not in {*used, *also})
    others = tuple(name for name in target.columns if name not in {*time, *key})
    if key and not target.certain and len(others) <= _MOST_BESIDE:  # what stays the same in each series is a group
        groups = frame.groupby(list(key), dropna=False)
        others = tuple(name for name in others if name == value or bool((groups[name].nunique() > 1).any()))
    questions: tuple[Question, ...] = ()
    if not target.certain and len(others) > 1:
        left = Target(others, certain=False)
        each = not key and not roles.get(Role.SERIES) and bool(time) and not frame.duplicated(list(time)).any()
        questions = (target_question(left, each),)
    likely = value not in target.ahead
    return Layout(
        LONG,
        time,
        key,
        (value,),
        more,
        left=dict.fromkeys(also, "times as well"),
        why=target.why,
        hinted=target.hinted,
        likely=likely,
        questions=questions,
    )


def _no_values(table: RawTable, expected: str) -> SchemaError:
    return SchemaError(
        "no column of values was recognised",
        where=shorten(table.name, 60),
        expected=f"{expected}; found {listed(list(table.frame.columns))}",
        todo="say which column it is with the role value, or choose another layout",
    )


def _number_columns(frame: pd.DataFrame, time: tuple[str, ...], roles: Mapping[Role, Sequence[str]]) -> list[str]:
    taken = {*time, *roles.get(Role.SERIES, ()), *roles.get(Role.GROUP, ())}
    numbers = number_columns(frame, [name for name in frame.columns if name not in taken])
    keys = key_numbers(frame, time, numbers) if len(numbers) > 1 and len(numbers) <= _MOST_BESIDE else []
    return [name for name in numbers if name not in keys or name in roles.get(Role.VALUE, ())]


def _long_or_columns(
    frame: pd.DataFrame,
    roles: Mapping[Role, Sequence[str]],
    time: tuple[str, ...],
    numbers: list[str],
    target: Target,
) -> str:
    """Return `COLUMNS` where every row is another time and several columns are alike, else `LONG`."""
    if len(roles.get(Role.VALUE, ())) > 1:
        return COLUMNS
    if roles.get(Role.VALUE) or roles.get(Role.SERIES) or len(numbers) < 2:
        return LONG
    others = [name for name in frame.columns if name not in numbers and name not in time]
    apart = {name for role in (Role.PAST, Role.FUTURE, Role.GROUP) for name in roles.get(role, ())}
    if any(not frame[name].isna().all() for name in others if name not in apart):
        return LONG
    if time and frame.duplicated(list(time)).any():
        return LONG
    left = [name for name in numbers if name not in apart]
    if all(map(_UNNAMED.fullmatch, target.columns)):
        return LONG  # nothing says that they are alike
    if not target.certain and target.hinted is False and _are_kinds(frame, target.columns):
        return LONG
    if target.hinted and len(left) <= _MOST_BESIDE:
        return LONG
    return LONG if len(left) - len([name for name in target.ahead if name in left]) == 1 else COLUMNS


def _are_kinds(frame: pd.DataFrame, names: Sequence[str]) -> bool:
    """Return whether codes of a few values stand among measures: what a row is about, and no series a column."""
    if len(frame) < _LEAST_ROWS:
        return False
    whole = [name for name in names if pd.api.types.is_integer_dtype(frame.dtypes[name])]
    codes = any(1 < frame[name].nunique() <= _FEW and frame[name].isin(range(_FEW + 1)).all() for name in whole)
    return codes and max(frame[name].nunique() for name in names) > len(frame) / 4


def time_name(layout: Layout) -> str:
    """Return the name of the column of times once a table is long."""
    named = len(layout.time) == 1 and layout.kind != MATRIX and layout.time[0] not in ("column 1", "Unnamed: 0")
    return layout.time[0] if named else TIME
