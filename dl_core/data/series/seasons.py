"""Seasons in steps: as the user says, as suits the step, or as the values themselves repeat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.data.series.frequency import Step
from dl_core.errors import OptionError, SchemaError, shorten

_CANDIDATES = (4, 5, 7, 12, 24, 48, 52, 96, 168)
_SCALED = (4, 12, 24, 48, 96)  # seasons by which MASE scales where there are no time stamps: not weeks of days or years
_SERIES_LOOKED_AT = 200
_CLEAR = 0.3  # correlation with the season before, from which a season is believed


def read_seasons(wish: object) -> tuple[int, ...] | None:
    """Return the seasons that the option names, shortest first; None where it is empty.

    Raises
    ------
    OptionError
        If it holds something else than whole numbers of steps.
    """
    text = str(wish or "").replace(";", ",").replace(" ", ",").strip(",")
    if not text:
        return None
    parts = [part for part in text.split(",") if part]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise OptionError(
            f"{shorten(wish, 20)!r} are no seasons",
            where="option season",
            expected="steps such as 12, or several such as 24,168; 1 for none",
        )
    return tuple(sorted({int(part) for part in parts} - {1}))


def seasons_of(
    step: Step, value: np.ndarray, starts: np.ndarray, options: Mapping[str, Any], labelled: bool = True
) -> tuple[tuple[int, ...], int, list[Finding]]:
    """Return seasons, the lag by which MASE scales, and what was found.

    Parameters
    ----------
    step : Step
    value : numpy.ndarray
        (total,) values of the series one after the other.
    starts : numpy.ndarray
        (k + 1,) where each series begins.
    options : mapping
        ``season`` and ``scale_season``.
    labelled : bool
        False for new cases, whose history may be short.

    Raises
    ------
    SchemaError
        If a named season is longer than every series.
    """
    longest = int(np.diff(starts).max())
    named = read_seasons(options.get("season"))
    if named is None:
        seasons, notes = _suiting(step, value, starts, longest)
    else:
        seasons, notes = named, _named_too_long(named, longest) if labelled else []
    scale = int(options.get("scale_season") or 0) or _scale(step, seasons, named is not None)
    return seasons, scale, notes


def _named_too_long(named: tuple[int, ...], longest: int) -> list[Finding]:
    """Return a warning where a named season was not seen twice; one that was not seen once is an error."""
    if named and named[0] >= longest:
        raise SchemaError(
            f"a season of {named[0]:,} steps is longer than the history of {longest:,} steps",
            where="option season",
            expected=f"less than {longest:,}, at best half of it",
            todo="choose a shorter season, 1 for none, or add earlier values",
        )
    long = [season for season in named if 2 * season > longest]
    if not long:
        return []
    text = f"A season of {long[0]:,} steps does not occur twice: the longest series has {longest:,} steps."
    return [Finding("warning", "long-season", text)]


def _suiting(step: Step, value: np.ndarray, starts: np.ndarray, longest: int) -> tuple[tuple[int, ...], list[Finding]]:
    """Return the seasons that suit the step, or that the values show, as far as two of each were seen."""
    wanted = step.seasons if step.unit else _repeating(value, starts)
    seasons = tuple(season for season in wanted if 2 * season <= longest)
    if len(seasons) == len(wanted):
        return seasons, []
    usual = f"usual at this frequency ({step.words})" if step.unit else "found in the values"
    text = (
        f"The season of {max(set(wanted) - set(seasons)):,} steps, {usual}, was not used: the longest series has "
        f"{longest:,} steps, and two seasons are needed."
    )
    return seasons, [Finding("info", "long-season", text)]


def _scale(step: Step, seasons: tuple[int, ...], named: bool) -> int:
    if not seasons:
        return 1
    if not step.unit:
        return seasons[0] if seasons[0] in _SCALED else 1
    if step.scale_season == 1:
        return 1
    return seasons[0] if named or step.scale_season in seasons else 1


def _repeating(value: np.ndarray, starts: np.ndarray) -> tuple[int, ...]:
    """Return the season at which most series repeat themselves once their trend is gone; nothing where none is clear.

    The correlation of changes with those one season before is compared between the usual lags.
    """
    chosen = np.linspace(0, len(starts) - 2, min(_SERIES_LOOKED_AT, len(starts) - 1)).astype(int)
    found: dict[int, list[float]] = {}
    for at in np.unique(chosen):
        one = value[starts[at] : starts[at + 1]][-2000:]
        change = np.nan_to_num(np.diff(one))
        spread = change.std()
        if len(change) < 12 or spread == 0:
            continue
        change = np.clip((change - change.mean()) / spread, -4, 4)
        for lag in _CANDIDATES:
            if len(change) >= 3 * lag:
                found.setdefault(lag, []).append(float(np.mean(change[lag:] * change[:-lag])))
    middle = {lag: float(np.median(values)) for lag, values in found.items()}
    if not middle:
        return ()
    best = max(middle, key=lambda lag: (middle[lag] > _CLEAR, round(middle[lag], 1), -lag))
    if middle[best] < _CLEAR:
        return ()
    inside = [lag for lag in middle if lag < best and best % lag == 0 and middle[lag] > max(_CLEAR, middle[best] - 0.4)]
    return (*inside[:1], best)
