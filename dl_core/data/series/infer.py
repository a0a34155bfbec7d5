"""The common step of all series, found from their times, and times put onto its grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.series.frequency import DAY, HOUR, MINUTE, SECOND, Step
from dl_core.data.series.long import Long
from dl_core.data.tabular.values import counted, rows_named
from dl_core.errors import SchemaError

_MONTHS = ((28, 31, 1), (59, 62, 2), (89, 92, 3), (120, 123, 4), (181, 184, 6), (365, 366, 12))  # days, months
_LEAST = 6  # steps of a series from which its own step is believed
_JITTER = 0.25  # share of a step by which stamps may stand beside the grid
_OFF = 0.02  # share of stamps that may do so by more, in series whose others are regular
_TODO = "bring the times to a common step first (one row a day, say), or name it with the option frequency"


@dataclass(frozen=True)
class OnGrid:
    """The step, the position (n,) int64 of each row on its grid, and what was found."""

    step: Step
    position: np.ndarray
    notes: list[Finding]


def put_on_grid(long: Long, asked: Step | None, *, anchored: bool = False) -> OnGrid:
    """Return the step and each row's position on its grid.

    Parameters
    ----------
    long : Long
    asked : Step or None
        The step that the user, or the training data, name; None to infer it.
    anchored : bool
        Whether ``asked`` says on which weekday or month it stands.

    Raises
    ------
    SchemaError
        If steps are irregular, or differ between series.
    """
    if long.numbered:
        return OnGrid(Step(), long.time.astype(np.int64), [])
    notes: list[Finding] = []
    times, code = long.time, long.code
    stamps, owner = (long.clock, np.zeros(len(long.clock), np.int64)) if long.clock is not None else (times, code)
    zoned = any(note.kind in ("zones", "mixed-zones") for note in long.notes)
    step = asked or infer_step(stamps, owner)
    if step.length >= DAY and (zoned or _two_clocks(stamps)):
        times, stamps = _nearest_day(times), _nearest_day(stamps)
        text = "Times of day were left out, as steps are days or longer: each row counts for the nearest local day."
        notes.append(Finding("info", "whole-days", text))
        step = asked or infer_step(stamps, owner)
    step = step if asked and anchored else _aligned(step, stamps, keep_anchor=anchored)
    times = _rounded(step, times, code, notes, long.row)
    position = step.position(times)
    _note_moved(step, times, position, notes)
    return OnGrid(step, position, notes)


def infer_step(times: np.ndarray, code: np.ndarray) -> Step:
    """Return the step that most series have, without its phase.

    Parameters
    ----------
    times : numpy.ndarray
        (n,) datetime64[ns].
    code : numpy.ndarray
        (n,) int64, which series.

    Raises
    ------
    SchemaError
        If no series has two times, or series have different steps.
    """
    order = np.lexsort((times, code))
    owner, stamps = code[order], times[order].astype("datetime64[ns]").astype(np.int64)
    change, same = np.diff(stamps), owner[1:] == owner[:-1]
    keep = same & (change > 0)
    change, owner = change[keep], owner[1:][keep]
    if not len(change):
        raise SchemaError(
            "no series has two different times",
            expected="several steps of each series",
            todo="add earlier values; a forecast needs a history, some 30 steps at least",
        )
    common, least, numbers = _of_each(change, owner)
    labels, names = pd.factorize(_labels(common))
    weight = np.bincount(labels, weights=numbers)
    chosen = int(names[int(np.argmax(weight))])
    _check_same(chosen, _labels(least), labels == int(np.argmax(weight)), numbers)
    return _step(chosen, times, change)


def _of_each(change: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the commonest change, a small one (of the lowest twentieth) and the number of changes of each series."""
    order = np.lexsort((change, owner))
    change, owner = change[order], owner[order]
    first = np.flatnonzero(np.r_[True, (owner[1:] != owner[:-1]) | (change[1:] != change[:-1])])
    counts = np.diff(np.r_[first, len(change)])
    runs_owner, runs = owner[first], change[first]
    best = np.lexsort((runs, -counts, runs_owner))
    top = best[np.r_[True, runs_owner[best][1:] != runs_owner[best][:-1]]]
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    numbers = np.diff(np.r_[starts, len(owner)])
    return runs[top], change[starts + (0.05 * (numbers - 1)).astype(np.int64)], numbers


def _labels(change: np.ndarray) -> np.ndarray:
    """Return months of changes that are those of months, negative, and ns of others."""
    days = change / DAY
    labels = np.round(change / SECOND).astype(np.int64) * SECOND if (change >= 10 * SECOND).all() else change.copy()
    for low, high, months in _MONTHS:
        labels[(days >= low - 0.1) & (days <= high + 0.1)] = -months
    return labels


def _check_same(chosen: int, least: np.ndarray, usual: np.ndarray, numbers: np.ndarray) -> None:
    """Check that no series has a longer or shorter step of its own, as when months stand among days."""
    length = _length(chosen)
    sizes = np.array([_length(int(label)) for label in least])
    other = ~usual & (numbers >= _LEAST) & ((sizes > 1.5 * length) | (sizes < 0.67 * length))
    if not other.any():
        return
    words = sorted({_words(int(label)) for label in least[other]})[:3]
    raise SchemaError(
        f"{counted(int(other.sum()), 'series').replace('seriess', 'series')} of {len(usual):,} "
        f"{'has' if other.sum() == 1 else 'have'} steps of {' or '.join(words)}, the others of {_words(chosen)}",
        where="times",
        expected="the same step in all series",
        todo="upload series of different steps apart, or bring all to the longest of these steps first",
    )


def _length(label: int) -> int:
    return -label * 30 * DAY if label < 0 else label


