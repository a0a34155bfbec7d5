"""Unusual recent points: values that the history before them would not have led anyone to expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dl_core.data.series.origins import usual_horizon
from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE

if TYPE_CHECKING:
    from dl_core.models.series.base import Forecaster

RATE = 0.005  # points of an ordinary history that may be flagged
LEAST = 3.0  # scores below are never unusual, however quiet the history was
CYCLES = 3  # seasons before a point that say what is usual at that time of the season
AROUND = 9  # last steps that say how high a series stands of late
HISTORY = 400  # steps before the recent ones that say how large errors usually are
NORMAL = 1.4826  # median absolute deviation to standard deviation
FEWEST = 8  # errors that a scale is taken from
FEWEST_PLANNED, ROUNDS = 3, 5  # steps at which a covariate was other than usual, and times its effect is corrected
WILD = 5.0  # times the usual largest score: above, a series' scores say nothing about others
LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)
WIDE = 2.5631  # standard deviations between those two in a normal curve
COLUMNS = ("series", "step", "time", "value", "expected", "score", "direction")


def unusual_points(
    panel: Panel, model: Forecaster | None = None, *, recent: int | None = None, rate: float = RATE
) -> pd.DataFrame:
    """Return the recent points that lie outside of what the history before them would have led to expect.

    Without a model the expectation is robust: the median of the same step of the last `CYCLES` seasons, moved by how
    far the last `AROUND` points lay from theirs (also a median), and by what covariates that were known ahead did to
    earlier points: a promotion that sold as promotions do is not unusual. So a spike is told once and leaves no echo a
    season later, and a shift of level is told for the steps until it is what is usual, half of `AROUND`. With a model
    it is the central one-step forecast. A score is the error by the scale of errors before: the median absolute
    deviation of the series' own past errors (where most are 0, their mean), or the width of the model's 80 % interval.

    Parameters
    ----------
    panel : Panel
        Missing values are neither flagged nor used.
    model : Forecaster or None
        Makes one forecast for every recent step and as many before, to learn its rate of large scores.
    recent : int or None
        Last steps of each series that are judged; by default as many as one usually forecasts at that frequency.
    rate : float
        Share of points of an ordinary history that may be flagged, 0 … 1. A point is flagged where its score exceeds
        both `LEAST` and the ``1 - rate`` quantile of its series' earlier scores, and where those are too few to have
        such a quantile (under ``1 / rate``) that of all series' earlier scores as well, but wild ones' (`WILD`).

    Returns
    -------
    pandas.DataFrame
        A line a point, largest score first: series, step (1 first, the last is the series' length), time, value,
        expected, score (≥ 0, in standard deviations), direction (``"high"`` or ``"low"``).

    References
    ----------
    Leys et al. (2013), "Detecting outliers: do not use standard deviation around the mean, use absolute deviation
    around the median", JESP 49(4). The rate is controlled as in split-conformal prediction: by ranks among earlier
    scores.
    """
    recent = recent or min(usual_horizon(panel.frequency, panel.season), max(1, int(_longest(panel) // 4)))
    values = _rectangle(panel, recent + HISTORY)
    if model is None:
        told = _by_plan(panel, values, recent)
        expected, scale = _robust(values - told, panel.season, recent) + told, None
    else:
        expected, scale = _told(panel, model, 2 * recent, values.shape[1])
    scores = _scores(values, expected, scale, recent)
    limit = _limits(scores[:, :-recent], rate)
    flagged = np.abs(scores[:, -recent:]) > limit[:, None]
    at, step = np.nonzero(flagged & ~np.isnan(values[:, -recent:]))
    place = values.shape[1] - recent + step
    number = panel.lengths[at] - recent + step
    table = pd.DataFrame(
        {
            "series": panel.series[at],
            "step": number + 1,
            "time": panel.times[panel.starts[at] + number],
            "value": values[at, place],
            "expected": expected[at, place],
            "score": np.abs(scores[at, place]),
            "direction": np.where(scores[at, place] > 0, "high", "low"),
        },
        columns=list(COLUMNS),
    )
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _by_plan(panel: Panel, values: np.ndarray, recent: int) -> np.ndarray:
    """Return what known-ahead covariates add to each point (n, width), as they did to those before the recent ones.

    Their effects are those of least squares on what the history alone did not lead to expect, some times over, as the
    history is then expected without them; a covariate that hardly ever varied before has none.
    """
    added = np.zeros_like(values)
    if panel.future is None or not panel.future.shape[1]:
        return added
    for _ in range(ROUNDS):
        errors = values - added - _robust(values - added, panel.season, recent)
        added += np.stack([_effects(panel, at, errors[at], recent) for at in range(len(panel))])
    return added


def _effects(panel: Panel, at: int, error: np.ndarray, recent: int) -> np.ndarray:
    """Return what covariates explain of the errors (width,) of one series."""
    steps = min(len(error), int(panel.lengths[at]))
    end, found = int(panel.starts[at + 1]), np.zeros(len(error))
    plan = np.zeros((0, 0)) if panel.future is None else panel.future[end - steps : end].astype(float)
    before = np.flatnonzero(np.isfinite(error[len(error) - steps : max(0, len(error) - recent)]))
    if len(before) < FEWEST:
        return found
    away = plan - np.median(plan[before], axis=0)
    varied = (np.abs(away[before]) > 0).sum(axis=0) >= FEWEST_PLANNED
    if varied.any():
        known = error[len(error) - steps :][before]
        found[len(error) - steps :] = away[:, varied] @ np.linalg.lstsq(away[before][:, varied], known, rcond=1e-6)[0]
    return found


def _longest(panel: Panel) -> int:
    return int(panel.lengths.max()) if len(panel) else 0


def _rectangle(panel: Panel, most: int) -> np.ndarray:
    """Return the last values of each series, (n, width) float64, NaN before a series' start."""
    width = max(1, min(most, _longest(panel)))
    place = panel.starts[1:, None] - width + np.arange(width)[None, :]
    inside = place >= panel.starts[:-1, None]
    found = panel.values[np.maximum(place, 0)] if len(panel.values) else np.zeros(place.shape)
    return np.where(inside, found, np.nan)


def _robust(values: np.ndarray, season: int, recent: int) -> np.ndarray:
    """Return what each point (n, width) was expected to be, from the points before it; NaN where nobody can say."""
    width = values.shape[1]
    if season > 1 and width < season + AROUND + recent:
        season = 1
    seasonal = np.zeros_like(values)
    if season > 1:
        lags = [_back(values, lag * season) for lag in range(1, CYCLES + 1)]
        seasonal = _median(np.stack(lags), axis=0)
    away = values - seasonal
    lately = np.stack([_back(away, lag) for lag in range(1, AROUND + 1)])
    return seasonal + _median(lately, axis=0)


def _back(values: np.ndarray, lag: int) -> np.ndarray:
    """Return the values (n, width) of ``lag`` steps earlier, NaN where there are none."""
    found = np.full_like(values, np.nan)
    if lag < values.shape[1]:
        found[:, lag:] = values[:, :-lag]
    return found


def _median(values: np.ndarray, axis: int) -> np.ndarray:
    """Return medians without NaN; NaN where there is no value (`numpy.nanmedian` would warn and is slow)."""
    ordered = np.moveaxis(np.sort(values, axis=axis), axis, -1)
    count = (~np.isnan(ordered)).sum(axis=-1)
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    high = np.minimum(high, ordered.shape[-1] - 1)
    pair = [np.take_along_axis(ordered, place[..., None], axis=-1)[..., 0] for place in (low, high)]
    return np.where(count > 0, (pair[0] + pair[1]) / 2, np.nan)


def _told(panel: Panel, model: Forecaster, steps: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a model's central one-step forecast and its standard deviation for the last steps, (n, width)."""
    expected, scale = (np.full((len(panel), width), np.nan) for _ in range(2))
    lengths = panel.lengths
    back = np.arange(min(steps, width), 0, -1)
    at, left = (grid.reshape(-1) for grid in np.meshgrid(np.arange(len(panel)), back, indexing="ij"))
    known = lengths[at] > left  # at least one step before
    at, left = at[known], left[known]
    if len(at):
        told = model.forecast(panel.until(at, lengths[at] - left, 1), 1)[:, 0]
        expected[at, width - left] = told[:, MIDDLE]
        scale[at, width - left] = (told[:, HIGH] - told[:, LOW]) / WIDE
    return expected, scale


def _scores(values: np.ndarray, expected: np.ndarray, scale: np.ndarray | None, recent: int) -> np.ndarray:
    """Return signed errors by their scale, (n, width); 0 where there is no saying."""
    errors = values - expected
    if scale is None:
        before = errors[:, :-recent]
        count = (~np.isnan(before)).sum(axis=1)
        own = NORMAL * _median(np.abs(before), axis=1) if before.shape[1] else np.zeros(len(values))
        mean = np.nansum(np.abs(before), axis=1) / np.maximum(count, 1)
        scale = np.where(count < FEWEST, np.nan, np.where(own > 0, own, mean))[:, None]
    size = np.maximum(_median(np.abs(values), axis=1), _median(np.abs(expected), axis=1))[:, None]
    floor = np.maximum(1e-6 * size, np.finfo(float).tiny)  # a series that never moved: any move is unusual
    with np.errstate(invalid="ignore", over="ignore"):
        return np.nan_to_num(errors / np.maximum(scale, floor), nan=0.0, posinf=1e9, neginf=-1e9)


def _limits(before: np.ndarray, rate: float) -> np.ndarray:
    """Return the score (n,) above which a point of each series is unusual, from the scores before (n, width)."""
    size = np.where(before == 0, np.nan, np.abs(before))  # 0 stands for none, or for a series that stood still
    count = (~np.isnan(size)).sum(axis=1)
    ordered = np.sort(size, axis=1)
    place = np.clip(np.ceil((1 - rate) * count).astype(np.int64) - 1, 0, None)
    own = np.nan_to_num(np.take_along_axis(ordered, place[:, None], axis=1)[:, 0]) if size.shape[1] else np.zeros(0)
    largest = np.nan_to_num(size).max(axis=1, initial=0)
    calm = size[largest <= WILD * np.median(largest[largest > 0])] if largest.any() else size
    known = calm[~np.isnan(calm)]
    pooled = float(np.quantile(known, 1 - rate)) if len(known) else 0.0
    own = own if len(own) else np.zeros(len(size))
    return np.maximum(np.where(count * rate >= 1, own, np.maximum(own, pooled)), LEAST)
