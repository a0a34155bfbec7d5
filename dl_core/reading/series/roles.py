"""Which column of a long table is the time, which name the series, which is the value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.reading.series.parts import time_parts
from dl_core.reading.series.schema import SERIES_SCHEMA, is_known_ahead, is_named
from dl_core.reading.series.stamps import is_steps, is_times
from dl_core.reading.tables.names import plain_name, spellings, words_of
from dl_core.schema import Role

Roles = Mapping[Role, Sequence[str]]
_CALENDAR = ("year", "month", "quarter", "week", "day", "hour")
_DATES = ("ds", "timestamp", "time_stamp", "datetime", "date_time", "date", "datum", "fecha")
_NAMES_FIRST = ("unique_id", "series", "series_id", "series_name", "serie", "ts_id", "id", "item_id", "sku", "symbol")
_MOST_KEYS = 4
_FEW_REPEATS = 0.7  # share of distinct times from which a text column is rather a covariate


def find_time(frame: pd.DataFrame, roles: Roles) -> tuple[str, ...]:
    """Return the column of times, or those of year, month and day together; nothing where there is none."""
    if roles.get(Role.TIME):
        return tuple(roles[Role.TIME])
    taken = {name for role, names in roles.items() if role != Role.TIME for name in names}
    by_name = spellings(column for column in frame.columns if column not in taken)
    parts = time_parts(frame, by_name)
    if parts:
        return parts
    dated = [name for name in by_name.values() if pd.api.types.is_datetime64_any_dtype(frame[name].dtype)]
    words = [by_name[word] for word in words_of(SERIES_SCHEMA, Role.TIME) if word in by_name]
    named_dates = [name for name in words if name in dated]
    if named_dates or dated:
        return ((named_dates or dated)[0],)
    for name in words:
        if _is_time(frame, name, taken) or (plain_name(name) in _DATES and _may_name(frame[name])):
            return (name,)  # a date that cannot be read is refused, and never taken for something else
    for name in by_name.values():
        if name not in words and is_times(frame[name]):
            return (name,)
    first = frame.columns[0]
    if first == "column 1" and first not in taken and (is_times(frame[first], named=True)):
        return (first,)
    return ()


def _is_time(frame: pd.DataFrame, name: str, taken: set[str]) -> bool:
    """Return whether a column whose name is that of a time holds times; numbers must not come back, as hours do."""
    column = frame[name]
    if not is_times(column, named=True):
        return False
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return True
    texts = [c for c in frame.columns if c != name and (c in taken or _may_name(frame[c]))]
    head = frame[[name, *texts]]
    return not head.duplicated().any() or not (is_steps(column) or plain_name(name) in _CALENDAR)


def _may_name(column: pd.Series) -> bool:
    """Return whether a column may name series: text or truth, or whole numbers under a name of keys."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_float_dtype(kind):
        return False
    if pd.api.types.is_integer_dtype(kind):
        plain = plain_name(column.name)
        return plain in words_of(SERIES_SCHEMA, Role.SERIES) or plain.endswith(
            ("_id", "_nbr", "_no", "_code", "_key", "_number")
        )
    return not pd.api.types.is_bool_dtype(kind)


def find_value(
    frame: pd.DataFrame, roles: Roles, numbers: Sequence[str], time: Sequence[str]
) -> tuple[str | None, list[str]]:
    """Return the column to forecast and others that might have been it."""
    if roles.get(Role.VALUE):
        return roles[Role.VALUE][0], []
    apart = {name for role in (Role.PAST, Role.FUTURE, Role.SERIES, Role.GROUP) for name in roles.get(role, ())}
    left = [name for name in numbers if name not in apart and name not in time]
    by_name = spellings(left)
    exact = [by_name[word] for word in words_of(SERIES_SCHEMA, Role.VALUE) if word in by_name]
    if exact:
        return exact[0], []
    keys = words_of(SERIES_SCHEMA, Role.SERIES)
    likely = [
        name
        for name in left
        if not is_known_ahead(name)
        and plain_name(name) not in keys
        and not plain_name(name).endswith(("_id", "_nbr"))
        and plain_name(name) not in _CALENDAR
    ]
    ended = [name for name in likely if is_named(name, Role.VALUE)]
    chosen = next(iter(ended or likely or left), None)
    return chosen, [name for name in (ended or likely) if name != chosen]


def find_key(frame: pd.DataFrame, roles: Roles, time: Sequence[str], value: str) -> tuple[str, ...]:
    """Return the columns that name the series together: as few as tell rows of one time apart, in table order."""
    if roles.get(Role.SERIES):
        return tuple(roles[Role.SERIES])
    apart = {name for role, names in roles.items() if role != Role.SERIES for name in names}
    names = [c for c in frame.columns if c not in apart and c not in time and c != value and _may_name(frame[c])]
    first = [name for name in names if plain_name(name) in _NAMES_FIRST]
    if not time:  # rows follow each other: only a name that comes back can be a series
        return tuple(first[:1])
    known = [name for name in names if is_named(name, Role.SERIES)]
    pool = [known, [name for name in names if name not in known]]
    stamps = _codes(frame, list(time))
    chosen: list[str] = []
    cells = stamps
    for candidates in pool:
        if candidates is pool[1] and pd.unique(cells).size > _FEW_REPEATS * len(frame):
            break  # some rows stand twice; a weather column that parts them names no series
        while len(chosen) < _MOST_KEYS and pd.unique(cells).size < len(frame):
            best = _best(frame, cells, [name for name in candidates if name not in chosen])
            if best is None:
                break
            chosen.append(best)
            cells = _joined(cells, pd.factorize(frame[best])[0])
    chosen = chosen or first[:1] or [name for name in known if _in_blocks(frame[name])][:1]
    return tuple(name for name in frame.columns if name in chosen)


def _in_blocks(column: pd.Series) -> bool:
    """Return whether the rows of each name stand together, as those of series do and those of weather do not."""
    codes, names = pd.factorize(column)
    return 3 * len(names) <= len(codes) and int((codes[1:] != codes[:-1]).sum()) < len(names)


def _best(frame: pd.DataFrame, cells: np.ndarray, candidates: Sequence[str]) -> str | None:
    """Return the column that parts cells most; None where none parts any."""
    found, most = None, pd.unique(cells).size
    for name in candidates:
        size = pd.unique(_joined(cells, pd.factorize(frame[name])[0])).size
        if size > most:
            found, most = name, size
    return found


def _codes(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    cells = np.zeros(len(frame), dtype=np.int64)
    for name in columns:
        cells = _joined(cells, pd.factorize(frame[name])[0])
    return cells


def _joined(cells: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return one number, from 0 without holes, for each pair."""
    return pd.factorize(cells * (int(codes.max(initial=0)) + 2) + codes + 1)[0]
