"""Tables whose columns are steps: which of them are, what names the series, and what only sums them up."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.reading.series.keys import fewest, may_name
from dl_core.reading.series.numbers import number_columns, read_numbers
from dl_core.reading.series.schema import TIME_WORDS
from dl_core.reading.series.stamps import header_times, is_times
from dl_core.reading.series.totals import set_aside, total_rows
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role

_NUMBERED = re.compile(r"(?P<stem>\D*?)[ _]?(?P<number>\d+)")
_LEAST_STEPS = 3  # columns from which a header of steps is believed
_SAMPLE = 200
_MOST_BEFORE = 12  # columns before the first numbered step


def find_steps(
    frame: pd.DataFrame, roles: Mapping[Role, Sequence[str]], forced: bool, order: str
) -> tuple[list[str], np.ndarray | None] | None:
    """Return the columns that are steps and the times that their names tell (None for numbers); None for other tables.

    Parameters
    ----------
    frame : pandas.DataFrame
    roles : mapping of Role to sequence of str
    forced : bool
        Whether the user says that the columns are steps.
    order : str
        Of day and month in dates.
    """
    apart = {name for role in (Role.SERIES, Role.GROUP) for name in roles.get(role, ())}
    columns = [name for name in frame.columns if name not in apart]
    numbers = set(number_columns(frame, columns))
    some = columns[:: len(columns) // _SAMPLE] if len(columns) > _SAMPLE else []
    told = not some or not np.isnat(header_times(some, order)).all()  # of thousands of names a share tells it
    times = header_times(columns, order) if told else np.full(len(columns), np.datetime64("NaT", "ns"))
    dated = [int(at) for at in np.flatnonzero(~np.isnat(times)) if columns[at] in numbers]
    if not forced and _starts_with_times(frame, columns, dated):
        return None  # a column of times, then stores 1, 2, 3
    others = len(numbers) - len(dated)
    if len(dated) >= _LEAST_STEPS and len(dated) >= others and len(np.unique(times[dated])) == len(dated):
        return [columns[at] for at in dated], times[dated]
    start = _first_numbered(frame, columns, numbers, forced, 0 if apart else 1)
    return None if start is None else (columns[start:], None)


def _starts_with_times(frame: pd.DataFrame, columns: Sequence[str], dated: Sequence[int]) -> bool:
    first = columns[0]
    return (
        0 not in dated and is_times(frame[first], named=plain_name(first) in TIME_WORDS) and frame[first].nunique() > 1
    )


def _first_numbered(
    frame: pd.DataFrame, columns: Sequence[str], numbers: Collection[str], forced: bool, least: int
) -> int | None:
    """Return the position of the first of the columns V2, V3, … that run to the end, ``least`` or later, or None."""
    start = len(columns)
    for at in range(len(columns) - 1, -1, -1):  # from the right: names and groups come first
        if columns[at] not in numbers:
            break
        start = at
    for at in range(start, min(start + 4, len(columns))):
        steps = columns[at:]
        whole = at >= least and (at == start or not _numbered(columns[at - 1 :]))  # the run starts here, after a name
        if len(steps) >= _LEAST_STEPS and at <= _MOST_BEFORE and _numbered(steps) and (whole or len(frame) == 1):
            return at
    return max(least, start) if forced and len(columns) > 1 and start < len(columns) else None


def _numbered(names: Sequence[str]) -> bool:
    """Return whether names are one stem with numbers that count up, such as V2, V3, …; words of steps need a stem."""
    found = [match for name in names if (match := _NUMBERED.fullmatch(str(name).strip()))]
    if len(found) < len(names):
        return False
    numbers = [int(match["number"]) for match in found]
    stems = {match["stem"].strip().casefold() for match in found}
    return len(stems) == 1 and all(b - a == 1 for a, b in zip(numbers, numbers[1:], strict=False))


def row_keys(
    frame: pd.DataFrame, steps: Sequence[str], asked: Sequence[str], left: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the columns that name the series of each row: as few as tell rows apart, in table order."""
    if asked:
        return tuple(asked)
    taken = {*steps, *left}
    rest = [name for name in frame.columns if name not in taken]
    texts = [name for name in rest if may_name(frame[name])]
    numbers = [name for name in rest if name not in texts and not pd.api.types.is_float_dtype(frame[name].dtype)]
    whole = [name for name in texts if frame[name].notna().all()]
    key = fewest(frame, (), [whole, [name for name in texts if name not in whole], numbers])
    return key or tuple(texts[:1] or (rest[:1] if len(frame) > 1 else ()))


def beside_steps(
    frame: pd.DataFrame, steps: Sequence[str], asked: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...], np.ndarray]:
    """Return what only repeats the steps, the columns that name series, and which rows are sums of the others."""
    values = read_numbers(frame, steps)
    taken = {*steps, *asked}
    rest = [name for name in frame.columns if name not in taken]
    left = set_aside(frame, rest, values)
    key = row_keys(frame, steps, asked, left)
    names = frame[key[0]] if key else pd.Series("", index=frame.index)
    return left, key, total_rows(names, values)
