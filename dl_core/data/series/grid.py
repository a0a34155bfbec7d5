"""Rows in any order to regular series: sorted, doubles folded, gaps filled with missing values, ends trimmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.data.series.frequency import DAY, Step
from dl_core.data.series.infer import OnGrid
from dl_core.data.series.long import Long
from dl_core.data.tabular.values import counted, rows_named
from dl_core.errors import OptionError, SchemaError

DUPLICATES = ("error", "sum", "mean", "first", "last")
_THIN = 20  # times as many steps as values, from which the step was found wrongly
_SMALL = 20_000
_CHANGES = (3, 4, 9, 10, 11)  # months in which clocks are put back
MANY_GAPS = 0.1


@dataclass(frozen=True)
class Grid:
    """Regular series one after the other.

    Parameters
    ----------
    names : numpy.ndarray
        (k,) ids of the series that have a value, by first appearance.
    starts : numpy.ndarray
        (k + 1,) int64.
    first : numpy.ndarray
        (k,) int64 position of each series' first step.
    value : numpy.ndarray
        (total,) float64.
    at : numpy.ndarray
        (total,) int64 row of `Long` that each step comes from; -1 where it was put in.
    test : numpy.ndarray
        (total,) bool.
    after : tuple of numpy.ndarray
        Series, position and row of `Long` of the rows after each series' last value.
    step : Step
    notes : list of Finding
    """

    names: np.ndarray
    starts: np.ndarray
    first: np.ndarray
    value: np.ndarray
    at: np.ndarray
    test: np.ndarray
    after: tuple[np.ndarray, np.ndarray, np.ndarray]
    step: Step
    notes: list[Finding]

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each series."""
        return np.diff(self.starts)

    @property
    def code(self) -> np.ndarray:
        """Which series each step belongs to, (total,)."""
        return np.repeat(np.arange(len(self.names)), self.lengths)

    @property
    def times(self) -> np.ndarray:
        """Time of each step, (total,)."""
        inside = np.arange(self.starts[-1]) - np.repeat(self.starts[:-1], self.lengths)
        return self.step.time(inside + np.repeat(self.first, self.lengths))


@dataclass
class _Cells:
    """Rows by series and position while they are folded; ``at`` is their place in `Long`."""

    code: np.ndarray
    position: np.ndarray
    value: np.ndarray
    at: np.ndarray

    def take(self, keep: np.ndarray) -> _Cells:
        return _Cells(self.code[keep], self.position[keep], self.value[keep], self.at[keep])


def gridded(long: Long, on: OnGrid, options: Mapping[str, Any], check: Any) -> Grid:
    """Return regular series.

    Parameters
    ----------
    long : Long
    on : OnGrid
    options : mapping
        ``duplicates``: what becomes of several values for one time ("error", "sum", "mean", "first", "last").
    check : callable
        Takes a number of steps and raises where they are more than memory holds.

    Raises
    ------
    SchemaError
        If there is no value at all, or two different ones for one time.
    """
    notes = list(on.notes)
    if not np.isfinite(long.value).any():
        raise SchemaError(
            "every value is missing",
            where=f"column {long.columns[2]}",
            expected="numbers",
            todo="choose another column for the values, or fill them in",
        )
    cells = _sorted(_Cells(long.code, on.position, long.value, np.arange(len(long))), notes)
    cells = _folded(cells, long, on.step, options, notes)
    bounds = _bounds(cells, long, notes)
    grid = _laid_out(cells, long, on.step, bounds, notes, check)
    _note_gaps(grid, notes)
    return grid


def _sorted(cells: _Cells, notes: list[Finding]) -> _Cells:
    """Return rows by series and position, with a note where rows went back in time."""
    code, position = cells.code, cells.position
    forward = (code[1:] > code[:-1]) | ((code[1:] == code[:-1]) & (position[1:] >= position[:-1]))
    if forward.all():
        return cells
    by_code = np.argsort(code, kind="stable")
    owner, place = code[by_code], position[by_code]
    back = (owner[1:] == owner[:-1]) & (place[1:] < place[:-1])
    if back.any():
        within = (owner[1:] == owner[:-1]).sum()
        series = len(np.unique(owner[1:][back]))
        how = "stood newest first" if back.sum() > 0.9 * within else "were not in order of time"
        text = f"The rows of {_series(series)} {how}; they were sorted."
        notes.append(Finding("info", "unordered-times", text))
    return cells.take(np.lexsort((position, code)))


