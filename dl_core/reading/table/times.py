"""The time of each transaction: day and month in the order that the rows tell, else asked; what lies ahead is said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.data.reading import Choice, Question
from dl_core.errors import shorten
from dl_core.reading.tables.times import Times, parse_times, read_times

_ROWS_THAT_TELL = 10  # whose order tells which of day and month comes first


@dataclass(frozen=True)
class TimeRead:
    """Times (n,) datetime64[ns], what is to say, and the question where day and month may be either."""

    values: np.ndarray
    notes: tuple[Finding, ...]
    question: Question | None = None


def read_time(raw: pd.Series, order: str, now: np.datetime64, ordered: bool, trained: bool = False) -> TimeRead:
    """Read the column of time.

    Parameters
    ----------
    raw : pandas.Series
        (n,) as read, with row ids as index.
    order : str
        ``"day-first"`` or ``"month-first"``, where the user or the training data have said; empty where not.
    now : numpy.datetime64
        Later times are in the future.
    ordered : bool
        Whether the rows' order would mean something: no given split has set test rows behind the others.
    trained : bool
        Whether these are new cases, of which nothing is asked.

    Raises
    ------
    SchemaError
        If most values are no times.
    """
    times = read_times(raw, order)
    times, question = (times, None) if order or trained else _in_order(raw, times)
    notes, where = list(times.notes), f"Column {shorten(raw.name, 40)!r}"
    if times.bad.any():
        count = f"{int(times.bad.sum()):,} values are no times ({rows_named(times.bad)})"
        text = f"{where}: {count}; these rows have no history and are in no split."
        notes.append(Finding("warning", "not-a-time", text, tuple(raw.index[times.bad][:100])))
    future = times.values > now
    if future.any() and not any(note.kind == "relative-time" for note in notes):
        text = (
            f"{where}: {int(future.sum()):,} times are in the future ({rows_named(future)}). Check the order of day "
            "and month, and the time zone."
        )
        notes.append(Finding("warning", "future-times", text, tuple(raw.index[future][:100])))
    known = times.values[~np.isnat(times.values)]
    if ordered and (known[1:] < known[:-1]).any():
        text = "Rows are not sorted by time; history features are derived in temporal order."
        notes.append(Finding("info", "unsorted", text))
    return TimeRead(times.values, tuple(notes), question)


def _in_order(raw: pd.Series, times: Times) -> tuple[Times, Question | None]:
    """Return times with the order of day and month in which the rows are sorted; the question where that is unknown."""
    if not any(note.kind == "ambiguous-dates" for note in times.notes):
        return times, None
    both = {order: parse_times(raw, order) for order in ("day-first", "month-first")}
    sorted_in = [order for order, found in both.items() if _is_sorted(found.values)]
    if len(sorted_in) == 1 and len(raw) >= _ROWS_THAT_TELL:
        notes = [note for note in both[sorted_in[0]].notes if note.kind != "ambiguous-dates"]
        return replace(both[sorted_in[0]], notes=tuple(notes)), None
    first = shorten(next(iter(raw.dropna().astype(str)), ""), 24)
    choices = [
        Choice(f"the {word} comes first: {_day_of(found)}", options={"dates": f"{word}-first"})
        for word, found in (("day", both["day-first"]), ("month", both["month-first"]))
    ]
    text = f"Does day or month come first in {shorten(raw.name, 40)!r} ({first})? No date and no order of rows tells."
    return times, Question("time", text, tuple(choices))


def _is_sorted(values: np.ndarray) -> bool:
    steps = np.diff(values[~np.isnat(values)]).astype(np.int64)
    return len(steps) > 0 and bool((steps >= 0).mean() >= 0.99)


def _day_of(times: Times) -> str:
    known = times.values[~np.isnat(times.values)]
    return f"{pd.Timestamp(known[0]):%-d %B %Y}" if len(known) else "no date fits"
