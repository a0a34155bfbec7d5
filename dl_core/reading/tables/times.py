"""Times as files hold them, to one column of naive UTC: ISO, zones, unix numbers, day first or month first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.data.instants import EARLIEST, LATEST, START
from dl_core.errors import SchemaError, shorten
from dl_core.reading.tables.month_names import named_dates
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.values import sampled, spread

_EPOCH = pd.Timestamp(0)
_UNIX = ((5e8, 4.2e9, "s"), (5e11, 4.2e12, "ms"), (5e14, 4.2e15, "us"), (5e17, 4.2e18, "ns"))
_UNITS = {  # what numbers without dates count, by a word of their name; months in days
    "step": ("h", 1.0, "hours"),
    "hour": ("h", 1.0, "hours"),
    "minute": ("min", 1.0, "minutes"),
    "day": ("D", 1.0, "days"),
    "week": ("D", 7.0, "weeks"),
    "month": ("D", 30.4375, "months"),
}
_YEARS = (1_900, 2_200)
_EXCEL_DAYS = (20_000, 80_000)  # days since 1899-12-30: 1954 to 2119
_SHAPE = (
    r"^\s*(?:[A-Za-z]{3,9},?\s+)?(?P<a>\d{1,2})[./\- ](?P<b>\d{1,2})[./\- ](?P<year>\d{4}|\d{2})"
    r"(?:[ T,]+(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?\s*$"
)
_MIDNIGHT = r"(?<=[ T])24:00(?::00(?:[.,]0+)?)?(?=\D|$)"  # the end of a day, which is the start of the next
_NAMED_MONTH = r"^(?=.{4,40}$)(?=.*\d{2})(?:\W*\w+){1,6}\W*$"
_ZONE = r"(?:Z|UTC|GMT|(?::\d{2}(?:[.,]\d+)?|T\d{2,6}) ?[+-]\d{2}:?\d{2}|[ ][+-]\d{2}:?\d{2})\s*$"


@dataclass(frozen=True)
class Times:
    """A column read as times.

    Parameters
    ----------
    values : numpy.ndarray
        (n,) datetime64[ns], naive UTC; NaT where nothing stands or what stands is no time. What counts from an unknown
        start does so from `instants.START`.
    bad : numpy.ndarray
        (n,) bool, where something stands that is no time.
    notes : tuple of Finding
        How it was read, where that had to be decided.
    """

    values: np.ndarray
    bad: np.ndarray
    notes: tuple[Finding, ...] = field(default=())


def parse_times(column: pd.Series, order: str = "") -> Times:
    """Read a column of times.

    Parameters
    ----------
    column : pandas.Series
        (n,) times, numbers or text.
    order : str
        ``"day-first"`` or ``"month-first"``, where data read before have decided it.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        if column.dt.tz is None and column.min() > LATEST:  # written from a data set
            return _within(column.to_numpy("datetime64[ns]"), column.notna().to_numpy(), [_from_start(column.name)])
        return _within(_utc(column), column.notna().to_numpy(), [])
    if pd.api.types.is_numeric_dtype(column.dtype):
        values, notes = _from_numbers(column.to_numpy(dtype=np.float64, na_value=np.nan), column.name)
        return _within(values, np.isfinite(column.to_numpy(dtype=np.float64, na_value=np.nan)), notes)
    codes, texts = pd.factorize(column)
    found, notes = _from_texts(pd.Series(np.asarray(texts, dtype=object)).astype(str), column.name, order)
    values = spread(found, codes, np.datetime64("NaT", "ns"))
    return _within(values, codes >= 0, notes)


def read_times(column: pd.Series, order: str = "") -> Times:
    """Read a column that must hold times, as `parse_times` does.

    Raises
    ------
    SchemaError
        If most of its values are none.
    """
    times = parse_times(column, order)
    good = ~np.isnat(times.values)
    if good.sum() < max(1, 0.5 * (good | times.bad).sum()):
        raise SchemaError(
            f"{int(times.bad.sum()):,} of {len(good):,} values are no times ({rows_named(times.bad)})",
            where=f"column {shorten(column.name, 40)}",
            expected="dates such as 2024-01-31 13:45:00, or seconds or milliseconds since 1970",
            todo="choose another time column, or none",
        )
    return times


def looks_like_time(column: pd.Series) -> bool:
    """Return whether nearly all of a sample of a text column can be read as times with a date."""
    sample = sampled(column).astype(str)
    dated = sample.str.contains(
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|[^\W\d_]{3}.*\d{2}|\d{4}.*[^\W\d_]{3}|月"
    )
    if not len(sample) or dated.mean() < 0.95:
        return False
    return bool((~np.isnat(parse_times(sample.reset_index(drop=True)).values)).mean() >= 0.95)


