"""Rows in any order to regular series: sorted, doubles folded, gaps filled with missing values, ends trimmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.data.series.frequency import Step
from dl_core.errors import SchemaError, counted
from dl_core.reading.series.fold import Cells, folded, series_counted
from dl_core.reading.series.infer import OnGrid
from dl_core.reading.series.long import Long

_THIN = 20  # times as many steps as values, from which the step was found wrongly
_SMALL = 20_000
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
    cells = _sorted(Cells(long.code, on.position, long.value, np.arange(len(long))), notes)
    cells = folded(cells, long, on.step, options, notes)
    bounds = _bounds(cells, long, notes)
    grid = _laid_out(cells, long, on.step, bounds, notes, check)
    _note_gaps(grid, notes)
    return grid


def _sorted(cells: Cells, notes: list[Finding]) -> Cells:
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
        text = f"The rows of {series_counted(series)} {how}; they were sorted."
        notes.append(Finding("info", "unordered-times", text))
    return cells.take(np.lexsort((position, code)))


@dataclass(frozen=True)
class _Bounds:
    """First and last known position of each series that stays, its old code, and the last one before the test."""

    kept: np.ndarray
    first: np.ndarray
    last: np.ndarray
    known_until: np.ndarray


def _bounds(cells: Cells, long: Long, notes: list[Finding]) -> _Bounds:
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
        text = f"{series_counted(int(empty.sum()))} without any value, left out."
        notes.append(Finding("warning", "empty-series", text))
    if new.any() and test.any():
        text = f"{series_counted(int(new.sum()))} of the test without a value before it, left out."
        notes.append(Finding("warning", "new-test-series", text))
    kept = np.flatnonzero(~empty & ~new)
    if not len(kept):
        raise SchemaError("no series has a value before the test", where="times", todo="check the two files")
    return _Bounds(kept, first[kept], last[kept], until[kept])


def _laid_out(cells: Cells, long: Long, step: Step, bounds: _Bounds, notes: list[Finding], check: Any) -> Grid:
    """Return the series on their grid, from their first known value to their last."""
    lengths = bounds.last - bounds.first + 1
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if starts[-1] > _THIN * len(cells.code) + _SMALL:
        raise SchemaError(
            f"{int(np.isfinite(cells.value).sum()):,} values stand on {int(starts[-1]):,} steps "
            f"({step.words}), so most values would be missing",
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
    among = f"{series_counted(int((counts > 0).sum()))} of {len(grid.names):,}"
    text = (
        f"{counted(int(missing.sum()), 'step')} of {len(missing):,} without a value or left out in the data, in "
        f"{among}; in the worst series {share.max():.0%}. Models interpolate such gaps; they are not evaluated."
    )
    level = "warning" if missing.mean() > MANY_GAPS or share.max() > 0.5 else "info"
    notes.append(Finding(level, "gaps", text))
