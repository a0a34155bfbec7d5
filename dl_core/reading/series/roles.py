"""Which column of a long table is the time, and which name the series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.reading.series.keys import codes_of, fewest, key_numbers, may_name
from dl_core.reading.series.parts import time_parts, unit_named
from dl_core.reading.series.schema import SERIES_SCHEMA, is_named
from dl_core.reading.series.stamps import is_steps, is_times
from dl_core.reading.tables.names import plain_name, spellings, words_of
from dl_core.schema import Role

Roles = Mapping[Role, Sequence[str]]
_DATES = ("ds", "timestamp", "time_stamp", "datetime", "date_time", "date", "datum", "fecha")
_NAMES_FIRST = ("unique_id", "series", "series_id", "series_name", "serie", "ts_id", "id", "item_id", "sku", "symbol")
_FEW_REPEATS = 0.7  # share of distinct times from which a text column is rather a covariate
_UNNAMED = ("column 1", "Unnamed: 0")


def find_time(frame: pd.DataFrame, roles: Roles) -> tuple[str, ...]:
    """Return the column of times, or those of year, month and day together; nothing where there is none."""
    if Role.TIME in roles:
        return tuple(roles[Role.TIME])
    taken = {name for role, names in roles.items() if role != Role.TIME for name in names}
    by_name = spellings(column for column in frame.columns if column not in taken)
    parts = time_parts(frame, list(by_name.values()))
    if parts:
        return parts
    dated = [name for name in by_name.values() if pd.api.types.is_datetime64_any_dtype(frame[name].dtype)]
    known = [by_name[word] for word in words_of(SERIES_SCHEMA, Role.TIME) if word in by_name]
    words = [*known, *(name for name in by_name.values() if name not in known and unit_named(name))]
    named_dates = [name for name in words if name in dated]
    if named_dates or dated:
        return ((named_dates or dated)[0],)
    kinds = frame.dtypes
    typed = {name for name in words if pd.api.types.is_numeric_dtype(kinds[name])}
    if words and typed == set(words) and any(unit_named(name) not in ("", "year") for name in words):
        whole = (name for name in by_name.values() if pd.api.types.is_string_dtype(kinds[name]))
        date = next((name for name in whole if is_times(frame[name])), None)
        if date is not None:
            return (date,)  # beside it, months and days as numbers only repeat it
    for name in words:
        if _is_time(frame, name, taken) or (plain_name(name) in _DATES and may_name(frame[name])):
            return (name,)  # a date that cannot be read is refused, and never taken for something else
    for name in by_name.values():
        if name not in words and is_times(frame[name]):
            return (name,)
    first = frame.columns[0]
    if first in _UNNAMED and first not in taken and (is_times(frame[first], named=True)):
        return (first,)
    return ()


def _is_time(frame: pd.DataFrame, name: str, taken: set[str]) -> bool:
    """Return whether a column whose name is that of a time holds times; numbers must not come back, as hours do."""
    column = frame[name]
    if not is_times(column, named=True):
        return False
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return True
    texts = [c for c in frame.columns if c != name and (c in taken or may_name(frame[c]))]
    head = frame[[name, *texts]]
    return not head.duplicated().any() or not (is_steps(column) or unit_named(name) not in ("", "year"))


def find_key(frame: pd.DataFrame, roles: Roles, time: Sequence[str], value: str) -> tuple[str, ...]:
    """Return the columns that name the series together: as few as tell rows of one time apart, in table order."""
    if Role.SERIES in roles:
        return tuple(roles[Role.SERIES])
    apart = {name for role, names in roles.items() if role != Role.SERIES for name in names}
    left = [c for c in frame.columns if c not in apart and c not in time and c != value]
    names = [c for c in left if may_name(frame[c]) and not (time and frame[c].nunique() == len(frame) > 1)]
    first = [name for name in names if plain_name(name) in _NAMES_FIRST]
    if not time:  # rows follow each other: only a name that comes back can be a series
        return tuple(first[:1])
    known = [name for name in names if is_named(name, Role.SERIES)]
    numbers = key_numbers(frame, time, [name for name in left if name not in names])
    if numbers and not names:
        return tuple(numbers)
    chosen = fewest(frame, time, [known, [name for name in names if name not in known]], _FEW_REPEATS)
    if not chosen and numbers:
        return tuple(numbers)
    blocks = [name for name in known if _in_blocks(frame[name])][:1]
    return tuple(name for name in frame.columns if name in (chosen or first[:1] or blocks))


def is_told_apart(frame: pd.DataFrame, columns: Sequence[str]) -> bool:
    """Return whether no two rows have the same cells in these columns."""
    return pd.unique(codes_of(frame, columns)).size == len(frame)


def _in_blocks(column: pd.Series) -> bool:
    """Return whether the rows of each name stand together, as those of series do and those of weather do not."""
    codes, names = pd.factorize(column)
    changes = int(np.count_nonzero(codes[1:] != codes[:-1]))
    return 3 * len(names) <= len(codes) and changes < len(names)