def _series(number: int) -> str:
    return "1 series" if number == 1 else f"{number:,} series"


def _folded(cells: _Cells, long: Long, step: Step, options: Mapping[str, Any], notes: list[Finding]) -> _Cells:
    """Return one row for each series and position."""
    again = np.r_[False, (cells.code[1:] == cells.code[:-1]) & (cells.position[1:] == cells.position[:-1])]
    if not again.any():
        return cells
    group = np.cumsum(~again) - 1
    known = np.isfinite(cells.value)
    numbers = np.bincount(group, weights=known)
    total = np.bincount(group, weights=np.where(known, cells.value, 0.0))
    low, high = _extremes(cells.value, group, known)
    differs = (numbers > 1) & (high > low)
    heads = np.flatnonzero(~again)
    best = _first_known(group, known, heads)
    value = cells.value[best]
    if differs.any():
        way = _way(options)
        rows = np.isin(group, np.flatnonzero(differs))
        changed = way == "error" and _clock_changes(step, cells.position[rows])
        if way == "error" and not changed:
            raise _two_values(long, cells, rows, int(differs.sum()), step)
        way = "mean" if changed else way
        mean = total / np.maximum(numbers, 1)
        last = _first_known(group[::-1].max(initial=0) - group[::-1], known[::-1], None)[::-1]
        last = cells.value[len(group) - 1 - last]
        value = np.where(differs, {"sum": total, "mean": mean, "first": value, "last": last}[way], value)
        if way == "sum":
            value = np.where(numbers > 1, total, value)
        notes.append(_fold_note(changed, way, int(differs.sum())))
    same = int(again.sum()) - int((np.bincount(group)[differs] - 1).sum())
    if same:
        text = f"{counted(same, 'row')} with the series, time and value of another one were left out."
        notes.append(Finding("info", "duplicates", text))
    return _Cells(cells.code[heads], cells.position[heads], value, cells.at[best])


