"""Tables of periods by their parts: a row a year and a column a month, a row a day and a column an hour, or turned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.reading.series.numbers import is_numbers
from dl_core.reading.series.parts import joined_times, part_numbers, time_parts, unit_named
from dl_core.reading.series.periods import HALF, MONTH, QUARTER, WEEK, YEARS, iso_week, unit_of
from dl_core.reading.series.stamps import read_stamps
from dl_core.reading.tables.month_names import is_month_name, month_numbers, weekday_numbers
from dl_core.schema import Role

WEEKDAY, HOUR, DAY = "weekday", "hour", "day"
_LEAST = {HALF: 2, QUARTER: 3, MONTH: 6, WEEK: 20, DAY: 20, HOUR: 12, WEEKDAY: 5}
_MOST_COLUMNS = 400
_WHOLE = {MONTH: (1, 12), WEEK: (1, 52), DAY: (1, 28), HOUR: (0, 23)}  # numbers that names without a word must hold
_MARKED = re.compile(
    r"(?P<mark>[^\W\d_]+)[\s._-]*(?P<number>\d{1,2})|(?P<number2>\d{1,2})[\s.]*(?P<mark2>[^\W\d_]+)\.?"
)
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?::|\.|h)(?P<minute>\d{2})?(?:\s*-.*)?")


@dataclass(frozen=True)
class Matrix:
    """How periods and their parts lie in a table.

    Parameters
    ----------
    unit : str
        Of the parts: month, quarter, half, week, day, hour, weekday.
    coarse : tuple of str
        Columns of the periods by row; empty where rows are the parts.
    part : str
        Column of the parts where rows are; empty where columns are.
    columns : tuple of str
        Columns of values.
    numbers : numpy.ndarray
        (c,) part, or year, of each of these columns.
    """

    unit: str
    coarse: tuple[str, ...]
    part: str
    columns: tuple[str, ...]
    numbers: np.ndarray


def find_matrix(frame: pd.DataFrame, roles: Mapping[Role, Sequence[str]]) -> Matrix | None:
    """Return how a table of periods by parts lies, or None where it is none."""
    apart = {name for role in (Role.SERIES, Role.GROUP) for name in roles.get(role, ())}
    names = [str(name) for name in frame.columns if name not in apart]
    if not 3 <= len(names) <= _MOST_COLUMNS:
        return None
    asked = tuple(roles.get(Role.TIME, ()))
    for unit, numbers in _units_of_names(names):
        columns = tuple(name for name in names if name in numbers and name not in asked and is_numbers(frame[name]))
        if len(columns) < _LEAST[unit] or len({numbers[name] for name in columns}) < len(columns):
            continue
        rest = [name for name in names if name not in columns]
        coarse = asked or _coarse(frame, rest, unit)
        if coarse:
            return Matrix(unit, coarse, "", columns, np.array([numbers[name] for name in columns], dtype=float))
    return _turned(frame, names, asked)


def _units_of_names(names: Sequence[str]) -> list[tuple[str, dict[str, float]]]:
    """Return units of which column names are parts, each with the part by name."""
    found: list[tuple[str, dict[str, float]]] = []
    worded = [name for name in names if is_month_name(name)]
    months = month_numbers(worded) if len(worded) >= _LEAST[MONTH] else None
    if months:
        found.append((MONTH, {name: float(number) for name, number in months.items()}))
    days = weekday_numbers(names) if len(names) <= 20 else None
    if days:
        found.append((WEEKDAY, {name: float(number) for name, number in days.items()}))
    by_unit: dict[str, dict[str, float]] = {}
    plain: dict[str, float] = {}
    for name in names:
        if match := _CLOCK.fullmatch(name):
            by_unit.setdefault(HOUR, {})[name] = int(match["hour"]) + int(match["minute"] or 0) / 60
        elif match := _MARKED.fullmatch(name):
            unit = unit_of(match["mark"] or match["mark2"])
            by_unit.setdefault(unit, {})[name] = float(match["number"] or match["number2"])
        elif name.isdigit() and len(name) <= 2:
            plain[name] = float(name)
    if HALF in by_unit and len(by_unit[HALF]) > 2:  # h1 to h24
        by_unit[HOUR] = by_unit.pop(HALF)
    found += [(unit, numbers) for unit, numbers in by_unit.items() if unit in _LEAST]
    for unit, (low, high) in _WHOLE.items():
        numbers = set(plain.values())
        if {float(number) for number in range(max(1, low), high + 1)} <= numbers and max(numbers) <= high + 3:
            found.append((unit, plain))
    return found


def _coarse(frame: pd.DataFrame, rest: Sequence[str], unit: str) -> tuple[str, ...]:
    """Return the columns that tell the period of each row; nothing where there are none."""
    if unit in (MONTH, QUARTER, HALF, WEEK):
        years = [name for name in rest if is_year_column(frame[name])]
        return tuple(years[:1])
    parts = time_parts(frame, rest)
    if parts:
        return parts if unit != DAY or len(parts) == 2 else ()
    for name in rest:
        try:
            values = read_stamps(frame[name]).values if not pd.api.types.is_float_dtype(frame[name].dtype) else None
        except ValueError:
            continue
        if values is not None and values.dtype.kind == "M" and _is_unit_above(values, unit):
            return (name,)
    return ()


def _is_unit_above(times: np.ndarray, unit: str) -> bool:
    known = times[~np.isnat(times)]
    if len(known) < 2 or (known != known.astype("datetime64[D]")).any():
        return False
    days = known.astype("datetime64[D]")
    if unit == DAY:
        return bool((days == days.astype("datetime64[M]").astype("datetime64[D]")).all())
    if unit == WEEKDAY:
        return bool((np.diff(np.unique(days)).astype(np.int64) % 7 == 0).all())
    return True


def is_year_column(column: pd.Series) -> bool:
    """Return whether all of a column are years: whole numbers of four digits, whatever its name."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    years = part_numbers(column.dropna(), "year")
    known = years.dropna()
    return (
        bool(len(known))
        and len(known) >= len(years) - 3
        and bool(known.between(*YEARS).all())
        and bool((known % 1 == 0).all())
    )


