"""Seasons in steps: as the user says, as suits the step, or as the values themselves repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from dl_core.data.dataset import Finding
from dl_core.data.series.frequency import Step
from dl_core.errors import OptionError, SchemaError, shorten

_SCALED = (4, 12, 24, 48, 96)  # seasons by which MASE scales where there are no time stamps: not weeks of days or years
_SERIES_LOOKED_AT = 200
_CLEAR = 0.25  # correlation with the season before, from which a season is believed
_SAME, _BETTER = 0.1, 0.15  # by which a multiple may repeat better by chance, and from where it is a season of its own
_CHANCE = 0.01  # that noise shows any season
_RUNS = (1, 2, 4, 8, 16)  # steps
_LONGEST, _LOOKED_AT = 400, 2000  # steps of a season, and last steps of a series


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
    usual = f"typical of this frequency ({step.words})" if step.unit else "found in the values"
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
    """Return the season at which series repeat themselves once their trend is gone; nothing where none is clear.

    Changes between means of neighbouring runs of steps are taken, of runs short and long, since slow seasons drown
    in the noise of single steps. The autocorrelation of these changes is averaged over the series. A season is the
    first peak that is as good as the best one, and beyond what chance gives at any of the lags looked at; a shorter one
    that divides it and repeats well is named too.
    """
    chosen = np.unique(np.linspace(0, len(starts) - 2, min(_SERIES_LOOKED_AT, len(starts) - 1)).astype(int))
    series = [one for at in chosen if (one := _even(value[starts[at] : starts[at + 1]][-_LOOKED_AT:])) is not None]
    curves = [_curve(series, run) for run in _RUNS]
    peaks = [_peaks(found, least, 2 * run) for run, (found, least) in zip(_RUNS, curves, strict=True)]
    top = max(height for height, _ in peaks)
    seasons = next(seasons for height, seasons in peaks if height >= top - _BETTER)  # longer runs miss short seasons
    return seasons if len(seasons) != 1 else (*seasons, *_longer([found for found, _ in curves], seasons[0]))


def _longer(curves: Sequence[np.ndarray], season: int) -> tuple[int, ...]:
    """Return the multiple of a season that repeats clearly better than the shorter ones, as weeks of days may."""
    best, gain = 0, _BETTER
    for found in curves:
        multiples = np.arange(season, len(found), season)
        for place in range(2, len(multiples)):
            here = float(found[multiples[place]])
            more = here - float(found[multiples[:place]].max())
            if here > 0.5 and more > gain:
                best, gain = int(multiples[place]), more
    return (best,) if best else ()


def _even(values: np.ndarray) -> np.ndarray | None:
    """Return a series without gaps and far outliers; None where it is short or never changes."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 12 or np.ptp(values[known]) == 0:
        return None
    filled = np.interp(np.arange(known[0], known[-1] + 1), known, values[known])
    change = np.diff(filled)
    spread = change.std()
    return (
        filled
        if spread == 0
        else np.concatenate([[0.0], np.clip(change - change.mean(), -4 * spread, 4 * spread)]).cumsum()
    )


def _curve(series: Sequence[np.ndarray], run: int) -> tuple[np.ndarray, float]:
    """Return the mean autocorrelation of changes between means of runs by lag, and what noise does not reach."""
    kernel = np.repeat([1.0, -1.0], run)
    total, weight, steps = np.zeros(_LONGEST + 2), np.zeros(_LONGEST + 2), 0
    for one in series:
        found = _autocorrelation(np.convolve(one, kernel, "valid")) if len(one) > 2 * run else np.zeros(0)
        lags = min(len(found), _LONGEST + 2)
        total[:lags] += found[:lags]
        weight[:lags] += 1
        steps += 3 * len(found)
    enough = weight >= max(1.0, 0.5 * weight.max())
    lags = int(np.flatnonzero(enough).max()) + 1 if enough.any() else 0
    chance = float(norm.isf(_CHANCE / (max(1, lags) * len(_RUNS)))) * np.sqrt(_inflation(kernel) / max(1, steps))
    return (total / np.maximum(weight, 1))[:lags], max(_CLEAR, chance)


def _peaks(found: np.ndarray, least: float, first_lag: int) -> tuple[float, tuple[int, ...]]:
    """Return how well series repeat at the best lag, and the season with a shorter one that divides it."""
    inside = np.arange(first_lag, len(found) - 1)
    high = (found[inside] >= least) & (found[inside] >= found[inside - 1]) & (found[inside] > found[inside + 1])
    peaks = inside[high]
    if not len(peaks):
        return 0.0, ()
    top = float(found[peaks].max())
    first = int(peaks[found[peaks] >= top - _SAME][0])  # multiples of a season repeat it as well
    around = peaks[np.abs(peaks - first) <= 0.2 * first]
    best = int(around[np.argmax(found[around])])
    shorter = [int(lag) for lag in peaks if lag < best and best % lag == 0 and found[lag] > max(least, top - 0.4)]
    return top, (*shorter[:1], best)


def _inflation(kernel: np.ndarray) -> float:
    """Return by how much Bartlett's variance of an autocorrelation of a random walk's changes exceeds 1 / n."""
    walk = np.cumsum(kernel)
    own = np.correlate(walk, walk, "full")
    return float((own**2).sum() / own.max() ** 2) * 1.5  # a third of the pairs is lost at the longest lag


def _autocorrelation(change: np.ndarray) -> np.ndarray:
    """Return the autocorrelation at lags from 0 to a third of the history."""
    spread = change.std() if len(change) >= 12 else 0.0
    if spread == 0:
        return np.zeros(0)
    even = np.clip((change - change.mean()) / spread, -4, 4)
    size = 1 << int(2 * len(even) - 1).bit_length()
    power = np.abs(np.fft.rfft(even - even.mean(), size)) ** 2
    sums = np.fft.irfft(power, size)[: len(even) // 3 + 1]
    pairs = len(even) - np.arange(len(sums))
    return sums / pairs / (sums[0] / len(even))
