"""Roles that several columns fill together: a date and a clock, year, month and day; a user and the user's card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from dl_core.reading.tables.month_names import folded_word, month_numbers, unit_words
from dl_core.reading.tables.names import Roles, plain_name, respelled
from dl_core.reading.tables.times import looks_like_time
from dl_core.reading.tables.values import sampled

BETWEEN = " + "  # in the name of what was joined
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?"
_PARTS = {"year": (1900, 2200), "month": (1, 12), "day": (1, 31), "hour": (0, 23)}  # and what their values may be
_COUNTED = {"year": _PARTS["year"], "month": _PARTS["month"], "week": (1, 53)}
_SHORT = {"yr": "year", "yyyy": "year", "mm": "month", "mnth": "month", "dd": "day", "hr": "hour", "hh": "hour"}
_SHORT |= {"annee": "year", "dag": "day", "uur": "hour", "wk": "week"}  # besides the words of the CLDR
_LITTLE = {"number", "num", "no", "nr", "name", "index", "id"}  # in a name beside the word


def joined_name(columns: Sequence[str]) -> str:
    """Return what the column is called that several become."""
    return BETWEEN.join(columns)


def expanded(roles: Roles, frame: pd.DataFrame) -> tuple[Roles, pd.DataFrame]:
    """Return training's roles with the columns that were joined there, where these stand in new rows one by one."""
    found = dict(roles)
    for role, names in roles.items():
        parts = names[0].split(BETWEEN) if len(names) == 1 and names[0] not in frame.columns else []
        here = respelled(frame, parts) if len(parts) > 1 else frame
        if len(parts) > 1 and set(parts) <= set(here.columns):
            found[role], frame = tuple(parts), here
    return found, frame