def _turned(frame: pd.DataFrame, names: Sequence[str], asked: Sequence[str]) -> Matrix | None:
    """Return the layout of a table whose rows are parts and whose columns are years."""
    years = [name for name in names if name.isdigit() and YEARS[0] <= int(name) <= YEARS[1] and is_numbers(frame[name])]
    rest = [name for name in names if name not in years]
    if len(years) < 2 or not rest:
        return None
    for name in asked or rest:
        unit = _part_unit(frame[name])
        if unit and frame[name].dropna().nunique() >= _LEAST[unit]:
            return Matrix(unit, (), name, tuple(years), np.array([float(one) for one in years]))
    return None


def _part_unit(column: pd.Series) -> str:
    """Return the unit of which a column's cells are parts: months by name, or numbers under a unit's name."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return ""
    unit = unit_named(column.name)
    if unit in (MONTH, QUARTER, WEEK, HALF):
        return unit
    texts = column.dropna().astype("str")
    if not pd.api.types.is_numeric_dtype(column.dtype) and len(texts) and texts.map(is_month_name).mean() > 0.8:
        return MONTH
    marks = texts.str.extract(_MARKED.pattern)["mark"].dropna().unique() if len(texts) else []
    units = {unit_of(mark) for mark in marks}
    return units.pop() if len(units) == 1 and units <= {MONTH, QUARTER, WEEK, HALF} else ""


def matrix_times(frame: pd.DataFrame, matrix: Matrix, order: str = "") -> np.ndarray:
    """Return the time of each cell, (n, c) datetime64[ns]; NaT for rows that are no period, such as totals."""
    if matrix.part:
        part = part_numbers(frame[matrix.part], matrix.unit).to_numpy(dtype=float)[:, None]
        return _combined(matrix.unit, np.repeat(matrix.numbers[None, :], len(frame), axis=0), part)
    if matrix.unit in (MONTH, QUARTER, HALF, WEEK):
        years = part_numbers(frame[matrix.coarse[0]], "year").to_numpy(dtype=float)[:, None]
        return _combined(matrix.unit, years, matrix.numbers[None, :])
    coarse = frame[matrix.coarse[0]] if len(matrix.coarse) == 1 else joined_times(frame, matrix.coarse, order)
    days = read_stamps(coarse, order).values.astype("datetime64[D]")[:, None]
    if matrix.unit == HOUR:
        shift = np.round(matrix.numbers * 3600).astype("timedelta64[s]").astype("timedelta64[ns]")
        return days.astype("datetime64[ns]") + shift[None, :]
    if matrix.unit == WEEKDAY:
        monday = days - (days.astype(np.int64) + 3) % 7
        return (monday + matrix.numbers.astype(np.int64)[None, :] - 1).astype("datetime64[ns]")
    first = days.astype("datetime64[M]")
    dates = first.astype("datetime64[D]") + (matrix.numbers.astype(np.int64)[None, :] - 1)
    return np.where(dates.astype("datetime64[M]") == first, dates, np.datetime64("NaT")).astype("datetime64[ns]")


def _combined(unit: str, years: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return the first days of parts of years, broadcast together; NaT where either is missing."""
    years, part = np.broadcast_arrays(years, part)
    there = np.isfinite(years) & np.isfinite(part) & (years >= YEARS[0]) & (years <= YEARS[1])
    whole, place = np.where(there, years, 2000).astype(np.int64), np.where(there, part, 1).astype(np.int64)
    if unit == WEEK:
        days = iso_week(whole.ravel(), place.ravel()).reshape(whole.shape)
    else:
        size = {MONTH: 1, QUARTER: 3, HALF: 6}[unit]
        days = ((whole - 1970) * 12 + (place - 1) * size).astype("datetime64[M]").astype("datetime64[D]")
    return np.where(there, days.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))
