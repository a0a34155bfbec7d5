"""The periods of a split by time: training, validation, label delay, test; and accounts known to be compromised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data import instants
from dl_core.data.options import choice_of, number_of, share_of
from dl_core.data.splits import PARTS
from dl_core.data.table.derive import delay_of
from dl_core.errors import OptionError, SchemaError, counted

DAY = np.timedelta64(86_400_000_000_000, "ns")
COMPROMISED_DAYS = 7.0
MOST_DAYS = 100_000
_WHOLE_DAYS_FROM = 10  # days of data, from which parts begin at midnight
_MOST_DELAY = 0.25  # share of the time span


@dataclass(frozen=True)
class TimePlan:
    """The options of a split, checked; None where the shares decide."""

    validation_share: float
    test_share: float
    delay_days: float
    compromised_days: float
    train_days: float | None
    validation_days: float | None
    test_days: float | None
    test_start: np.datetime64 | None
    earlier: bool


@dataclass(frozen=True)
class Periods:
    """Begin and end (exclusive) of each part, and the rule for compromised accounts."""

    train: tuple[np.datetime64, np.datetime64]
    validation: tuple[np.datetime64, np.datetime64]
    test: tuple[np.datetime64, np.datetime64]
    delay: np.timedelta64
    compromised_days: float
    shortened: bool = False


def read_options(options: Mapping[str, Any]) -> TimePlan:
    """Return the options of a split, checked.

    Raises
    ------
    OptionError
        If one does not fit.
    """
    days = {part: number_of(options, f"{part}_days", most=MOST_DAYS) or None for part in PARTS}  # 0: by the shares
    start = str(options.get("test_start") or "").strip()
    try:
        test_start = np.datetime64(instants.read(start).tz_localize(None), "ns") if start else None
    except ValueError:
        raise OptionError(
            f"{start!r} is no date", where="option test_start", expected="a date such as 2024-01-31"
        ) from None
    return TimePlan(
        validation_share=share_of(options, "validation_share", 0.15),
        test_share=share_of(options, "test_share", 0.2),
        delay_days=delay_of(options),
        compromised_days=number_of(options, "compromised_days", COMPROMISED_DAYS, most=MOST_DAYS),
        train_days=days["train"],
        validation_days=days["validation"],
        test_days=days["test"],
        test_start=test_start,
        earlier=choice_of(options, "validation", ("latest", "earlier")) == "earlier",
    )


def plan_periods(times: np.ndarray, plan: TimePlan) -> Periods:
    """Return when each part begins and ends.

    The test is the last ``test_share`` of the time span, or ``test_days`` from ``test_start``. Before it lies the
    delay, before that training, as long as the data reach back or ``train_days``; validation is its latest part, or
    lies before it. With ten days of data or more, parts begin at midnight. A delay of more than a quarter of the time
    span is shortened to that, unless a length or date is given.

    Parameters
    ----------
    times : numpy.ndarray
        (n,) datetime64[ns] without NaT.
    plan : TimePlan

    Raises
    ------
    SchemaError
        If the test does not begin within the data.
    """
    first, last = times.min(), times.max() + np.timedelta64(1, "ns")
    whole = last - first >= _WHOLE_DAYS_FROM * DAY
    if whole:
        first, last = _midnight(first), _midnight(last - np.timedelta64(1, "ns")) + DAY
    span = last - first
    delay = _days(plan.delay_days)
    fixed = plan.test_start is not None or plan.train_days or plan.test_days
    shortened = not fixed and delay > _MOST_DELAY * (span / DAY) * DAY
    if shortened:
        delay = _days(_MOST_DELAY * (span / DAY))
    length = _days(plan.test_days) if plan.test_days else _days(plan.test_share * (span / DAY))
    begin = plan.test_start if plan.test_start is not None else last - length
    if whole and plan.test_start is None and not plan.test_days:
        begin = _midnight(begin + DAY / 2)
    end = min(begin + length, last) if plan.test_days else last
    if not first < begin < last:
        raise SchemaError(
            f"the test would begin on {_day(begin)}",
            where="option test_start" if plan.test_start is not None else "split by time",
            expected=f"a time within the data, {_day(first)} to {_day(last - np.timedelta64(1, 'ns'))}",
            todo="choose another start, or fewer days",
        )
    known = begin - delay
    start = max(first, known - _days(plan.train_days)) if plan.train_days else first
    train, validation = _validation(first, start, known, plan, whole)
    return Periods(train, validation, (begin, end), delay, plan.compromised_days, shortened)


def _validation(
    first: np.datetime64, start: np.datetime64, known: np.datetime64, plan: TimePlan, whole: bool
) -> tuple[tuple[np.datetime64, np.datetime64], tuple[np.datetime64, np.datetime64]]:
    """Return the periods of training and validation out of what is known when the test begins."""
    room = max(known - start, np.timedelta64(0, "ns"))
    wanted = _days(plan.validation_days) if plan.validation_days else _days(plan.validation_share * (room / DAY))
    if plan.earlier:
        if not plan.validation_days and plan.train_days:
            wanted = room
        if start - wanted < first and not plan.train_days:
            start = first + wanted  # training takes all, so that validation must be cut off its beginning
        return (start, known), (max(first, start - wanted), start)
    border = known - wanted
    if whole and not plan.validation_days:
        border = min(_midnight(border + DAY / 2), known - DAY)
    return (start, border), (border, known)


def time_parts(
    times: np.ndarray, usable: np.ndarray, codes: np.ndarray | None, fraud: np.ndarray, periods: Periods
) -> tuple[np.ndarray, str]:
    """Return the part of each row, 0, 1, 2 or -1, and the protocol in words.

    On day d of validation or test, an account is known to be compromised if it has a fraud on day d - delay - 1 or
    before, and not before the part's first day - delay - `compromised_days`. With a week of training, a delay of a week
    and the week's test after it, that is the Handbook's rule: frauds of the training week, and those that became known
    since.

    Parameters
    ----------
    times : numpy.ndarray
        (n,) datetime64[ns].
    usable : numpy.ndarray
        (n,) bool.
    codes : numpy.ndarray or None
        (n,) account of each row.
    fraud : numpy.ndarray
        (n,) bool.
    periods : Periods
    """
    parts = np.full(len(times), -1)
    removed = []
    for part, (begin, end) in enumerate((periods.train, periods.validation, periods.test)):
        inside = usable & (times >= begin) & (times < end)
        if part and codes is not None and periods.compromised_days:
            gone = inside & _compromised(times, codes, fraud, begin, periods)
            removed.append((int(gone.sum()), int((gone & fraud).sum())))
            inside &= ~gone
        parts[inside] = part
    return parts, _words(parts, periods, removed)


def _compromised(
    times: np.ndarray, codes: np.ndarray, fraud: np.ndarray, begin: np.datetime64, periods: Periods
) -> np.ndarray:
    """Return rows of accounts that are known to be compromised on that day, (n,) bool."""
    since = begin - periods.delay - _days(periods.compromised_days)
    seen = fraud & (times >= since)
    never = np.iinfo(np.int64).max
    first_fraud = np.full(codes.max() + 1, never)
    np.minimum.at(first_fraud, codes[seen], times[seen].astype(np.int64))
    known_before = _midnight(times) - periods.delay  # frauds before it are known in the morning of the row's day
    return first_fraud[codes] < known_before.astype(np.int64)


def _words(parts: np.ndarray, periods: Periods, removed: list[tuple[int, int]]) -> str:
    numbers = [int((parts == part).sum()) for part in range(3)]
    pieces = [f"training {_span(periods.train)} ({counted(numbers[0], 'row')})"]
    pieces.append(f"validation {_span(periods.validation)} ({numbers[1]:,})")
    days = periods.delay / DAY
    why = ", shortened because the data span so few days" if periods.shortened else ""
    pieces.append(f"label delay {days:g} day{'' if days == 1 else 's'}{why}")
    pieces.append(f"test {_span(periods.test)} ({numbers[2]:,})")
    words = f"by time: {', '.join(pieces)}"
    rows = sum(count for count, _ in removed)
    if not rows:
        return words
    test = removed[-1]
    return (
        f"{words}; rows of accounts known to be compromised removed: {test[0]:,} of the test ({test[1]:,} frauds), "
        f"{rows - test[0]:,} of validation"
    )


def _span(period: tuple[np.datetime64, np.datetime64]) -> str:
    begin, end = period
    last = end - np.timedelta64(1, "ns")
    if _midnight(begin) == begin and _midnight(end) == end:
        return f"{_day(begin)} to {_day(last)}"
    return f"{instants.said(begin)} to {instants.said(last.astype('datetime64[m]'))}"


def _day(time: np.datetime64) -> str:
    return instants.said(time, instants.DAY)


def _days(days: float) -> np.timedelta64:
    return np.timedelta64(round(days * 86_400_000_000_000), "ns")


def _midnight(time: Any) -> Any:
    return time.astype("datetime64[D]").astype("datetime64[ns]")