def _words(label: int) -> str:
    if label < 0:
        return {-1: "a month", -3: "a quarter", -12: "a year"}.get(label, f"{-label} months")
    for size, word in ((7 * DAY, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if label % size == 0:
            number = label // size
            return f"{'an' if word == 'hour' else 'a'} {word}" if number == 1 else f"{number:,} {word}s"
    return f"{label / SECOND:g} seconds"


def _step(label: int, times: np.ndarray, change: np.ndarray) -> Step:
    """Return the step of a label, with the side of the month on which its stamps stand."""
    if label == -1 and len(np.unique(change)) == 1 and len(change) > 3:
        label = int(change[0])  # four weeks, or 30 days, each time
    if label < 0:
        ends = _at_ends(times)
        unit = {1: "M", 3: "Q", 12: "Y"}.get(-label, "M")
        count = 1 if -label in (1, 3, 12) else -label
        return Step(unit + ("E" if ends else "S"), count)
    if label == 7 * DAY:
        return Step("W")
    for unit, size in (("D", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND)):
        if label % size == 0:
            count = label // size
            working = unit == "D" and count == 1 and _only_workdays(times)
            return Step("B") if working else Step(unit, int(count))
    return Step("ms", max(1, round(label / (SECOND // 1000))))


def _at_ends(times: np.ndarray) -> bool:
    """Return whether stamps stand at months' ends rather than starts."""
    days = times.astype("datetime64[D]")
    of_month = (days - times.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    return bool(np.median(of_month) >= 28)


def _only_workdays(times: np.ndarray) -> bool:
    weekday = (times.astype("datetime64[D]").astype(np.int64) + 3) % 7
    return len(times) >= 6 and bool((weekday < 5).all())


def _two_clocks(times: np.ndarray) -> bool:
    """Return whether times of day are two, an hour apart: midnights of a zone whose clocks change."""
    clock = np.unique((times - times.astype("datetime64[D]")).astype(np.int64))
    return len(clock) == 2 and int(clock[1] - clock[0]) in (HOUR, 23 * HOUR)


def _nearest_day(times: np.ndarray) -> np.ndarray:
    return (times.astype("datetime64[ns]") + np.timedelta64(12, "h")).astype("datetime64[D]").astype("datetime64[ns]")


def _aligned(step: Step, times: np.ndarray, keep_anchor: bool) -> Step:
    """Return the step with weekday, month and time of day at which most stamps stand."""
    months = times.astype("datetime64[M]").astype(np.int64)
    if step.months:
        if step.unit[0] in ("Q", "Y"):
            if keep_anchor:
                return step
            month = _mode(months % min(step.months, 12))
            last = step.unit.endswith("E") and step.unit[0] == "Q"
            return replace(step, anchor=month + 1 + (9 if last else 0))
        return replace(step, anchor=_mode(months % step.count))
    if step.unit == "B":
        return replace(step, phase=_mode((times - times.astype("datetime64[D]")).astype(np.int64)))
    if step.unit == "W" and not keep_anchor:
        step = replace(step, anchor=_mode((times.astype("datetime64[D]").astype(np.int64) + 3) % 7))
    origin = replace(step, phase=0)._origin
    size = DAY if step.unit == "W" else step.length
    return replace(step, phase=_mode((times.astype(np.int64) - origin) % size))


def _mode(values: np.ndarray) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)])


def _rounded(step: Step, times: np.ndarray, code: np.ndarray, notes: list[Finding], row: np.ndarray) -> np.ndarray:
    """Return times of fixed steps with those a little beside the grid moved onto it.

    Raises
    ------
    SchemaError
        If too many stand anywhere.
    """
    if step.months or step.unit == "B":
        return times
    beside = (times.astype(np.int64) - step.time(step.position(times)).astype(np.int64)) / step.length
    beside = np.where(beside > 0.5, beside - 1, beside)  # -0.5 to 0.5 of a step
    off = np.abs(beside) > 1e-9
    if not off.any():
        return times
    first = pd.Series(beside).groupby(code).transform("first").to_numpy()
    if (np.abs(beside - first) < 1e-9).all():
        return times  # each series regular by itself, such as weeks from different weekdays: the step that holds it
    far = np.abs(beside) > _JITTER
    if far.mean() > _OFF:
        raise SchemaError(
            f"{int(far.sum()):,} of {len(far):,} times do not lie on a common step ({step.words}; "
            f"{rows_named(np.bincount(row[far], minlength=1) > 0)})",
            where="times",
            expected="steps of the same length, with or without gaps",
            todo=_TODO,
        )
    text = (
        f"{int(off.sum()):,} of {len(off):,} times stood beside the step ({step.words}) by up to "
        f"{pd.Timedelta(int(np.abs(beside).max() * step.length), unit='ns').round('s')} and were moved to the nearest."
    )
    notes.append(Finding("warning" if off.mean() > 0.1 else "info", "moved-times", text))
    moved = times.astype(np.int64) - np.round(beside * step.length).astype(np.int64)
    return step.time(step.position((moved + step.length // 4).astype("datetime64[ns]")))


def _note_moved(step: Step, times: np.ndarray, position: np.ndarray, notes: list[Finding]) -> None:
    """Note stamps inside a month, quarter or week that count for all of it."""
    if step.length < 7 * DAY:
        return
    days = times.astype("datetime64[D]")
    moved = step.time(position).astype("datetime64[D]") != days
    if moved.any():
        text = (
            f"{int(moved.sum()):,} of {len(moved):,} times stood inside a {step.words} and count for all of it "
            f"(stamps of {step.alias})."
        )
        notes.append(Finding("info", "moved-times", text))