def _extremes(value: np.ndarray, group: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full(group[-1] + 1, np.inf), np.full(group[-1] + 1, -np.inf)
    np.minimum.at(low, group[known], value[known])
    np.maximum.at(high, group[known], value[known])
    return low, high


def _first_known(group: np.ndarray, known: np.ndarray, heads: np.ndarray | None) -> np.ndarray:
    """Return the place of each group's first known value, its first row where it has none."""
    n = int(group[-1]) + 1
    found = np.full(n, len(group))
    np.minimum.at(found, group[known], np.flatnonzero(known))
    heads = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if heads is None else heads
    return np.where(found < len(group), found, heads)


def _way(options: Mapping[str, Any]) -> str:
    way = str(options.get("duplicates") or "error")
    if way not in DUPLICATES:
        raise OptionError(f"{way!r} is not offered", where="option duplicates", expected=", ".join(DUPLICATES))
    return way


def _clock_changes(step: Step, position: np.ndarray) -> bool:
    """Return whether all doubled times are those nights on which clocks are put back."""
    if not step.unit or step.length >= DAY:
        return False
    times = step.time(position)
    days = times.astype("datetime64[D]").astype(np.int64)
    hour = (times - times.astype("datetime64[D]")).astype("timedelta64[h]").astype(np.int64)
    month = times.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return bool((((days + 3) % 7 == 6) & (hour <= 3) & np.isin(month, _CHANGES)).all())


def _fold_note(changed: bool, way: str, number: int) -> Finding:
    if changed:
        text = f"{counted(number, 'time')} stood twice, at nights when clocks are put back; their mean was taken."
        return Finding("info", "clock-change", text)
    text = f"{counted(number, 'time')} with several values; their {way} was taken (duplicates = {way})."
    return Finding("info", "duplicates", text)


def _two_values(long: Long, cells: _Cells, rows: np.ndarray, times: int, step: Step) -> SchemaError:
    """Return the error for several values at one time, with the column that may tell them apart."""
    uploaded = np.zeros(int(long.row.max(initial=0)) + 1, dtype=bool)
    uploaded[long.row[cells.at[rows]]] = True
    apart = [
        name
        for name in long.more.columns
        if not np.issubdtype(getattr(long.more[name].dtype, "numpy_dtype", np.dtype(object)), np.floating)
        and long.more[name].iloc[cells.at[rows]].nunique() > 1
    ]
    hint = f"name {apart[0]!r} with the role series too, or " if apart else ""
    inside = f" (steps of a {step.words})" if step.unit and step.length > DAY else ""
    return SchemaError(
        f"{counted(times, 'time')} with several different values{inside} ({rows_named(uploaded)})",
        where=f"columns {long.columns[0]} and {long.columns[1]}",
        expected="one row for each series and time",
        todo=f"{hint}choose what becomes of them with the option duplicates (sum, mean, first, last), or correct them",
    )


@dataclass(frozen=True)
class _Bounds:
    """First and last known position of each series that stays, its old code, and the last one before the test."""

    kept: np.ndarray
    first: np.ndarray
    last: np.ndarray
    known_until: np.ndarray


def _bounds(cells: _Cells, long: Long, notes: list[Finding]) -> _Bounds:
    """Return where series start and end, leaving out those without a value (before the test)."""
    n, none = len(long.names), np.iinfo(np.int64).max
    known = np.isfinite(cells.value)
    test = long.test[cells.at]
    first, last, until = np.full(n, none), np.full(n, -none), np.full(n, -none)
    np.minimum.at(first, cells.code[known], cells.position[known])
    np.maximum.at(last, cells.code[known], cells.position[known])
    np.maximum.at(until, cells.code[known & ~test], cells.position[known & ~test])
    empty, new = last == -none, (until == -none) & (last > -none)
    if empty.any():
        text = f"{_series(int(empty.sum()))} without any value, left out."
        notes.append(Finding("warning", "empty-series", text))
    if new.any() and test.any():
        text = f"{_series(int(new.sum()))} of the test without a value before it, left out: nothing to forecast from."
        notes.append(Finding("warning", "new-test-series", text))
    kept = np.flatnonzero(~empty & ~new)
    if not len(kept):
        raise SchemaError("no series has a value before the test", where="times", todo="check the two files")
    return _Bounds(kept, first[kept], last[kept], until[kept])


def _laid_out(cells: _Cells, long: Long, step: Step, bounds: _Bounds, notes: list[Finding], check: Any) -> Grid:
    """Return the series on their grid, from their first known value to their last."""
    lengths = bounds.last - bounds.first + 1
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if starts[-1] > _THIN * len(cells.code) + _SMALL:
        raise SchemaError(
            f"{int(np.isfinite(cells.value).sum()):,} values stand on {int(starts[-1]):,} steps of a {step.words}, "
            "so most would be missing",
            where="times",
            expected="regular steps with few gaps",
            todo="choose a longer step with the option frequency and duplicates = sum or mean",
        )
    check(int(starts[-1]))
    place = np.full(len(long.names), -1)
    place[bounds.kept] = np.arange(len(bounds.kept))
    code = place[cells.code]
    inside = (code >= 0) & (cells.position >= bounds.first[code]) & (cells.position <= bounds.last[code])
    after = (code >= 0) & (cells.position > bounds.last[code])
    here = code[inside]
    target = starts[here] + cells.position[inside] - bounds.first[here]
    value, at = np.full(starts[-1], np.nan), np.full(starts[-1], -1, dtype=np.int64)
    value[target], at[target] = cells.value[inside], cells.at[inside]
    within = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
    test = within > np.repeat(bounds.known_until - bounds.first, lengths)
    trimmed = int((code >= 0).sum() - inside.sum() - after.sum())
    if trimmed:
        text = f"{counted(trimmed, 'step')} without a value before a series' first one, left out."
        notes.append(Finding("info", "leading-blanks", text))
    late = (code[after], cells.position[after], cells.at[after])
    return Grid(long.names[bounds.kept], starts, bounds.first, value, at, test, late, step, notes)


def _note_gaps(grid: Grid, notes: list[Finding]) -> None:
    """Note steps that were put in, and steps without a value."""
    missing = np.isnan(grid.value)
    if not missing.any():
        return
    counts = np.bincount(grid.code[missing], minlength=len(grid.names))
    share = counts / grid.lengths
    among = f"{_series(int((counts > 0).sum()))} of {len(grid.names):,}"
    text = (
        f"{counted(int(missing.sum()), 'step')} of {len(missing):,} without a value or left out in the data, in {among}; "
        f"in the worst series {share.max():.0%}. Models bridge such gaps, and nothing is judged there."
    )
    level = "warning" if missing.mean() > MANY_GAPS or share.max() > 0.5 else "info"
    notes.append(Finding(level, "gaps", text))
