"""Times written in several columns: year and month, quarter or week, a date and an hour or a time of day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.errors import SchemaError
from dl_core.reading.series.periods import HALF, MONTH, MOST, QUARTER, WEEK, YEARS, iso_week, unit_of
from dl_core.reading.series.stamps import is_times, read_stamps
from dl_core.reading.tables.month_names import is_month_name, month_numbers
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.values import sampled

_BESIDE = frozenset(
    [
        "of",
        "the",
        "no",
        "nr",
        "num",
        "number",
        "name",
        "iso",
        "fiscal",
        "calendar",
        "in",
        "per",
        "end",
        "start",
        "code",
        "id",
        "de",
        "y",
        "report",
        "reporting",
    ]
)
_RANGES = {"year": YEARS, **{unit: (1, most) for unit, most in MOST.items()}, "day": (1, 366), "hour": (0, 24)}
_RANGES |= {"minute": (0, 59)}
_ORDER = ("year", HALF, QUARTER, MONTH, WEEK, "day", "hour", "minute")
_CLOCK_NAMES = ("time", "clock", "uhrzeit", "heure", "hora", "ora", "zeit", "tijd", "time_of_day")
_NUMBERS = (*_CLOCK_NAMES, "date", "datum")  # names of numbers that may be dates or times of day
_CLOCK = r"\s*\d{1,2}(?:(?::\d{2}){1,2}(?:\.\d+)?|(?:\.\d{2}){2})\s*"
_DOTTED = r"^(\d{1,2})\.(\d{2})\.(\d{2})$"
_WHOLE = {MONTH: 13, QUARTER: 5}  # parts by which tables of statistics tell the whole year
_PART = re.compile(r"([^\W\d_]{1,4})\.?\s?(\d{1,2})")
_SAMPLE = 2_000


def unit_named(column: object) -> str:
    """Return the unit of time that a column's name tells: ``"iso_week"``, ``"Quartal"``; "" if none or several."""
    words = plain_name(column).split("_")
    units = {unit_of(word) for word in words if word and not (word in _BESIDE and len(words) > 1)}
    return units.pop() if len(units) == 1 else ""


def part_of_time(column: pd.Series) -> str:
    """Return the unit of time that a column holds, by its name and its values; "" if none."""
    unit = unit_named(column.name)
    unit = unit if unit in _RANGES and _fits(column, unit) else _marked(column)
    return unit if unit in _RANGES and _fits(column, unit) else ""


def _marked(column: pd.Series) -> str:
    """Return the unit that all cells tell by one mark before their number ("M01", "Q3") or by names; "" if none."""
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return ""
    texts = [str(one).strip() for one in column.dropna().unique()[: max(MOST.values()) + 1]]
    if len(texts) > 2 and all(map(is_month_name, texts)):
        return MONTH
    found = [_PART.fullmatch(text) for text in texts]
    marks = {one[1].casefold() if one else "" for one in found}
    mark = marks.pop() if len(marks) == 1 else ""
    unit = MONTH if mark == "p" else unit_of(mark)
    return unit if unit in MOST and len(texts) > 1 else ""


def _fits(column: pd.Series, unit: str) -> bool:
    """Return whether values are numbers (or names) of a unit."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    sample = column.dropna()
    numbers = part_numbers(sample.iloc[:: max(1, len(sample) // _SAMPLE)], unit)
    low, high = _RANGES[unit]
    return bool(len(numbers)) and bool(numbers.between(low, high).mean() > 0.9) and bool((numbers % 1 == 0).all())


def part_numbers(column: pd.Series, unit: str) -> pd.Series:
    """Return the numbers of units that cells tell: 3, "Q3", "März", "W05"; missing where there is none."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    text = column.astype("str").str.strip()
    numbers = pd.to_numeric(
        text.str.extract(r"^[^\W\d_]{0,9}[\s.-]*(\d{1,4})(?:\.0)?\W*[^\W\d_]{0,9}$")[0], errors="coerce"
    )
    if unit == MONTH and numbers.isna().any():
        named = month_numbers(set(text[numbers.isna() & column.notna()].unique()))
        numbers = numbers.fillna(text.map(named).astype("float64")) if named else numbers
    if unit == "year":
        numbers = numbers.where(~text.str.fullmatch(r"(?i)FY\W*\d{2}").fillna(False).astype(bool), numbers + 2000)
    return numbers