def time_columns(frame: pd.DataFrame, first: str | None, free: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that tell a row's time together, in the order year, month, day, clock; one where it is enough.

    Parameters
    ----------
    frame : pandas.DataFrame
    first : str or None
        The column that tells it by name or content, if any.
    free : sequence of str
        Columns without another role.
    """
    first = first or next((name for name in free if _is_date(frame[name])), None)
    free = [name for name in free if name != first]
    clocks = [name for name in free if is_clock(frame[name])]
    if first is not None and is_clock(frame[first]):
        clocks, first = [first, *clocks], next((name for name in free if _is_date(frame[name])), None)
    if first is not None and _is_date(frame[first]):
        return (first, *(clocks or [name for name, _ in _parts(frame, "hour", free)])[:1])
    if first is not None and not is_clock(frame[first]) and not _is_part(frame, first):
        return (first,)
    every = [*free, first] if first is not None else free
    for year, rest in sorted(_parts(frame, "year", every), key=lambda one: len(one[1])):
        beside = {word: [name for name, of in _parts(frame, word, every) if of == rest] for word in _PARTS}
        if beside["month"]:
            hour = clocks or beside["hour"]
            day = beside["day"][:1]
            return (year, *beside["month"][:1], *day, *(hour[:1] if day else ()))
    return () if first is None else (first,)


def counter_of_time(frame: pd.DataFrame, free: Sequence[str]) -> tuple[str, bool]:
    """Return a column that counts years, months or weeks, where no date stands beside it, and whether that is certain.

    It is where its numbers go beyond a calendar's or the rows are sorted by it; months from 1 to 12 in any order may be
    seasons as well.
    """
    for word, (least, most) in _COUNTED.items():
        for name in free:
            column = frame[name]
            if _rest(column, word) == "" and _whole(column) and column.nunique() > 2:
                numbers = column.dropna()
                beyond = least < 100 and bool(numbers.min() == 0 or numbers.max() > most)
                if numbers.min() >= 0 and (least < 100 or numbers.between(least, most).all()):
                    return name, beyond or bool(numbers.is_monotonic_increasing)
    return "", False


def joined_times(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return one text a row of the columns that tell its time, date first, for `read_times`."""
    kinds = {name: _kind(frame[name]) for name in columns}
    dates = [name for name, kind in kinds.items() if kind == "date"]
    clocks = [name for name, kind in kinds.items() if kind in ("clock", "hour")]
    if dates:
        said = _day_text(frame[dates[0]])
    else:
        parts = {kind: frame[name] for name, kind in kinds.items()}
        parts["month"] = _month_numbers(parts["month"])
        year, month = (parts[word].astype("Int64").astype("str") for word in ("year", "month"))
        day = parts["day"].astype("Int64").astype("str") if "day" in parts else pd.Series("1", index=frame.index)
        said = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
    if clocks:
        clock = frame[clocks[0]]
        said = (
            said
            + " "
            + (clock.astype("Int64").astype("str") + ":00" if kinds[clocks[0]] == "hour" else clock.astype("str"))
        )
    return said.rename(joined_name(columns))


def joined_keys(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return one key a row of several columns; missing where one of them is."""
    texts = [frame[name].astype("Int64") if _whole(frame[name]) else frame[name] for name in columns]
    said = texts[0].astype("str")
    for text in texts[1:]:
        said = said + " " + text.astype("str")
    return said.where(frame[list(columns)].notna().all(axis=1)).rename(joined_name(columns))


def is_clock(column: pd.Series) -> bool:
    """Return whether a text column holds times of the day alone."""
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    sample = sampled(column).astype(str)
    return len(sample) > 0 and bool(sample.str.fullmatch(rf"\s*{_CLOCK}\s*").mean() >= 0.95)


def is_counter(column: pd.Series) -> bool:
    """Return whether keys only count something within another one ("card 0 to 3" of a user), many rows each."""
    numbers = pd.to_numeric(sampled(column, 2_000), errors="coerce")
    few = len(numbers) > 0 and numbers.notna().all() and bool((numbers % 1 == 0).all() and numbers.between(0, 20).all())
    return few and len(column) > 50 * numbers.nunique()


def _kind(column: pd.Series) -> str:
    if is_clock(column):
        return "clock"
    if _is_date(column):
        return "date"
    named = (word for word in _PARTS if _fits(column, word) is not None)
    return next(named, "date")


def _is_date(column: pd.Series) -> bool:
    """Return whether a column holds days without a time of the day."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        some = column.dropna().iloc[:2_000]
        return len(some) > 0 and bool((some == some.dt.normalize()).all())
    if pd.api.types.is_numeric_dtype(column.dtype):
        some = column.dropna().iloc[:2_000]
        return len(some) > 0 and bool(some.between(19_000_101, 21_991_231).all() and (some % 100).between(1, 31).all())
    return not sampled(column).astype(str).str.contains(":").any() and looks_like_time(column)


def _is_part(frame: pd.DataFrame, name: str) -> bool:
    return any(_fits(frame[name], word) is not None for word in _PARTS)


def _parts(frame: pd.DataFrame, word: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the columns that hold a part of a date, each with the rest of its name ("claim" of "claim_month")."""
    found = ((name, _fits(frame[name], word)) for name in names)
    return [(name, rest) for name, rest in found if rest is not None]


def _fits(column: pd.Series, word: str) -> str | None:
    """Return the rest of the name of a column that holds this part of a date; None of one that does not."""
    rest = _rest(column, word)
    if rest is None:
        return None
    numbers = _month_numbers(column) if word == "month" else column
    return rest if _whole(numbers) and numbers.dropna().between(*_PARTS[word]).all() else None


def _rest(column: pd.Series, word: str) -> str | None:
    """Return what a column's name says besides a word for a part of a date, in any language; None without that word.

    A week of the month is no month, a day of the month is a day.
    """
    plain = re.sub(r"(?<=day)_of_month$|(?<=hour)_of_day$", "", folded_word(plain_name(column.name)))
    words = [one for one in plain.split("_") if one not in _LITTLE]
    found = [one for one in words if one in unit_words()[word] or _SHORT.get(one) == word]
    if not found or re.search(r"(week|day|half|quarter)s?_of_(the_)?(month|year|week)", plain):
        return None
    words.remove(found[0])
    return "_".join(words)


def _month_numbers(column: pd.Series) -> pd.Series:
    """Return months as numbers where a column names them all ("Dec", "März"), else the column."""
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    words = column.dropna().unique()
    numbers = month_numbers([str(word) for word in words]) if 0 < len(words) <= 40 else None
    return column if numbers is None else column.map(numbers)


def _whole(column: pd.Series) -> bool:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or not pd.api.types.is_numeric_dtype(kind):
        return False
    return bool(np.all(column.dropna().iloc[:10_000] % 1 == 0))


def _day_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.strftime("%Y-%m-%d")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pd.to_datetime(column.astype("Int64").astype("str"), format="%Y%m%d", errors="coerce").dt.strftime(
            "%Y-%m-%d"
        )
    return column.astype("str")
