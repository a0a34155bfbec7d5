"""Tables beside the values: covariates and plans by time, and what does not change of a series."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.reading import LEFT_OUT
from dl_core.errors import SchemaError, counted, shorten
from dl_core.reading.series.infer import OnGrid
from dl_core.reading.series.long import Long
from dl_core.reading.series.parts import joined_times
from dl_core.reading.series.roles import find_time
from dl_core.reading.series.stamps import read_stamps, settled
from dl_core.reading.tables.append import appended
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.read import RawTable
from dl_core.schema import Role

_OVERLAP = 0.3  # share of a table's ids that name series too, from which it is about them
_MOST_AHEAD = 750  # steps after a series' end that are kept of a calendar
_FUTURE = 0.9  # share of rows after the last value, from which a table tells the future
SIDE, FUTURE = "side table", "future"


@dataclass
class Side:
    """What one further table is for.

    Parameters
    ----------
    table : RawTable
    part, why : str
        As a `FileReading` says them.
    roles : dict of str to Role
        Columns that tell which series and which time.
    more : tuple of str
        Columns that it adds.
    """

    table: RawTable
    part: str = LEFT_OUT
    why: str = "neither its times nor its ids are those of the series"
    roles: dict[str, Role] = field(default_factory=dict)
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Rows:
    """Rows of a further table by series and position on the grid."""

    code: np.ndarray
    position: np.ndarray
    time: np.ndarray
    row: np.ndarray


def join_by_time(side: Side, long: Long, on: OnGrid, order: str) -> tuple[Long, OnGrid]:
    """Return the values with what a further table tells of their steps, and of those after them; as they are otherwise.

    Parameters
    ----------
    side : Side
        Gets its part where it fits.
    long : Long
    on : OnGrid
        Step and positions of ``long``.
    order : str
        Of day and month in dates.
    """
    frame, columns = side.table.frame, find_time(side.table.frame, {})
    if not columns or long.numbered:
        return long, on
    try:
        column = joined_times(frame, columns, order) if len(columns) > 1 else frame[columns[0]]
        code = np.zeros(len(frame), np.int64)
        times = (read_stamps(column, order) if order else settled(column, code)).values
    except SchemaError:
        return long, on
    if times.dtype.kind != "M":
        return long, on
    key, rows = _rows(frame, columns, times, long, on)
    rows = _within(rows, long, on)
    more = tuple(c for c in frame.columns if c not in {*columns, *key} and plain_name(c) != plain_name(long.columns[2]))
    if not len(rows.row) or not more:
        return long, on
    ids = pd.MultiIndex.from_arrays([rows.code, rows.position])
    if ids.duplicated().any():
        side.why = "it has several rows for one step of a series"
        return long, on
    side.roles = {**dict.fromkeys(columns, Role.TIME), **dict.fromkeys(key, Role.SERIES)}
    side.more = more
    side.part, side.why = _part(rows, long, on, key)
    return _joined(frame, more, rows, ids, long, on)


def _rows(
    frame: pd.DataFrame, columns: Sequence[str], times: np.ndarray, long: Long, on: OnGrid
) -> tuple[list[str], _Rows]:
    """Return the columns by which a table names series, and its rows by series; every series where there are none."""
    known = np.flatnonzero(~np.isnat(times))
    series = _parts_of(long)
    key = [name for name in frame.columns if name not in columns and plain_name(name) in series]
    wanted = [series[plain_name(name)] for name in key]
    if not key:
        found = _by_content(frame, [c for c in frame.columns if c not in columns], list(series.values()))
        key, wanted = ([found[0]], [found[1]]) if found else ([], [])
    if key:
        here = pd.DataFrame({at: _text(frame[name]).iloc[known].to_numpy() for at, name in enumerate(key)})
        there = pd.DataFrame({at: one.to_numpy() for at, one in enumerate(wanted)})
        both = here.assign(row=known).merge(there.assign(code=np.arange(len(there))), on=list(here.columns))
        row, code = both["row"].to_numpy(), both["code"].to_numpy()
    else:
        row, code = np.tile(known, len(long.names)), np.repeat(np.arange(len(long.names)), len(known))
    position = on.step.position(times[row]) if len(row) else row
    return key, _Rows(code.astype(np.int64), position, times[row], row)


def _parts_of(long: Long) -> dict[str, pd.Series]:
    """Return what names each series, in the order of ``long.names``: whole ids, and the parts of joined ones."""
    whole = pd.Series(long.names.astype(str))
    parts = {plain_name(name): _text(long.groups[name]).reset_index(drop=True) for name in long.groups.columns}
    return parts or {plain_name(long.columns[0]): whole}


def _by_content(
    frame: pd.DataFrame, columns: Sequence[str], parts: Sequence[pd.Series]
) -> tuple[str, pd.Series] | None:
    """Return the column whose cells name series, and which part of them."""
    best: tuple[float, str, pd.Series] | None = None
    for name in columns:
        if pd.api.types.is_float_dtype(frame[name].dtype):
            continue
        ids = _text(frame[name]).dropna()
        for part in parts:
            share = float(ids.isin(part).mean()) if len(ids) and len(part) > 1 else 0.0
            if share >= _OVERLAP and (best is None or share > best[0]):
                best = (share, name, part)
    return None if best is None else best[1:]


def _text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column.dtype) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("str").str.strip()


def _within(rows: _Rows, long: Long, on: OnGrid) -> _Rows:
    """Return rows from each series' first step to some time after its last one."""
    known = np.isfinite(long.value)
    n, none = len(long.names), np.iinfo(np.int64).max // 2
    first, last = np.full(n, none), np.full(n, -none)
    np.minimum.at(first, long.code[known], on.position[known])
    np.maximum.at(last, long.code[known], on.position[known])
    keep = (rows.position >= first[rows.code]) & (rows.position <= last[rows.code] + _MOST_AHEAD)
    return _Rows(rows.code[keep], rows.position[keep], rows.time[keep], rows.row[keep])