def time_parts(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that make up the time together; nothing where one column tells it.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of str
        Those that may be the time.
    """
    units: dict[str, str] = {}
    kinds = frame.dtypes.to_dict()
    columns = [
        name
        for name in columns
        if not pd.api.types.is_numeric_dtype(kinds[name]) or unit_named(name) or plain_name(name) in _NUMBERS
    ]
    for name in columns:
        unit = part_of_time(frame[name])
        if unit:
            units.setdefault(unit, name)
    date = next((name for name in columns if name not in units.values() and _is_date(frame[name])), None)
    if date is not None:
        clock = next((name for name in columns if name != date and _is_clock(frame[name])), units.get("hour"))
        if clock is None:
            return ()
        return (date, clock, units["minute"]) if clock == units.get("hour") and "minute" in units else (date, clock)
    whole = [name for name in columns if name not in units.values() and _is_whole_time(frame[name])]
    if "year" not in units or any(_is_read(frame[name]) for name in whole):
        return ()
    return _finest(frame, units)


def _finest(frame: pd.DataFrame, units: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns of year and the parts below it that tell times apart best."""
    if WEEK in units and frame[units[WEEK]].nunique() > 12:
        return tuple(units[unit] for unit in ("year", WEEK))
    if MONTH in units:
        inside = ("year", MONTH, "day", "hour", "minute")
        kept = []
        for unit in inside:
            if unit not in units:
                break
            kept.append(units[unit])
        return tuple(kept)
    for unit in (WEEK, QUARTER, HALF):
        if unit in units:
            return units["year"], units[unit]
    if "day" in units and part_numbers(frame[units["day"]], "day").max() > 31:
        return tuple(units[unit] for unit in ("year", "day", "hour") if unit in units)
    return ()


def _is_whole_time(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column.dtype) and is_times(column)


def _is_read(column: pd.Series) -> bool:
    """Return whether every cell of a column is a time."""
    try:
        read_stamps(pd.Series(column.dropna().unique(), name=column.name))
    except SchemaError:
        return False
    return True


def _is_date(column: pd.Series) -> bool:
    """Return whether a column holds dates without a time of day."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        filled = column.dropna()
        return bool(len(filled)) and bool((filled == filled.dt.normalize()).all())
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.dropna()
        return plain_name(column.name) in ("date", "datum") and bool(numbers.between(1.5e7, 2.2e7).all())
    return is_times(column) and not sampled(column).astype(str).str.contains(":", regex=False).any()


def _is_clock(column: pd.Series) -> bool:
    """Return whether a column holds times of day: as text, or hours under such a name."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        filled = column.dropna()
        return plain_name(column.name) in _CLOCK_NAMES and bool(filled.between(0, 24).all()) and filled.nunique() > 1
    sample = sampled(column).astype(str)
    return bool(len(sample)) and bool(sample.str.fullmatch(_CLOCK).mean() > 0.9)


def joined_times(frame: pd.DataFrame, parts: Sequence[str], order: str = "") -> pd.Series:
    """Return the times that several columns make up, as text where one of them does not exist ("no date").

    Parameters
    ----------
    frame : pandas.DataFrame
    parts : sequence of str
        Date and clock (and minutes); or year and half, quarter, month (and day …) or week, in any order.
    order : str
        Of day and month in dates.
    """
    given = frame[list(parts)].notna().all(axis=1)
    units = _units_of(frame, parts)
    if "year" in units:
        times = _of_calendar(frame, units)
    else:
        date = next((name for name in parts if _is_date(frame[name])), parts[0])
        rest = [name for name in parts if name != date]
        times = pd.Series(read_stamps(frame[date], order).values, index=frame.index) + _clock(frame[rest[0]])
        if len(rest) > 1:
            times += pd.to_timedelta(frame[rest[1]].astype("float64"), unit="min")
    times = times.rename(" and ".join(map(str, parts)))
    whole = [part_numbers(frame[units[unit]], unit) == part for unit, part in _WHOLE.items() if unit in units]
    given = given & ~np.logical_or.reduce(whole) if whole else given
    wrong = times.isna() & given
    return times.astype("str").mask(wrong, "no date").where(given, None) if wrong.any() else times.where(given)


def _units_of(frame: pd.DataFrame, parts: Sequence[str]) -> dict[str, str]:
    """Return the column of each unit: by its name, and where that tells nothing by the range of its values."""
    units = {unit: name for name in parts if (unit := part_of_time(frame[name]))}
    left = [name for name in parts if name not in units.values()]
    if left and any(_is_date(frame[name]) for name in left):
        return {}
    for name in left:
        fits = [
            unit for unit in ("year", QUARTER, MONTH, WEEK, "day") if unit not in units and _fits(frame[name], unit)
        ]
        if fits:
            units[fits[0]] = name
    return units


def _of_calendar(frame: pd.DataFrame, units: Mapping[str, str]) -> pd.Series:
    """Return times of a year and parts of it; missing where such a day does not exist."""
    parts = {unit: part_numbers(frame[name], unit) for unit, name in units.items()}
    year = parts["year"]
    if WEEK in parts and MONTH not in parts:
        there = year.between(*YEARS) & parts[WEEK].between(1, 53)
        days = iso_week(year.where(there, 2000).to_numpy(np.int64), parts[WEEK].where(there, 1).to_numpy(np.int64))
        return pd.Series(days.astype("datetime64[ns]"), index=frame.index).where(there)
    month, day = parts.get(MONTH), parts.get("day")
    for unit, size in ((QUARTER, 3), (HALF, 6)):
        if month is None and unit in parts:
            month = (parts[unit] - 1) * size + 1
    one = pd.Series(1.0, index=frame.index)
    of_year = month is None and day is not None  # days counted from the first of January
    columns = {"year": year, "month": one if month is None else month, "day": one if day is None or of_year else day}
    times = pd.to_datetime(pd.DataFrame(columns), errors="coerce")
    if of_year and day is not None:
        times = times + pd.to_timedelta(day - 1, unit="D")
    for unit in ("hour", "minute"):
        if unit in parts:
            times = times + pd.to_timedelta(parts[unit], unit="h" if unit == "hour" else "min")
    return times


def _clock(column: pd.Series) -> pd.Series:
    """Return times of day since midnight; missing where there is none."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pd.to_timedelta(column.astype("float64"), unit="h")
    text = column.astype("str").str.strip()
    text = text.str.replace(_DOTTED, r"\1:\2:\3", regex=True)
    text = text.where(text.str.count(":") > 0, text + ":00")
    text = text.where(text.str.count(":") > 1, text + ":00")
    return pd.Series(pd.to_timedelta(text, errors="coerce"), index=column.index).where(
        column.notna(), np.timedelta64("NaT")
    )
