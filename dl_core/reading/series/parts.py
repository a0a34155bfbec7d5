"""Times written in several columns: year and month, year, month and day, a date and an hour or a time of day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.reading.series.stamps import is_times, month_of, read_stamps
from dl_core.reading.tables.names import plain_name

_DATES = ("date", "datum", "day", "fecha")
_CLOCKS = ("hour", "time", "clock", "time_of_day", "uhrzeit", "stunde", "hora", "hour_of_day", "hr")
_CLOCK = r"\s*\d{1,2}(?::\d{2}){0,2}(?:\.\d+)?\s*"


def time_parts(frame: pd.DataFrame, by_name: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns that make up the time together; nothing where one column tells it.

    Parameters
    ----------
    frame : pandas.DataFrame
    by_name : mapping of str to str
        Column by plain name.
    """
    date = next((by_name[word] for word in _DATES if word in by_name and _is_date(frame[by_name[word]])), None)
    if date is not None:
        clock = next((by_name[word] for word in _CLOCKS if word in by_name and _is_clock(frame[by_name[word]])), None)
        return (date, clock) if clock is not None else ()
    if "year" in by_name and "month" in by_name:
        parts = tuple(by_name[word] for word in ("year", "month", "day") if word in by_name)
        years = pd.api.types.is_numeric_dtype(frame[parts[0]].dtype)
        return parts if years and not _months(frame[parts[1]]).isna().all() else ()
    return ()


def _is_date(column: pd.Series) -> bool:
    """Return whether a column holds dates without a time of day."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return bool((column.dropna() == column.dropna().dt.normalize()).all())
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return is_times(column) and not column.dropna().iloc[:200].astype(str).str.contains(":", regex=False).any()


def _is_clock(column: pd.Series) -> bool:
    """Return whether a column holds hours from 0 to 24, or times of day."""
    filled = column.dropna()
    if not len(filled) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        return bool(filled.between(0, 24).all()) and filled.nunique() > 1
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    return bool(filled.iloc[:: max(1, len(filled) // 200)].astype(str).str.fullmatch(_CLOCK).mean() > 0.9)


def _months(column: pd.Series) -> pd.Series:
    """Return months as numbers, from numbers or names; missing where there is neither."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64").where(column.between(1, 12))
    numbers = pd.to_numeric(column, errors="coerce")
    return column.map(month_of, na_action="ignore").astype("float64").fillna(numbers)


def joined_times(frame: pd.DataFrame, parts: Sequence[str]) -> pd.Series:
    """Return the times that several columns make up, as text where one of them does not exist ("no date").

    Parameters
    ----------
    frame : pandas.DataFrame
    parts : sequence of str
        Date and clock; or year, month and perhaps day.
    """
    given = frame[list(parts)].notna().all(axis=1)
    if plain_name(parts[0]) in _DATES:
        times = pd.Series(read_stamps(frame[parts[0]]).values, index=frame.index) + _clock(frame[parts[1]])
    else:
        day = frame[parts[2]] if len(parts) > 2 else pd.Series(1, index=frame.index)
        columns = {"year": frame[parts[0]], "month": _months(frame[parts[1]]), "day": day}
        times = pd.to_datetime(pd.DataFrame(columns), errors="coerce")
    times = times.rename(" and ".join(map(str, parts)))
    wrong = times.isna() & given
    return times.astype("str").mask(wrong, "no date").where(given, None) if wrong.any() else times


def _clock(column: pd.Series) -> pd.Series:
    """Return times of day since midnight; missing where there is none."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pd.to_timedelta(column.astype("float64"), unit="h")
    text = column.astype("str").str.strip()
    text = text.where(text.str.count(":") > 0, text + ":00")
    text = text.where(text.str.count(":") > 1, text + ":00")
    return pd.Series(pd.to_timedelta(text, errors="coerce"), index=column.index).where(
        column.notna(), np.timedelta64("NaT")
    )