def _within(values: np.ndarray, filled: np.ndarray, notes: list[Finding]) -> Times:
    """Return times with those outside 1700 to 2200 counted as bad."""
    return Times(values, filled & np.isnat(values), tuple(notes))


def _utc(column: pd.Series) -> np.ndarray:
    """Return naive UTC in ns; what ns cannot hold, or nobody means, becomes NaT."""
    if column.dt.tz is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    column = column.where((column >= EARLIEST) & (column <= LATEST))
    return column.astype("datetime64[ns]").to_numpy()


def _from_numbers(numbers: np.ndarray, name: object) -> tuple[np.ndarray, list[Finding]]:
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return np.full(len(numbers), np.datetime64("NaT", "ns")), []
    low, high = np.quantile(finite, [0.01, 0.99])
    shaped = low >= 1.9e7 and high <= 2.2e7
    days = pd.to_datetime(pd.Series(numbers), format="%Y%m%d", errors="coerce") if shaped else None
    if days is not None and days.notna().sum() >= 0.95 * len(finite):
        return _utc(days), [_note("date-numbers", f"{name!r} was read as dates of the form 20240131.")]
    for least, most, unit in _UNIX:
        if least <= low and high <= most:
            text = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}[unit]
            return _scaled(numbers, unit), [_note("unix-time", f"{name!r} was read as {text} since 1970 (UTC).")]
    if _EXCEL_DAYS[0] <= low and high <= _EXCEL_DAYS[1] and "sec" not in plain_name(name):
        text = f"{name!r} was read as a spreadsheet's day numbers."
        return _whole_seconds(_scaled(numbers - 25_569, "D")), [_note("day-numbers", text)]
    whole = bool((finite % 1 == 0).all())
    if (
        whole
        and re.search(r"year|jahr|jaar|ann[eé]e|a[nñ]o|anno", plain_name(name))
        and _YEARS[0] <= finite.min() <= finite.max() <= _YEARS[1]
    ):
        dates = pd.to_datetime(pd.Series(numbers).astype("Int64").astype("str"), format="%Y", errors="coerce")
        return _utc(dates), [_note("year-numbers", f"{name!r} was read as years, each by its first day.")]
    found = (unit for key, unit in _UNITS.items() if key in plain_name(name))
    unit, size, word = next(found, ("s", 1.0, "seconds"))
    return _scaled(numbers * size, unit, START), [_from_start(name, word)]


def _from_start(name: object, word: str = "time") -> Finding:
    text = (
        f"{name!r} holds no dates and was read as {word} since an unknown start; "
        "hours of the day and weekdays are therefore counted from that start."
    )
    return _note("relative-time", text)


def _scaled(numbers: np.ndarray, unit: str, start: pd.Timestamp = _EPOCH) -> np.ndarray:
    """Return instants (n,) so many units after a start; NaT where no instant is so far from it."""
    size = pd.Timedelta(1, unit=unit).value  # ns
    room = LATEST - start if start < LATEST else pd.Timestamp.max - start
    good = np.isfinite(numbers) & (np.abs(numbers) < room.value / size)
    kept = np.where(good, numbers, 0.0)
    whole = np.floor(kept)  # apart from the fraction, which a float of so many ns could not hold
    stamps = whole.astype(np.int64) * size + np.round((kept - whole) * size).astype(np.int64) + start.value
    times = stamps.astype("datetime64[ns]")
    times[~good] = np.datetime64("NaT", "ns")
    return times


def _whole_seconds(times: np.ndarray) -> np.ndarray:
    """Return times at their nearest second, or minute where all stand at one: fractions of days are cut short."""
    seconds = (times + np.timedelta64(500, "ms")).astype("datetime64[s]")
    minutes = (seconds + 30).astype("datetime64[m]")
    near = np.abs((seconds - minutes).astype(np.int64))[~np.isnat(times)]
    return (minutes if (near <= 1).all() else seconds).astype("datetime64[ns]")


