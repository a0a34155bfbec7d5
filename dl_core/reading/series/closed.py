"""Regular gaps, such as nights and Sundays: places of each day, week or year at which no series ever has a value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.data.series.frequency import DAY, MONTH_NAMES, WEEKDAYS, Step
from dl_core.reading.series.infer import OnGrid
from dl_core.reading.series.long import Long

_LEAST_CYCLES = {"day": 6, "week": 5, "year": 3}
_FILLED = 0.5  # share of cycles in which a kept place has a value, at least
_EMPTY = 0.02  # and in which a place that is left out may have one
_CHANCE = 1e-4  # that a place is empty by chance, at most
_MOST_PLACES = 3_000
_FROM_EPOCH = 3  # 1970-01-01 was a Thursday


def without_closed(long: Long, on: OnGrid, known: str, keep: bool) -> tuple[Long, OnGrid]:
    """Return values on a grid without the places that are always empty, and a finding that names the gap.

    Parameters
    ----------
    long : Long
    on : OnGrid
    known : str
        `Step.opened` of the training data, which holds for new cases.
    keep : bool
        Whether regular gaps stay steps without a value.
    """
    step = on.step
    opened = known or ("" if keep or not step.unit or step.count > 1 and step.months else _opened(long, on))
    if not opened:
        return long, on
    masked = replace(step, opened=opened)
    cycle, kept = masked.places
    inside = np.isin(on.position % cycle, kept)
    lost = int(np.isfinite(long.value[~inside]).sum())
    text = f"Regular gap: {_words(step, cycle, kept)}. Steps and forecasts leave it out."
    if lost:
        text += f" {lost:,} single values inside it were left out."
    notes = [*on.notes, Finding("warning" if lost else "info", "regular-gap", text)]
    place = on.position[inside]
    position = place // cycle * len(kept) + np.searchsorted(kept, place % cycle)
    return long.take(inside), OnGrid(masked, position, notes)


def _cycles(step: Step) -> list[tuple[str, int]]:
    """Return the cycles in which gaps come back, shorter ones first, in steps."""
    if step.months:
        return [("year", 12)] if step.months == 1 else []
    if step.unit == "W" or not step.unit or step.unit == "B":
        return []
    return [(name, size // step.length) for name, size in (("day", DAY), ("week", 7 * DAY)) if size % step.length == 0]


def _opened(long: Long, on: OnGrid) -> str:
    known = np.isfinite(long.value)
    found = ""
    for name, cycle in _cycles(on.step):
        if not 2 < cycle <= _MOST_PLACES:
            continue
        kept = _kept(on.position[known], cycle, _LEAST_CYCLES[name])
        if kept is None:
            continue
        text = f"{cycle}: {' '.join(map(str, kept))}"
        if not found or len(kept) / cycle < 0.98 * _share(found):
            found = text
    return found


def _share(opened: str) -> float:
    cycle, kept = replace(Step(), opened=opened).places
    return len(kept) / cycle


def _kept(position: np.ndarray, cycle: int, least: int) -> np.ndarray | None:
    """Return the places of a cycle that have values where all others never have, or None where there is no such gap."""
    which = np.unique(position)
    turns, place = which // cycle, which % cycle
    number = len(np.unique(turns))
    if number < least:
        return None
    share = np.bincount(place, minlength=cycle) / number
    empty = share <= _EMPTY
    if not empty.any() or empty.all():
        return None
    rest = share[~empty]
    if rest.min() < _FILLED or (1 - rest.mean()) ** number * cycle > _CHANCE:
        return None
    return np.flatnonzero(~empty)


def _words(step: Step, cycle: int, kept: np.ndarray) -> str:
    """Return the gap in words: "18:00 to 06:59 of each day"."""
    if step.months:
        lacking = [MONTH_NAMES[at].capitalize() for at in range(12) if at not in kept]
        return f"no values in {', '.join(lacking)} of any year"
    days = [WEEKDAYS[(at + _FROM_EPOCH) % 7].capitalize() for at in range(7)]
    if step.length == DAY:
        lacking = sorted((days[at] for at in range(7) if at not in kept), key=_weekday)
        return f"no values on {', '.join(lacking)} of any week"
    a_day = DAY // step.length
    if cycle == a_day:
        return f"values stand {_spans(kept, step)} of each day only"
    parts: dict[str, list[str]] = {}
    for at in range(7):
        here = kept[kept // a_day == at] % a_day
        parts.setdefault(_spans(here, step) if len(here) else "never", []).append(days[at])
    told = [f"{', '.join(sorted(names, key=_weekday))}: {span}" for span, names in parts.items()]
    return f"values stand at the same hours of each week only ({'; '.join(told)})"


def _weekday(name: str) -> int:
    return WEEKDAYS.index(name.upper())


def _spans(places: np.ndarray, step: Step) -> str:
    """Return runs of places as times of day."""
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return " and ".join(f"from {_clock(run[0], step)} to {_clock(run[-1], step)}" for run in runs)


def _clock(place: int, step: Step) -> str:
    minutes = (int(place) * step.length + step.phase) // (60 * 10**9)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