def _part(rows: _Rows, long: Long, on: OnGrid, key: Sequence[str]) -> tuple[str, str]:
    """Return what the table is for."""
    known = np.isfinite(long.value)
    last = np.full(len(long.names), -1)
    np.maximum.at(last, long.code[known], on.position[known])
    after = rows.position > last[rows.code]
    whom = f"by {' and '.join(shorten(name, 40) for name in key)} and time" if key else "by time, for all series"
    if after.mean() >= _FUTURE:
        return FUTURE, f"tells the steps after the last value, {whom}"
    return SIDE, f"tells more about the steps, {whom}"


def _joined(
    frame: pd.DataFrame, more: Sequence[str], rows: _Rows, ids: pd.MultiIndex, long: Long, on: OnGrid
) -> tuple[Long, OnGrid]:
    """Return values with further columns, and rows without a value for steps that only the table has."""
    mine = pd.MultiIndex.from_arrays([long.code, on.position])
    at = ids.get_indexer(mine)
    table = long.more.reset_index(drop=True)
    told = frame[list(more)].iloc[rows.row].reset_index(drop=True)
    placed = told.reindex(at).set_axis(table.index, axis=0)
    for name in more:
        table[name] = table[name].where(table[name].notna(), placed[name]) if name in table else placed[name]
    new = np.flatnonzero(~ids.isin(mine))
    both = appended([table, told.iloc[new]])
    empty = np.zeros(len(new), dtype=np.int64)
    position = np.concatenate([on.position, rows.position[new]])
    return replace(
        long,
        code=np.concatenate([long.code, rows.code[new]]),
        time=np.concatenate([long.time, on.step.time(rows.position[new])]),
        value=np.concatenate([long.value, np.full(len(new), np.nan)]),
        row=np.concatenate([long.row, empty]),
        test=np.concatenate([long.test, empty.astype(bool)]),
        more=both,
    ), replace(on, position=position)


def join_by_series(side: Side, static: pd.DataFrame, long: Long, hidden: Container[object]) -> list[Finding]:
    """Join the columns of a table about series to ``static``, by a series' id or one part of it, where it fits.

    Columns with secrets (``hidden``) may be that id, and are nothing else.
    """
    frame = side.table.frame
    parts = [pd.Series(static.index.astype(str))]
    parts += [_text(static[name]).reset_index(drop=True) for name in long.groups.columns if name in static]
    best = None
    for column in frame.columns:
        ids = _text(frame[column]).dropna()
        if not len(ids) or ids.duplicated().any():
            continue
        for keys in parts:
            overlap = max(float(ids.isin(keys).mean()), float(pd.Series(keys.unique()).isin(ids).mean()))
            if overlap >= _OVERLAP and (best is None or overlap > best[0]):
                best = (overlap, column, keys)
    if best is None or frame.shape[1] < 2:
        return []
    _, column, keys = best
    about = frame.set_axis(pd.Index(_text(frame[column])), axis=0)
    about = about[about.index.notna() & ~about.index.duplicated()].drop(columns=column)
    placed = about.reindex(pd.Index(keys))
    for name in placed.columns:
        values = placed[name]
        if name in static or name in hidden or values.isna().all():
            continue
        numeric = pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
        static[name] = values.to_numpy(dtype=float) if numeric else values.astype("str").to_numpy()
        side.roles[str(name)] = Role.GROUP
    side.roles[str(column)] = Role.SERIES
    lacking = int((~keys.isin(about.index)).sum())
    side.part = SIDE
    side.why = f"says more about {len(keys) - lacking:,} of {counted(len(keys), 'series', 'series')}"
    return [Finding("info", "series-table", f"{shorten(side.table.name, 60)} {side.why}.")]
