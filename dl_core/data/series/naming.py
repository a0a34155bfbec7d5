"""Lengths between times told as steps: labels (months negative, else ns), their words, and the step of a label."""

from __future__ import annotations

import numpy as np

from dl_core.data.series.frequency import DAY, HOUR, MINUTE, SECOND, Step, frequency_name

_MONTHS = (  # days from, to, and months
    *((28, 31, 1), (59, 62, 2), (89, 92, 3), (120, 123, 4), (181, 184, 6)),
    *((365, 366, 12), (730, 731, 24), (1826, 1827, 60), (3652, 3653, 120)),
)
REGULAR = 0.3  # share of the commonest change, below which times are taken for inexact
_NEAR = 0.05
_USUAL = np.array(
    [size * count for size in (SECOND, MINUTE) for count in (1, 2, 5, 10, 15, 20, 30)]
    + [HOUR * count for count in (1, 2, 3, 4, 6, 8, 12)]
    + [DAY, 7 * DAY]
)


def without_jitter(change: np.ndarray) -> np.ndarray:
    """Return changes with those near a usual length taken for it, where hardly two are the same."""
    _, counts = np.unique(change, return_counts=True)
    if counts.max() >= REGULAR * len(change):
        return change
    multiple = np.maximum(1, np.round(change / np.median(change)))
    step = np.median(change / multiple)
    usual = _USUAL[np.argmin(np.abs(np.log(_USUAL / step)))]
    if abs(step / usual - 1) > _NEAR:
        return change
    return (np.maximum(1, np.round(change / usual)) * usual).astype(np.int64)


def labels_of(change: np.ndarray) -> np.ndarray:
    """Return months of changes that are those of months, negative, and ns of others."""
    days = change / DAY
    labels = np.round(change / SECOND).astype(np.int64) * SECOND if (change >= 10 * SECOND).all() else change.copy()
    for low, high, months in _MONTHS:
        labels[(days >= low - 0.1) & (days <= high + 0.1)] = -months
    return labels


def label_length(label: int) -> int:
    return -label * 30 * DAY if label < 0 else label


def label_words(label: int) -> str:
    """Return the name of the frequency of a label: "monthly", "every 3 hours"."""
    if label < 0:
        return frequency_name({-3: "quarter", -12: "year"}.get(label, "month"), 1 if label in (-3, -12) else -label)
    for size, word in ((7 * DAY, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if label % size == 0:
            return frequency_name(word, label // size)
    return frequency_name("second", label / SECOND)


def step_of(label: int, times: np.ndarray, change: np.ndarray) -> Step:
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
