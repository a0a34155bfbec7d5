"""Tables of any of the three layouts to values one under the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.errors import SchemaError, counted, shorten
from dl_core.reading.limits import Limits
from dl_core.reading.series.layouts import check_steps
from dl_core.reading.series.long import Long
from dl_core.reading.series.matrix import Matrix, matrix_times
from dl_core.reading.series.numbers import noted_cells, read_numbers
from dl_core.reading.series.parts import joined_times
from dl_core.reading.series.schema import SERIES, VALUE
from dl_core.reading.series.shape import COLUMNS, MATRIX, ROWS, Layout, time_name
from dl_core.reading.series.stamps import Stamps, read_stamps, settled
from dl_core.reading.tables.read import RawTable

JOINER = " / "


def melted(table: RawTable, layout: Layout, limits: Limits, order: str = "") -> Long:
    """Return the values of a table.

    Parameters
    ----------
    table : RawTable
    layout : Layout
    limits : Limits
    order : str
        ``"day-first"`` or ``"month-first"``, where data read before have decided it.

    Raises
    ------
    SchemaError
        If a value is no number or a time is none.
    LimitError
        If a wide table has more values than memory holds.
    """
    if layout.kind == ROWS:
        long = _of_rows(table, layout, limits)
    elif layout.kind == MATRIX and layout.matrix is not None:
        long = _of_matrix(table, layout, layout.matrix, limits, order)
    elif layout.kind == COLUMNS:
        long = _of_columns(table, layout, limits, order)
    else:
        long = _of_long(table, layout, order)
    return replace(long, notes=(*long.notes, *noted_cells(table.frame, layout.values)))


def _of_long(table: RawTable, layout: Layout, order: str) -> Long:
    frame = table.frame
    value = read_numbers(frame, layout.values)[:, 0]
    keys, missing, notes = _keys(frame, layout.key)
    codes, names = keys
    time, untimed, about, stamps = _times(frame, layout, order, codes)
    if not layout.time:
        time = pd.Series(codes).groupby(codes).cumcount().to_numpy(dtype=np.int64) + 1
    long = Long(
        names=names,
        code=codes.astype(np.int64),
        time=time,
        value=value,
        row=np.arange(len(frame)),
        test=np.full(len(frame), table.test),
        more=frame[list(layout.more)],
        groups=_groups(frame, layout.key, codes, names),
        counted=not layout.time,
        columns=(JOINER.join(layout.key) or SERIES, time_name(layout), layout.values[0]),
        notes=(*notes, *about),
        stamps=stamps,
    )
    left = missing | untimed
    return long.take(~left) if left.any() else long


def _times(
    frame: pd.DataFrame, layout: Layout, order: str, code: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[Finding], Stamps | None]:
    """Return times, which rows have none, how they were read, and the column's stamps."""
    if not layout.time:
        return np.zeros(len(frame), np.int64), np.zeros(len(frame), bool), [], None
    column = joined_times(frame, layout.time, order) if len(layout.time) > 1 else frame[layout.time[0]]
    times = settled(column, code) if not order else read_stamps(column, order)
    missing = times.values < 0 if times.values.dtype.kind == "i" else np.isnat(times.values)
    notes = [note for note in times.notes if note.kind != "relative-time"]
    if missing.all():
        raise SchemaError(
            "no row has a time",
            where=f"column {shorten(column.name, 40)}",
            expected="a date, a year or the number of a step in every row",
            todo="choose another column for the time",
        )
    empty = missing & ~times.bad
    if empty.any():
        text = f"{counted(int(empty.sum()), 'row')} without a time ({rows_named(empty)}), left out."
        notes.append(Finding("warning", "no-time", text))
    return times.values, missing, notes, times


def _keys(frame: pd.DataFrame, key: Sequence[str]) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, list[Finding]]:
    """Return codes and ids of the series, which rows name none, and a note on these."""
    if not key:
        return (np.zeros(len(frame), np.int64), np.array(["series"], dtype=object)), np.zeros(len(frame), bool), []
    cells, missing = np.zeros(len(frame), dtype=np.int64), np.ones(len(frame), dtype=bool)
    texts = []
    for name in key:
        codes, found = pd.factorize(frame[name])
        missing &= codes < 0
        texts.append((codes, _as_text(found)))
        cells = pd.factorize(cells * (len(found) + 1) + codes + 1)[0]
    if missing.all():
        raise SchemaError(
            "every cell is empty",
            where=f"column {shorten(key[0], 40)}",
            expected="the name of a series in every row",
            todo="choose another column for the series",
        )
    kept = np.flatnonzero(~missing)
    codes = np.full(len(frame), -1)
    codes[kept], _ = pd.factorize(cells[kept])
    first = kept[np.unique(codes[kept], return_index=True)[1]]
    joined = [JOINER.join(found[at[one]] for at, found in texts if at[one] >= 0) for one in first]
    names = np.array(joined, dtype=object)
    notes = []
    if missing.any():
        text = f"{counted(int(missing.sum()), 'row')} without a series ({rows_named(missing)}), left out."
        notes.append(Finding("warning", "no-series", text))
    return (np.maximum(codes, 0), names), missing, notes


