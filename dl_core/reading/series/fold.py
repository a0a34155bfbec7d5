"""Several rows for one step of a series: the same ones folded, clock changes averaged, others as the user says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.data.options import choice_of
from dl_core.data.series.frequency import DAY, Step
from dl_core.errors import SchemaError, counted
from dl_core.reading.series.long import Long

DUPLICATES = ("error", "sum", "mean", "first", "last")
_CHANGES = (3, 4, 9, 10, 11)  # months in which clocks are put back


@dataclass
class Cells:
    """Rows by series and position while they are folded; ``at`` is their place in `Long`."""

    code: np.ndarray
    position: np.ndarray
    value: np.ndarray
    at: np.ndarray

    def take(self, keep: np.ndarray) -> Cells:
        """Return the rows at these positions."""
        return Cells(self.code[keep], self.position[keep], self.value[keep], self.at[keep])


def series_counted(number: int) -> str:
    return "1 series" if number == 1 else f"{number:,} series"


def folded(cells: Cells, long: Long, step: Step, options: Mapping[str, Any], notes: list[Finding]) -> Cells:
    """Return one row for each series and position, for rows in this order.

    Parameters
    ----------
    cells : Cells
    long : Long
    step : Step
    options : mapping
        ``duplicates``.
    notes : list of Finding
        Gets what was folded.

    Raises
    ------
    SchemaError
        If values differ and the user has not said what becomes of them.
    """
    again = np.r_[False, (cells.code[1:] == cells.code[:-1]) & (cells.position[1:] == cells.position[:-1])]
    if not again.any():
        return cells
    group, known, way = np.cumsum(~again) - 1, np.isfinite(cells.value), choice_of(options, "duplicates", DUPLICATES)
    heads = np.flatnonzero(~again)
    low, high = _extremes(cells.value, group, known)
    number = np.bincount(group, weights=known)
    best = _known_place(group, known, heads)
    several = number > 1 if way == "sum" else (number > 1) & (high > low)
    value = cells.value[best]
    if several.any():
        rows = np.isin(group, np.flatnonzero(several))
        changed = way == "error" and _clock_changes(step, cells.position[rows])
        if way == "error" and not changed:
            raise _two_values(long, cells, rows, int(several.sum()), step)
        way = "mean" if changed else way
        value = np.where(several, _joint(cells.value, group, known, number, way), value)
        notes.append(_fold_note(changed, way, int(several.sum())))
        if way == "sum":
            value = _without_parts(value, number, cells.code[heads], notes)
    same = int(again.sum()) - int((np.bincount(group)[several] - 1).sum())
    if same:
        text = f"{counted(same, 'row')} with the series, time and value of another one were left out."
        notes.append(Finding("info", "duplicates", text))
    return Cells(cells.code[heads], cells.position[heads], value, cells.at[best])


def _without_parts(value: np.ndarray, number: np.ndarray, code: np.ndarray, notes: list[Finding]) -> np.ndarray:
    """Return sums without a series' first and last one where fewer values than usual make them up."""
    ends = np.r_[True, code[1:] != code[:-1]] | np.r_[code[1:] != code[:-1], True]
    usual = pd.Series(number).groupby(code).transform("median").to_numpy()
    part = ends & (number < 0.9 * usual)
    if part.any():
        text = f"{counted(int(part.sum()), 'sum')} at the ends of series were left out: their step had only begun."
        notes.append(Finding("info", "incomplete-steps", text))
    return np.where(part, np.nan, value)


def _joint(value: np.ndarray, group: np.ndarray, known: np.ndarray, number: np.ndarray, way: str) -> np.ndarray:
    """Return what the known values of each group come to."""
    if way in ("sum", "mean"):
        total = np.bincount(group, weights=np.where(known, value, 0.0))
        return total if way == "sum" else total / np.maximum(number, 1)
    places = np.flatnonzero(known)
    found = np.full(int(group[-1]) + 1, np.nan)
    places = places if way == "last" else places[::-1]
    found[group[places]] = value[places]  # the last one written stays
    return found


def _extremes(value: np.ndarray, group: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full(group[-1] + 1, np.inf), np.full(group[-1] + 1, -np.inf)
    np.minimum.at(low, group[known], value[known])
    np.maximum.at(high, group[known], value[known])
    return low, high


def _known_place(group: np.ndarray, known: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """Return the place of each group's first known value, its first row where it has none."""
    found = heads.copy()
    places = np.flatnonzero(known)[::-1]
    found[group[places]] = places
    return found


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
        text = f"{counted(number, 'time')} occur twice (end of daylight saving time); their mean was used."
        return Finding("info", "clock-change", text)
    text = f"{counted(number, 'time')} with several values; their {way} was used (duplicates = {way})."
    return Finding("info", "duplicates", text)


def _two_values(long: Long, cells: Cells, rows: np.ndarray, times: int, step: Step) -> SchemaError:
    """Return the error for several values at one time, with the column that may tell them apart."""
    uploaded = np.zeros(int(long.row.max(initial=0)) + 1, dtype=bool)
    uploaded[long.row[cells.at[rows]]] = True
    apart = [
        name
        for name in long.more.columns
        if not pd.api.types.is_float_dtype(long.more[name].dtype) and long.more[name].iloc[cells.at[rows]].nunique() > 1
    ]
    hint = f"name {apart[0]!r} with the role series too, or " if apart else ""
    inside = f" ({step.words})" if step.unit and step.length > DAY else ""
    return SchemaError(
        f"{counted(times, 'time')} with several different values{inside} ({rows_named(uploaded)})",
        where=f"columns {long.columns[0]} and {long.columns[1]}",
        expected="one row for each series and time",
        todo=f"{hint}choose what becomes of them with the option duplicates (sum, mean, first, last), or correct them",
    )
