"""The common step of all series, found from their times, and times put onto its grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.data.series.frequency import DAY, HOUR, Step
from dl_core.data.series.naming import REGULAR, label_length, label_words, labels_of, step_of, without_jitter
from dl_core.errors import SchemaError
from dl_core.reading.series.long import Long

_LONGER, _SHORTER = 0.67, 5.0  # rows' distance in steps, from which a named step is longer, or too short
_OWN = 0.9  # share of a series' steps that are alike, from which they are its own
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
    usual = _usual_change(stamps, owner)
    if asked and usual and usual < _LONGER * asked.length:
        return OnGrid(step, step.position(times), [*notes, _joined_note(step)])
    if asked and usual > _SHORTER * asked.length:
        raise _too_short(asked, usual)
    step = _aligned(step, stamps, keep_anchor=anchored)
    times = _rounded(step, times, code, notes, long.row)
    position = step.position(times)
    _note_moved(step, times, position, notes)
    return OnGrid(step, position, notes)


def _usual_change(times: np.ndarray, code: np.ndarray) -> float:
    """Return the median time in ns from one row of a series to the next; 0 where there are no two."""
    order = np.lexsort((times, code))
    change = np.diff(times[order].astype("datetime64[ns]").astype(np.int64))[np.diff(code[order]) == 0]
    change = change[change > 0]
    return float(np.median(change)) if len(change) else 0.0


def _too_short(step: Step, usual: float) -> SchemaError:
    label = int(labels_of(np.array([usual]).astype(np.int64))[0])
    return SchemaError(
        f"the frequency {step.words} is too high: times are {label_words(label)}",
        where="option frequency",
        expected="the step of the data, or a longer one",
        todo="leave the option empty to have the step inferred",
    )


def _joined_note(step: Step) -> Finding:
    text = f"Times were brought to the frequency {step.words} ({step.alias}), as the option says."
    return Finding("info", "longer-steps", text)


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
            "there is a single value" if len(stamps) == 1 else "no series has two different times",
            where="times",
            expected="several steps of each series",
            todo="add earlier values; a forecast needs a history, some 30 steps at least",
        )
    labels = labels_of(without_jitter(change))
    common, share, numbers = _of_each(labels, owner)
    names, place = np.unique(common, return_inverse=True)
    chosen = int(names[np.argmax(np.bincount(place, weights=numbers))])
    _check_same(chosen, common, share, numbers)
    return step_of(chosen, times, change)


def _of_each(labels: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each series' commonest label, its share of the series' changes, and their number."""
    order = np.lexsort((labels, owner))
    labels, owner = labels[order], owner[order]
    first = np.flatnonzero(np.r_[True, (owner[1:] != owner[:-1]) | (labels[1:] != labels[:-1])])
    counts = np.diff(np.r_[first, len(labels)])
    of_run = owner[first]
    best = np.lexsort((labels[first], -counts, of_run))
    top = best[np.r_[True, of_run[best][1:] != of_run[best][:-1]]]
    numbers = np.bincount(owner)
    numbers = numbers[numbers > 0]
    return labels[first][top], counts[top] / numbers, numbers


def _check_same(chosen: int, common: np.ndarray, share: np.ndarray, numbers: np.ndarray) -> None:
    """Check that no series keeps to a longer or shorter step of its own, as when months stand among days."""
    length = label_length(chosen)
    sizes = np.array([label_length(int(label)) for label in common])
    other = (sizes > 1.5 * length) | (sizes < 0.67 * length)
    other &= (numbers >= _LEAST) & (share >= _OWN)
    if not other.any():
        return
    words = sorted({label_words(int(label)) for label in common[other]})[:3]
    raise SchemaError(
        f"{int(other.sum()):,} of {len(common):,} series {'is' if other.sum() == 1 else 'are'} "
        f"{' or '.join(words)}, the others {label_words(chosen)}",
        where="times",
        expected="the same step in all series",
        todo="upload series of different steps apart, or bring all to the longest of these steps first",
    )


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
    return replace(step, phase=_phase((times.astype(np.int64) - origin) % size, size))


def _phase(beside: np.ndarray, size: int) -> int:
    """Return where in a step most stamps stand; 0 where they are inexact and stand about there."""
    found, counts = np.unique(beside, return_counts=True)
    if counts.max() >= REGULAR * len(beside):
        return int(found[np.argmax(counts)])
    around = np.where(beside > size // 2, beside - size, beside)
    return 0 if np.median(np.abs(around)) < _JITTER * size else int(found[np.argmax(counts)])


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
    beside = beside - np.round(beside)  # -0.5 to 0.5 of a step
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
    return moved.astype("datetime64[ns]")


def _note_moved(step: Step, times: np.ndarray, position: np.ndarray, notes: list[Finding]) -> None:
    """Note stamps inside a month, quarter or week that count for all of it."""
    if step.length < 7 * DAY:
        return
    days = times.astype("datetime64[D]")
    moved = step.time(position).astype("datetime64[D]") != days
    if moved.any():
        text = (
            f"{int(moved.sum()):,} of {len(moved):,} times stood inside a step ({step.words}) and count for all of it "
            f"(stamps of {step.alias})."
        )
        notes.append(Finding("info", "moved-times", text))
