"""Times of steps as tables hold them: dates, local times with offsets, years, quarters, weeks, numbers of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.data.series.frequency import DAY
from dl_core.data.series.naming import labels_of
from dl_core.errors import SchemaError, shorten
from dl_core.reading.series.numbers import first_cells
from dl_core.reading.series.periods import WEEK, YEARS, is_fiscal, iso_week, periods_of, unit_of
from dl_core.reading.series.schema import NUMBERED_STEPS
from dl_core.reading.series.zones import localised
from dl_core.reading.tables.month_names import named_dates
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.times import Times, looks_like_time, parse_times
from dl_core.reading.tables.values import sampled

_EPOCH_NUMBERS = 1.9e7  # from here on whole numbers are dates such as 20240131 or seconds since 1970
_SERIAL = (20_000, 80_000)  # a spreadsheet's days: 1954 to 2119
_ONLY_STEPS = ("t", "step", "time_step", "step_number", "index", "period")
_LEAST_DAYS, _BESIDE_LINE = 30, 0.01  # years, of a leap day and a rounding
_EVEN = 0.95  # share of equal changes, from which a column of numbers is an axis of times
_RANGE = r"(.*\d{4}.*?)\s+[-–]\s+(?:.*\d{4}.*)"
FOOTERS = 3  # lines at a table's end that may say something else than a time
ORDERS = ("day-first", "month-first")


@dataclass(frozen=True)
class Stamps(Times):
    """Times of a column, the zone whose local times they are, and whether day and month can be told apart.

    Parameters
    ----------
    zone : str
        IANA name or fixed offset ("+02:00") of the local times; empty for times without a zone.
    open : bool
        Whether neither the texts nor a regular grid tell the order of day and month.
    """

    zone: str = ""
    open: bool = False

    @property
    def undecided(self) -> bool:
        """Whether the column itself does not tell whether the day or the month stands first."""
        return any(note.kind == "ambiguous-dates" for note in self.notes)


def is_steps(column: pd.Series) -> bool:
    """Return whether a column holds whole numbers that number steps and are neither years nor dates."""
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    numbers = column.dropna().to_numpy(dtype=float)
    if not len(numbers) or (numbers != np.floor(numbers)).any() or np.abs(numbers).max() >= _EPOCH_NUMBERS:
        return False
    if _are_serial(numbers, column.name) or are_years(numbers, column.name):
        return False
    return plain_name(column.name) in NUMBERED_STEPS


def is_times(column: pd.Series, named: bool = False) -> bool:
    """Return whether a column holds times; ``named`` when its name says so, which most numbers need."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    if pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.dropna().to_numpy(dtype=float)
        if _are_fractions(numbers):
            return True
        dated = _in_serial_range(numbers) or _are_unix(numbers)
        if named:
            return bool(len(numbers)) and (dated or bool((numbers == np.floor(numbers)).all()) or _is_even(numbers))
        return dated and _is_even(numbers)
    column = _starts(column)
    sample = sampled(column).astype(str)
    if not len(sample):
        return False
    periods = float(np.mean([one is not None for one in periods_of(list(sample))]))
    return periods >= 0.9 or looks_like_time(column) or (named and looks_like_time(sample.iloc[: len(sample) // 2 + 1]))


def axes(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the columns of numbers that are dates or seconds that grow evenly: times, whatever the name."""
    first = first_cells(frame, names)  # no serial day or second is smaller than a year
    large = ((first >= YEARS[0]) | np.isnan(first)).all(axis=0)
    return [name for name, fits in zip(names, large, strict=True) if fits and _is_axis(frame[name])]


def _is_axis(column: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(column.dtype) or not column.min() >= YEARS[0]:
        return False
    return is_times(column) or _are_days_in_years(column.to_numpy(dtype=float, na_value=np.nan))


def _are_days_in_years(numbers: np.ndarray) -> bool:
    """Return whether numbers are years with a fraction that tells the day: they lie on a line (1818.001, 1818.004)."""
    if len(numbers) < _LEAST_DAYS or not numbers.max() <= YEARS[1] or (numbers % 1 == 0).all():
        return False
    line = np.linspace(numbers[0], numbers[-1], len(numbers))
    return bool(numbers[-1] > numbers[0]) and bool(np.abs(numbers - line).max() < _BESIDE_LINE)


def _starts(column: pd.Series) -> pd.Series:
    """Return the beginnings where each cell tells one and an end: ``"01.01.2024 00:00 - 01.01.2024 01:00"``."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return column
    text = column.dropna().astype("str")
    if not len(text) or not text.iloc[:50].str.fullmatch(_RANGE).all() or not text.str.fullmatch(_RANGE).all():
        return column
    return column.astype("str").str.extract(_RANGE)[0].rename(column.name)


def _are_fractions(numbers: np.ndarray) -> bool:
    """Return whether numbers are years with a fraction that tells the month or the quarter (1749.042)."""
    if len(numbers) < 8 or numbers.min() < YEARS[0] or numbers.max() > YEARS[1] or (numbers % 1 == 0).all():
        return False
    change = np.diff(np.unique(numbers))
    return bool(len(change)) and _parts_of_year(change) > 0 and bool((change < 1.6 * np.median(change)).mean() >= _EVEN)


def _parts_of_year(change: np.ndarray) -> int:
    """Return how many steps of fractions of years make up a year: 12, 4 or 2; 0 for others."""
    size = float(np.median(change))
    return next((parts for parts in (12, 4, 2) if abs(size * parts - 1) < 0.03), 0)


def _from_fractions(numbers: np.ndarray) -> Times:
    """Return the first days of the months (quarters, halves) in which fractions of years lie."""
    known = np.isfinite(numbers)
    filled = np.where(known, numbers, 2000.0)
    parts = _parts_of_year(np.diff(np.unique(numbers[known])))
    year = np.floor(filled)
    part = np.floor((filled - year) * parts + 0.02)
    months = ((year - 1970) * 12 + part * (12 // parts)).astype(np.int64).astype("datetime64[M]")
    values = np.where(known, months.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))
    return Times(values, np.zeros(len(numbers), dtype=bool))


def _in_serial_range(numbers: np.ndarray) -> bool:
    return bool(len(numbers)) and bool(numbers.min() >= _SERIAL[0] and numbers.max() <= _SERIAL[1])


def _are_unix(numbers: np.ndarray) -> bool:
    return bool(len(numbers)) and bool(numbers.min() >= 5e8)


def _is_even(numbers: np.ndarray) -> bool:
    """Return whether numbers grow by the same amount nearly everywhere, as only an axis does."""
    change = np.diff(numbers)
    if len(change) < 8 or (change <= 0).any():
        return False
    return bool((np.abs(change - np.median(change)) <= 1e-3 * np.median(change)).mean() >= _EVEN)


def are_years(numbers: np.ndarray, name: object) -> bool:
    """Return whether whole numbers are years: in their range, and under a name of years or times."""
    within = bool(numbers.min() >= YEARS[0] and numbers.max() <= YEARS[1])
    plain = plain_name(name)
    named = any(unit_of(word) == "year" for word in plain.split("_"))
    return within and (named or plain in ("time", "period", "date", "ds", "t", "column_1"))


def _are_serial(numbers: np.ndarray, name: object) -> bool:
    """Return whether numbers are a spreadsheet's days."""
    return _in_serial_range(numbers) and plain_name(name) not in _ONLY_STEPS


def read_stamps(column: pd.Series, order: str = "") -> Stamps:
    """Return the times of a column; step numbers come as int64 (missing ones -1) instead of datetime64[ns].

    Parameters
    ----------
    column : pandas.Series
    order : str
        ``"day-first"`` or ``"month-first"``, where the user, data read before or the grid have decided it.

    Raises
    ------
    SchemaError
        If something that stands there is no time, such as the 31st of February.
    """
    column = _starts(column)
    times, zone = localised(column, _parsed(column, order))
    bad = times.bad
    filled = np.flatnonzero(column.notna().to_numpy())
    footers = filled[-FOOTERS:] if len(filled) > 10 * FOOTERS else filled[:0]
    wrong = np.flatnonzero(bad)
    trailing = [at for at in wrong if at in footers]
    if len(trailing) == len(wrong) and len(wrong) and trailing == list(filled[-len(wrong) :]):
        text = f"The last {len(wrong)} lines hold no time and were left out ({rows_named(bad)})."
        return Stamps(times.values, bad, (*times.notes, Finding("warning", "footer", text)), zone)
    if len(wrong):
        raise SchemaError(
            f"{len(wrong):,} of {len(bad):,} values are no times ({rows_named(bad)})",
            where=f"column {shorten(column.name, 40)}",
            expected="dates that exist, such as 2024-02-29 or 2024-02-29 13:00:00, years, or numbers of steps",
            todo="correct these rows, or choose another column for the time",
        )
    return Stamps(times.values, bad, times.notes, zone)


def _parsed(column: pd.Series, order: str) -> Times:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return parse_times(column, order)
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        known = numbers[np.isfinite(numbers)]
        if len(known) and _are_fractions(known):
            return _from_fractions(numbers)
        if len(known) and (known == np.floor(known)).all():
            special = _from_whole(numbers, known, column.name)
            if special is not None:
                return special
        times = parse_times(column, order)
        if any(note.kind == "relative-time" for note in times.notes) and len(known):
            return _relative(numbers, known, times)
        return times
    codes, texts = pd.factorize(column)
    found = periods_of([str(text) for text in texts])
    if len(found) and sum(one is not None for one in found) >= 0.5 * len(found):
        spread = np.append(_as_times(found), np.datetime64("NaT", "ns"))[codes]
        return Times(spread, (codes >= 0) & np.isnat(spread), _fiscal_note(column, texts))
    return parse_times(column, order)


def _fiscal_note(column: pd.Series, texts: Sequence[object]) -> tuple[Finding, ...]:
    """Return what is assumed of fiscal periods, whose first day nothing tells."""
    if not any(is_fiscal(str(text)) for text in texts):
        return ()
    text = f"{shorten(column.name, 40)!r} names fiscal periods; they are dated as if their years began in January."
    return (Finding("info", "fiscal", text),)


def _as_times(found: Sequence[np.datetime64 | None]) -> np.ndarray:
    return np.array(["NaT" if one is None else one for one in found], dtype="datetime64[ns]")


def _relative(numbers: np.ndarray, known: np.ndarray, times: Times) -> Times:
    """Return fractions of an unknown unit as numbers of steps where they lie on a grid of their own."""
    change = np.diff(np.unique(known))
    step = float(np.median(change)) if len(change) else 0.0
    place = (numbers - known.min()) / step if step > 0 else numbers
    if step <= 0 or np.nanmax(np.abs(place - np.round(place))) > 0.05:
        return times
    counted = np.where(np.isfinite(place), np.round(place) + np.round(known.min() / step), -1).astype(np.int64)
    return Times(counted, np.zeros(len(numbers), dtype=bool))


def _from_whole(numbers: np.ndarray, known: np.ndarray, name: object) -> Times | None:
    """Return years, months such as 202401, days such as 20240131 and numbers of steps; None for other whole numbers."""
    missing, low, high = ~np.isfinite(numbers), known.min(), known.max()
    filled = np.where(missing, low, numbers).astype(np.int64)
    years, part = filled // 100, filled % 100
    if are_years(known, name):
        found = (filled - 1970).astype("datetime64[Y]")
    elif low >= 190_000 and high <= 220_053 and ((part >= 1) & (part <= 53)).all():
        weeks = part.max() > 12 or unit_of(plain_name(name).split("_")[-1]) == WEEK
        found = iso_week(years, part) if weeks else ((years - 1970) * 12 + part - 1).astype("datetime64[M]")
    elif low >= 19_000 and high <= 22_004 and _are_quarters(filled):
        found = ((filled // 10 - 1970) * 12 + 3 * (filled % 10 - 1)).astype("datetime64[M]")
    elif low >= _EPOCH_NUMBERS and high < 2.2e7:
        return _from_days(filled, missing)
    elif high < _EPOCH_NUMBERS and not _are_serial(known, name):
        return Times(np.where(missing, -1, filled // _common_step(known)), np.zeros(len(numbers), dtype=bool))
    else:
        return None
    values = np.where(missing, np.datetime64("NaT", "ns"), found.astype("datetime64[ns]"))
    return Times(values, np.zeros(len(numbers), dtype=bool))


def _common_step(known: np.ndarray) -> int:
    """Return what numbers of steps grow by, such as 60 of seconds that tell minutes; 1 where most do not grow alike."""
    change = np.diff(np.unique(known)).astype(np.int64)
    if not len(change) or known.min() < 0:
        return 1
    step = int(np.gcd.reduce(change))
    return step if step > 1 and (change == step).mean() >= _EVEN else 1


def _are_quarters(numbers: np.ndarray) -> bool:
    """Return whether numbers are quarters such as 20234: last digits of 1 to 4 only, all of them."""
    return set(np.unique(numbers % 10).tolist()) == {1, 2, 3, 4}


def _from_days(filled: np.ndarray, missing: np.ndarray) -> Times:
    """Return days such as 20240131; those that do not exist are bad."""
    months = (filled // 10_000 - 1970) * 12 + filled // 100 % 100 - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (filled % 100 - 1)
    there = (filled // 100 % 100 - 1 < 12) & (days.astype("datetime64[M]").astype(np.int64) == months)
    values = np.where(there & ~missing, days.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))
    return Times(values, ~there & ~missing)


def settled(column: pd.Series, code: np.ndarray) -> Stamps:
    """Return times whose order of day and month their own text tells, or else a regular grid, or which stays open.

    Parameters
    ----------
    column : pandas.Series
    code : numpy.ndarray
        (n,) int64, which series each row belongs to.
    """
    stamps = read_stamps(column)
    if not stamps.undecided:
        return stamps
    both = [one for one in (_with_order(column, order) for order in ORDERS) if one is not None]
    if len(both) == 1:
        return _told(both[0], "only so all dates exist")
    if not both or np.array_equal(both[0].values, both[1].values, equal_nan=True):
        return _told(stamps, "")
    day, month = (density(one.values, code) for one in both)
    if max(day, month) >= 0.5 and min(day, month) < 0.5 * max(day, month):
        return _told(both[0 if day > month else 1], "only so the steps are regular")
    return replace(stamps, open=True)


def _with_order(column: pd.Series, order: str) -> Stamps | None:
    try:
        return read_stamps(column, order)
    except SchemaError:
        return None


def _told(stamps: Stamps, why: str) -> Stamps:
    """Return times with the note that their order is known, and why."""
    kept = [note for note in stamps.notes if note.kind != "ambiguous-dates"]
    told = [
        replace(note, message=note.message.replace(" first.", f" first: {why}.")) if note.kind in ORDERS else note
        for note in kept
    ]
    return replace(stamps, notes=tuple(told if why else kept))


def density(times: np.ndarray, code: np.ndarray) -> float:
    """Return the share of filled steps, at the commonest step, between the first and the last time of each series."""
    keep = ~np.isnat(times)
    order = np.lexsort((times[keep], code[keep]))
    stamps, owner = times[keep][order].astype(np.int64), code[keep][order]
    change = np.diff(stamps)[np.diff(owner) == 0]
    change = change[change > 0]
    if not len(change):
        return 0.0
    labels, counts = np.unique(labels_of(change), return_counts=True)
    label = int(labels[np.argmax(counts)])
    length = -label * 30.44 * DAY if label < 0 else label
    return float(len(change) / np.maximum(1, np.round(change / length)).sum())


def header_times(names: Sequence[str], order: str = "") -> np.ndarray:
    """Return the times that column names tell, (n,) datetime64[ns]; NaT where they tell none.

    Parameters
    ----------
    names : sequence of str
        Such as ``"2024-01-31"``, ``"Jan 2024"``, ``"1960"``, ``"2024Q1"``.
    order : str
        ``"day-first"`` or ``"month-first"``, where it is known.
    """
    texts = [str(name) for name in names]
    found = _as_times(periods_of(texts))
    worded = np.array([any(sign.isalpha() for sign in text) and len(text) <= 40 for text in texts], dtype=bool)
    worded &= np.isnat(found)
    if worded.any():
        found[worded] = named_dates([text for text, there in zip(texts, worded, strict=True) if there])
    left = pd.Series(texts)[np.isnat(found)]
    dated = left[left.str.contains(r"\d{4}-\d|\d[-./]\d{1,2}[-./]\d|\d{4}[./]\d", regex=True)]
    if len(dated):
        code = np.zeros(len(dated), np.int64)
        try:
            stamps = read_stamps(dated, order) if order else settled(dated, code)
        except SchemaError:
            return found
        found[dated.index] = stamps.values
    return found