def _from_texts(texts: pd.Series, name: object, order: str) -> tuple[np.ndarray, list[Finding]]:
    """Return times of distinct texts: ISO first, then numbers, then day and month in either order, then words."""
    notes: list[Finding] = []
    ended = texts.str.contains(_MIDNIGHT, regex=True).to_numpy()
    texts = texts.str.replace(_MIDNIGHT, "00:00", regex=True) if ended.any() else texts
    iso = texts.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", _dashes, regex=True)
    iso = iso.str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True).str.replace(
        r"(\d)\s+([+-]\d{2}:?\d{2})$", r"\1\2", regex=True
    )
    iso = iso.str.replace(r"(\d),(\d+)(Z|[+-]\d{2}:?\d{2})?$", r"\1.\2\3", regex=True)
    dated = iso.str.match(r"^\d{4}-\d{1,2}-\d{1,2}|^\d{8}T")
    values = _utc(pd.to_datetime(iso.where(dated), format="ISO8601", errors="coerce", utc=True))
    left = np.isnat(values)
    numbers = pd.to_numeric(texts.where(left), errors="coerce").to_numpy(dtype=np.float64)
    if np.isfinite(numbers).sum() >= 0.5 * len(texts) or (np.isfinite(numbers).any() and not left.all()):
        found, notes = _from_numbers(numbers, name)
        if not any(note.kind == "relative-time" for note in notes) or np.isfinite(numbers).mean() > 0.5:
            values = np.where(left, found, values)
    found, about = _two_orders(texts.where(np.isnat(values)), name, order)
    values, notes = np.where(np.isnat(values), found, values), notes + about
    named = np.isnat(values) & texts.str.match(_NAMED_MONTH).to_numpy()
    named &= texts.str.contains(r"[^\W\d_]{3}|月", regex=True).to_numpy()
    if named.any():
        values[named] = named_dates(texts[named].tolist())
    worded = np.isnat(values) & texts.str.contains(r"[A-Za-z]{3}", regex=True).to_numpy()
    worded &= texts.str.contains(r"\d{4}|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2}", regex=True).to_numpy()
    if worded.any():
        found = _utc(pd.to_datetime(texts.where(worded), format="mixed", errors="coerce", utc=True))
        values = np.where(np.isnat(values), found, values)
    values = np.where(ended, values + np.timedelta64(1, "D"), values)
    zoned = texts.str.contains(_ZONE, regex=True).to_numpy()[~np.isnat(values)]
    if zoned.any() and not zoned.all():
        text = f"{name!r} mixes times with and without a zone; those without were interpreted as UTC."
        notes.append(Finding("warning", "mixed-zones", text))
    elif zoned.any():
        notes.append(_note("zones", f"{name!r} has time zones; all times were brought to UTC."))
    return values, notes


def _dashes(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{year}-{int(month):02d}-{int(day):02d}"


def _two_orders(texts: pd.Series, name: object, order: str) -> tuple[np.ndarray, list[Finding]]:
    """Return times of texts such as 03/04/2024, with day or month first as the whole column tells."""
    parts = texts.str.extract(_SHAPE)
    shaped = parts["a"].notna()
    if not shaped.any():
        return np.full(len(texts), np.datetime64("NaT", "ns")), []
    first, second = (parts[key].astype(float) for key in "ab")
    day_first, month_first = int((first > 12).sum()), int((second > 12).sum())
    notes: list[Finding] = []
    if day_first and month_first:
        text = (
            f"{name!r} writes some dates with the day first ({day_first:,}) and some with the month first "
            f"({month_first:,}); dates that may be either follow the commoner order. Export them as 2024-01-31."
        )
        notes.append(Finding("warning", "mixed-dates", text))
    elif not day_first and not month_first:
        points = texts[shaped].str.contains(r"^\s*\d+\.", regex=True).any()
        american = parts["half"].notna().any() and not points
        order = order or ("month-first" if american else "day-first")
        chosen = "day" if order == "day-first" else "month"
        text = (
            f"{name!r} does not tell whether day or month comes first; {chosen} first was assumed. Export 2024-01-31."
        )
        notes.append(Finding("warning", "ambiguous-dates", text))
    as_day = day_first > month_first or (day_first == month_first and order != "month-first")
    day = np.where(first > 12, first, np.where(second > 12, second, first if as_day else second))
    month = np.where(first > 12, second, np.where(second > 12, first, second if as_day else first))
    notes.append(
        _note("day-first" if as_day else "month-first", f"{name!r}: the {'day' if as_day else 'month'} first.")
    )
    return _joined(parts, day, month), notes


def _joined(parts: pd.DataFrame, day: np.ndarray, month: np.ndarray) -> np.ndarray:
    year = parts["year"].astype(float)
    year = year.where(parts["year"].str.len() > 2, year + np.where(year < 70, 2000, 1900))
    clock = parts["clock"].str.replace(",", ".").fillna("0:00")
    pieces = clock.str.split(":", expand=True).reindex(columns=range(3)).astype(float).fillna(0.0)
    hour = pieces[0]
    half = parts["half"].str[0].str.lower()
    hour = hour.where(half.isna(), hour % 12 + 12 * (half == "p"))
    dates = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
    zone = parts["zone"].str.extract(r"([+-])(\d{2}):?(\d{2})")
    ahead = (zone[1].astype(float) * 60 + zone[2].astype(float)) * np.where(zone[0] == "-", -1, 1)  # minutes
    minutes = hour * 60 + pieces[1] - ahead.fillna(0.0)
    fits = (hour < 24) & (pieces[1] < 60) & (pieces[2] < 61)
    stamps = dates + pd.to_timedelta(minutes * 60 + pieces[2], unit="s")
    return _utc(stamps.where(fits))


def _note(kind: str, text: str) -> Finding:
    return Finding("info", kind, text)