def _as_text(found: pd.Index | np.ndarray) -> list[str]:
    """Return ids as text; whole numbers without a fraction."""
    return [str(int(one)) if isinstance(one, float) and one.is_integer() else str(one) for one in found]


def _groups(frame: pd.DataFrame, key: Sequence[str], codes: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    """Return the parts of joined names as groups, by series id; nothing where one column names the series."""
    index = pd.Index(names, name="id")
    if len(key) < 2:
        return pd.DataFrame(index=index)
    first = np.full(len(names), 0)
    seen, at = np.unique(codes, return_index=True)
    first[seen] = at
    parts = frame[list(key)].iloc[first]
    return pd.DataFrame({name: _as_text(parts[name].to_numpy()) for name in key}, index=index)


def _of_columns(table: RawTable, layout: Layout, limits: Limits, order: str) -> Long:
    frame, m = table.frame, len(layout.values)
    values = read_numbers(frame, layout.values)
    check_steps(values.size if layout.more else int(np.isfinite(values).sum()), table.name, limits)
    time, untimed, notes, stamps = _times(frame, layout, order, np.zeros(len(frame), np.int64))
    if not layout.time:
        time = np.arange(1, len(frame) + 1)
    kept = ~untimed if layout.more else ~(untimed[:, None] | np.isnan(values)).ravel("F")
    kept = np.tile(kept, m) if layout.more else kept
    at = np.flatnonzero(kept)
    code, row = np.divmod(at, len(frame))
    names = np.array([str(name) for name in layout.values], dtype=object)
    return Long(
        names=names,
        code=code,
        time=time[row],
        value=values.ravel("F")[at],
        row=row,
        test=np.full(len(at), table.test),
        more=frame[list(layout.more)].iloc[row].reset_index(drop=True) if layout.more else _nothing(len(at)),
        groups=pd.DataFrame(index=pd.Index(names, name="id")),
        clock=np.unique(time[~untimed]),
        counted=not layout.time,
        columns=(SERIES, time_name(layout), VALUE),
        notes=tuple(notes),
        stamps=stamps,
    )


def _of_matrix(table: RawTable, layout: Layout, matrix: Matrix, limits: Limits, order: str) -> Long:
    """Return the values of periods by parts; rows that are no period, such as totals below, are left out."""
    frame = table.frame
    values, times = read_numbers(frame, matrix.columns), matrix_times(frame, matrix, order)
    check_steps(int(np.isfinite(values).sum()), table.name, limits)
    (codes, names), missing, notes = _keys(frame, layout.key)
    known = np.isfinite(values) & ~np.isnat(times) & ~missing[:, None]
    outside = np.isnat(times).all(axis=1) & np.isfinite(values).any(axis=1)
    if outside.any():
        text = f"{counted(int(outside.sum()), 'row')} without a period ({rows_named(outside)}), left out."
        notes.append(Finding("warning", "no-time", text))
    row, step = np.nonzero(known)
    more = frame[list(layout.more)].iloc[row].reset_index(drop=True)
    return Long(
        names=names,
        code=codes[row],
        time=times[row, step],
        value=values[known],
        row=row,
        test=np.full(len(row), table.test),
        more=more,
        groups=_groups(frame, layout.key, codes, names),
        columns=(JOINER.join(layout.key) or SERIES, "time", VALUE),
        notes=tuple(notes),
    )


def _of_rows(table: RawTable, layout: Layout, limits: Limits) -> Long:
    frame, steps = table.frame, len(layout.values)
    if layout.sums is not None:
        frame = frame[~layout.sums].reset_index(drop=True)
    values = read_numbers(frame, layout.values)
    check_steps(int(np.isfinite(values).sum()), table.name, limits)
    (codes, names), missing, notes = _keys(frame, layout.key)
    again = pd.Series(codes).duplicated().to_numpy() & ~missing
    if again.any():
        raise SchemaError(
            f"{counted(int(again.sum()), 'row')} with the name of a row above ({rows_named(again)})",
            where=shorten(table.name, 60),
            expected="a row a series",
            todo="name further columns with the role series, or correct the names",
        )
    known = np.isfinite(values) & ~missing[:, None]
    row, step = np.nonzero(known)
    times = np.arange(1, steps + 1) if layout.times is None else layout.times
    more = frame[list(layout.more)].set_axis(pd.Index(names[codes], name="id"), axis=0)
    groups = _groups(frame, layout.key, codes, names)
    return Long(
        names=names,
        code=codes[row],
        time=np.asarray(times)[step],
        value=values[known],
        row=row,
        test=np.full(len(row), table.test),
        more=_nothing(len(row)),
        groups=groups.join(more[~missing]) if len(layout.more) else groups,
        clock=np.unique(times),
        counted=layout.times is None,
        columns=(_series_name(layout.key), "time", VALUE),
        notes=tuple(notes),
    )


def _series_name(key: Sequence[str]) -> str:
    """Return the name of the column of series; that of one column that says nothing, such as "V1", is left out."""
    return SERIES if not key or (len(key) == 1 and key[0][-1:].isdigit()) else JOINER.join(key)


def _nothing(n: int) -> pd.DataFrame:
    return pd.DataFrame(index=pd.RangeIndex(n))
