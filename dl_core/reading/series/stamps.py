"""Times of steps as tables hold them: dates, times with zones, years, quarters, months, weeks, numbers of steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.errors import SchemaError, shorten
from dl_core.reading.series.schema import NUMBERED_STEPS
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.times import Times, looks_like_time, parse_times

_YEARS = (1500, 2200)
_EPOCH_NUMBERS = 1.9e7  # from here on whole numbers are dates such as 20240131 or seconds since 1970
_QUARTER = re.compile(
    r"(?P<year>\d{4})\s*[-/. ]?\s*[Qq](?P<part>[1-4])|[Qq](?P<part2>[1-4])\s*[-/. ]?\s*(?P<year2>\d{4})"
)
_MONTH = re.compile(r"(?P<year>\d{4})\s*(?:[-/.]|-?[Mm])\s*(?P<part>0?[1-9]|1[0-2])")
_MONTH_FIRST = re.compile(r"(?P<part>0?[1-9]|1[0-2])[-/.](?P<year>\d{4})")
_WEEK = re.compile(r"(?P<year>\d{4})\s*-?\s*(?:[Ww]|[Kk][Ww])(?P<part>[0-5]?\d)")
_YEAR = re.compile(r"(?P<year>\d{4})(?:\.0)?")
_NAMED = re.compile(
    r"(?P<name>[A-Za-z]{3})[A-Za-z]*\.?[-/ ](?P<year>\d{4}|\d{2})|"
    r"(?P<year2>\d{4})[-/ ]?(?P<name2>[A-Za-z]{3})[A-Za-z]*\.?"
)
_IN_ORDER = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = {name: at + 1 for at, name in enumerate(_IN_ORDER)}
_NAMES |= {"mai": 5, "okt": 10, "dez": 12, "mrz": 3, "mär": 3, "ene": 1, "abr": 4, "ago": 8, "dic": 12}
FOOTERS = 3  # lines at a table's end that may say something else than a time


def is_steps(column: pd.Series) -> bool:
    """Return whether a column holds whole numbers that number steps and are neither years nor dates."""
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    numbers = column.dropna().to_numpy(dtype=float)
    if not len(numbers) or (numbers != np.floor(numbers)).any() or np.abs(numbers).max() >= _EPOCH_NUMBERS:
        return False
    return plain_name(column.name) in NUMBERED_STEPS and not _are_years(numbers, column.name)


def is_times(column: pd.Series, named: bool = False) -> bool:
    """Return whether a column holds times; ``named`` when its name says so, which numbers need."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    if pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.dropna().to_numpy(dtype=float)
        whole = bool(len(numbers)) and bool((numbers == np.floor(numbers)).all())
        return named and whole
    filled = column.dropna()
    sample = filled.iloc[:: max(1, len(filled) // 200)].astype(str)
    if not len(sample):
        return False
    periods = float(np.mean([_period(text) is not None for text in sample]))
    return periods >= 0.9 or looks_like_time(column) or (named and looks_like_time(sample.iloc[: len(sample) // 2 + 1]))


def _are_years(numbers: np.ndarray, name: object) -> bool:
    within = bool(numbers.min() >= _YEARS[0] and numbers.max() <= _YEARS[1])
    return within and ("year" in plain_name(name) or plain_name(name) in ("jahr", "time", "period", "date", "ds", "t"))


def read_stamps(column: pd.Series, order: str = "") -> Times:
    """Return the times of a column; step numbers come as int64 (missing ones -1) instead of datetime64[ns].

    Parameters
    ----------
    column : pandas.Series
    order : str
        ``"day-first"`` or ``"month-first"``, where data read before have decided it.

    Raises
    ------
    SchemaError
        If something that stands there is no time, such as the 31st of February.
    """
    times = _parsed(column, order)
    bad = times.bad
    filled = np.flatnonzero(column.notna().to_numpy())
    footers = filled[-FOOTERS:] if len(filled) > 10 * FOOTERS else filled[:0]
    wrong = np.flatnonzero(bad)
    trailing = [at for at in wrong if at in footers]
    if len(trailing) == len(wrong) and len(wrong) and trailing == list(filled[-len(wrong) :]):
        text = f"The last {len(wrong)} lines hold no time and were left out ({rows_named(bad)})."
        return Times(times.values, bad, (*times.notes, Finding("warning", "footer", text)))
    if len(wrong):
        raise SchemaError(
            f"{len(wrong):,} of {len(bad):,} values are no times ({rows_named(bad)})",
            where=f"column {shorten(column.name, 40)}",
            expected="dates that exist, such as 2024-02-29 or 2024-02-29 13:00:00, years, or numbers of steps",
            todo="correct these rows, or choose another column for the time",
        )
    return times


def _parsed(column: pd.Series, order: str) -> Times:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        times = parse_times(column, order)
        if column.dt.tz is None:
            return times
        text = f"{column.name!r} has time zones; all times were brought to UTC."
        return replace(times, notes=(*times.notes, Finding("info", "zones", text)))
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    if numeric:
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        known = numbers[np.isfinite(numbers)]
        if len(known) and (known == np.floor(known)).all():
            special = _from_whole(numbers, known, column.name)
            if special is not None:
                return special
        return parse_times(column, order)
    codes, texts = pd.factorize(column)
    found = [_period(str(text)) for text in texts]
    if len(found) and sum(one is not None for one in found) >= 0.5 * len(found):
        values = np.array([one or np.datetime64("NaT") for one in found], dtype="datetime64[ns]")
        spread = np.append(values, np.datetime64("NaT", "ns"))[codes]
        return Times(spread, (codes >= 0) & np.isnat(spread))
    return parse_times(column, order)


def _from_whole(numbers: np.ndarray, known: np.ndarray, name: object) -> Times | None:
    """Return years, months such as 202401, days such as 20240131 and numbers of steps; None for other whole numbers."""
    missing, low, high = ~np.isfinite(numbers), known.min(), known.max()
    filled = np.where(missing, low, numbers).astype(np.int64)
    if _are_years(known, name):
        years = (filled - 1970).astype("datetime64[Y]").astype("datetime64[ns]")
    elif low >= 190_000 and high <= 220_012 and ((filled % 100 >= 1) & (filled % 100 <= 12)).all():
        years = ((filled // 100 - 1970) * 12 + filled % 100 - 1).astype("datetime64[M]").astype("datetime64[ns]")
    elif low >= _EPOCH_NUMBERS and high < 2.2e7:
        years = (filled // 10_000 - 1970) * 12 + filled // 100 % 100 - 1
        days = years.astype("datetime64[M]").astype("datetime64[D]") + (filled % 100 - 1)
        there = (filled // 100 % 100 - 1 < 12) & (days.astype("datetime64[M]").astype(np.int64) == years)
        times = np.where(there & ~missing, days.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))
        return Times(times, ~there & ~missing)
    elif high < _EPOCH_NUMBERS and not (plain_name(name) in ("date", "datum") and low >= 20_000):
        return Times(np.where(missing, -1, filled), np.zeros(len(numbers), dtype=bool))
    else:
        return None
    return Times(np.where(missing, np.datetime64("NaT", "ns"), years), np.zeros(len(numbers), dtype=bool))


def _period(text: str) -> np.datetime64 | None:
    """Return the first day of a year, quarter, month or week such as "2024", "2024Q1", "Jan 2024", "2024-W05"."""
    text = text.strip()
    if match := _YEAR.fullmatch(text):
        year = int(match["year"])
        return np.datetime64(match["year"]).astype("datetime64[D]") if _YEARS[0] <= year <= _YEARS[1] else None
    if match := _QUARTER.fullmatch(text):
        return _first(match["year"] or match["year2"], 3 * int(match["part"] or match["part2"]) - 2)
    if match := _MONTH.fullmatch(text) or _MONTH_FIRST.fullmatch(text):
        return _first(match["year"], int(match["part"]))
    if match := _WEEK.fullmatch(text):
        fourth = np.datetime64(f"{match['year']}-01-04")  # always in the first week
        monday = fourth - (fourth.astype(int) + 3) % 7
        week = int(match["part"])
        return monday + 7 * (week - 1) if 1 <= week <= 53 else None
    if match := _NAMED.fullmatch(text):
        month = _NAMES.get((match["name"] or match["name2"]).casefold())
        written = match["year"] or match["year2"]
        century = "" if len(written) == 4 else "19" if int(written) >= 70 else "20"
        return _first(f"{century}{written}", month) if month else None
    return None


def month_of(name: object) -> int | None:
    """Return the number of a month's name, such as "Mar" or "march"."""
    return _NAMES.get(str(name).strip()[:3].casefold())


def _first(year: str, month: int) -> np.datetime64:
    return np.datetime64(f"{int(year):04d}-{month:02d}-01")


def header_times(names: Sequence[str]) -> np.ndarray | None:
    """Return the times that column names tell, (n,) datetime64[ns], or None where they do not.

    Parameters
    ----------
    names : sequence of str
        Such as ``"2024-01-31"``, ``"Jan 2024"``, ``"1960"``, ``"2024Q1"``.
    """
    found = [_period(str(name)) for name in names]
    if all(one is not None for one in found):
        return np.array(found, dtype="datetime64[ns]")
    column = pd.Series(list(names), dtype="str")
    if not column.str.contains(r"\d{4}|\d[-./]\d", regex=True).all() or column.str.fullmatch(r"[\d.]+").any():
        return None
    times = parse_times(column)
    return None if np.isnat(times.values).any() else times.values
