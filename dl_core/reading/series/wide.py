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
_LEAST_INSIDE = 12  # the same where further columns of numbers follow
_ALIKE, _MOSTLY = 0.98, 0.9  # correlation of a row's steps with the same on another scale, rounded; share of rows
_SAMPLE = 200  # names of a header
_MOST_BEFORE = 12  # columns before the first numbered step


def find_steps(
    frame: pd.DataFrame, roles: Mapping[Role, Sequence[str]], forced: bool, order: str
) -> list[tuple[list[str], np.ndarray | None]]:
    """Return the columns that are steps and the times that their names tell (None for numbers); nothing for others.

    Several are returned where several blocks of columns, each numbered alike, may be the steps.

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
    if forced and roles.get(Role.VALUE):
        columns = list(roles[Role.VALUE])
        times = header_times(columns, order)
        return [(columns, None if np.isnat(times).any() else times)]
    numbers = set(number_columns(frame, columns))
    some = columns[:: len(columns) // _SAMPLE] if len(columns) > _SAMPLE else []
    told = not some or not np.isnat(header_times(some, order)).all()  # of thousands of names a share tells it
    times = header_times(columns, order) if told else np.full(len(columns), np.datetime64("NaT", "ns"))
    dated = [int(at) for at in np.flatnonzero(~np.isnat(times)) if columns[at] in numbers]
    if not forced and _starts_with_times(frame, columns, dated):
        return []  # a column of times, then stores 1, 2, 3
    others = len(numbers) - len(dated)
    if len(dated) >= _LEAST_STEPS and len(dated) >= others and len(np.unique(times[dated])) == len(dated):
        return [([columns[at] for at in dated], times[dated])]
    least = 0 if apart else 1
    start = _first_numbered(frame, columns, numbers, least)
    blocks = [columns[start:]] if start is not None else _blocks(frame, columns, numbers, bool(apart))
    if forced and not blocks:
        start = max(least, _tail(columns, numbers))
        blocks = [columns[start:]] if start < len(columns) else []
    return [(block, None) for block in blocks]


def _starts_with_times(frame: pd.DataFrame, columns: Sequence[str], dated: Sequence[int]) -> bool:
    first = columns[0]
    return (
        0 not in dated and is_times(frame[first], named=plain_name(first) in TIME_WORDS) and frame[first].nunique() > 1
    )


def _tail(columns: Sequence[str], numbers: Collection[str]) -> int:
    """Return the position of the first of the columns of numbers that run to the end: names and groups come first."""
    return next((at + 1 for at in range(len(columns) - 1, -1, -1) if columns[at] not in numbers), 0)


def _first_numbered(frame: pd.DataFrame, columns: Sequence[str], numbers: Collection[str], least: int) -> int | None:
    """Return the position of the first of the columns V2, V3, … that run to the end, ``least`` or later, or None."""
    start = _tail(columns, numbers)
    for at in range(start, min(start + 4, len(columns))):
        steps = columns[at:]
        whole = at >= least and (at == start or not _numbered(columns[at - 1 :]))  # the run starts here, after a name
        if len(steps) >= _LEAST_STEPS and at <= _MOST_BEFORE and _numbered(steps) and (whole or len(frame) == 1):
            return at
    return None


def _numbered(names: Sequence[str]) -> bool:
    """Return whether names are one stem with numbers that count up, such as V2, V3, …; words of steps need a stem."""
    found = [match for name in names if (match := _NUMBERED.fullmatch(str(name).strip()))]
    if len(found) < len(names):
        return False
    numbers = [int(match["number"]) for match in found]
    stems = {match["stem"].strip().casefold() for match in found}
    return len(stems) == 1 and all(b - a == 1 for a, b in zip(numbers, numbers[1:], strict=False))


def _blocks(frame: pd.DataFrame, columns: Sequence[str], numbers: Collection[str], named: bool) -> list[list[str]]:
    """Return the longest runs of columns with one stem and numbers that count up, in tables whose rows have names."""
    runs: list[list[str]] = []
    for name in columns:
        if name in numbers and runs and runs[-1] and _numbered([runs[-1][-1], name]):
            runs[-1].append(name)
        else:
            runs.append([name] if name in numbers and _numbered([name]) else [])
    longest = max(map(len, runs), default=0)
    found = [run for run in runs if len(run) == longest]
    beside = sum(name in numbers for name in columns) - longest * len(found)
    before = columns[: columns.index(found[0][0])] if longest else []
    named = named or any(may_name(frame[name]) and frame[name].is_unique for name in before)
    return found if named and longest >= _LEAST_INSIDE and 2 * beside <= longest else []


def repeats(frame: pd.DataFrame, steps: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether a block of columns only tells the steps of another again, on a scale of each row's own."""
    one, other = (
        values - values.mean(axis=1, keepdims=True)
        for values in (read_numbers(frame, block) for block in (steps, others))
    )
    size = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    known = size > 0
    alike = (one * other).sum(axis=1)[known] / size[known]
    return bool(known.any()) and bool((alike > _ALIKE).mean() > _MOSTLY)


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
    frame: pd.DataFrame, steps: Sequence[str], asked: Sequence[str], others: Sequence[str] = ()
) -> tuple[dict[str, str], tuple[str, ...], np.ndarray]:
    """Return what only repeats the steps, the columns that name series, and which rows are sums of the others."""
    values = read_numbers(frame, steps)
    taken = {*steps, *asked, *others}
    rest = [name for name in frame.columns if name not in taken]
    left = set_aside(frame, rest, values)
    key = row_keys(frame, [*steps, *others], asked, left)
    names = frame[key[0]] if key else pd.Series("", index=frame.index)
    return left, key, total_rows(names, values)
