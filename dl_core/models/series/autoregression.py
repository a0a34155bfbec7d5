"""Linear autoregression: each series regressed on a few of its own last steps and those of seasons before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.series.gaps import usual_change
from dl_core.data.series.panel import Panel
from dl_core.evaluate.choice import settled
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Held
from dl_core.models.series.direct import CENTRAL, RECENT, DirectForecaster, spread
from dl_core.models.series.judge import scaled_errors
from dl_core.models.series.limited import is_wild
from dl_core.models.series.naive import repeat_season

MEMORY = 400  # steps in which a step's weight falls by e
READ = 8 * MEMORY  # last steps that are read; older ones weigh nothing
FEWEST = 8  # steps that there must be for each coefficient; shorter series do without the farthest lags
TINY = 1e-9
DEFAULT = {"logarithm": False, "few": False, "towards": "mean", "penalty": 1.0}
OTHERS: tuple[tuple[dict[str, Any], ...], ...] = (  # that held-out windows are asked about, one line after the other
    ({"logarithm": True},),
    ({"few": True},),
    tuple({"towards": to, "penalty": by} for to in ("mean", "last", "season") for by in (1.0, 10.0, 100.0)),
)


@dataclass(frozen=True)
class Regression:
    """What was fitted to one series, its ``centre`` taken off, in units of its ``scale``.

    ``last`` (lags,) are the last values as far back as the farthest lag; ``weights`` (lags,) the coefficients, 0 for
    lags that do not fit the series; ``beside`` (horizon,) the intercept and what covariates add to each step ahead;
    ``errors`` (RECENT,) the last in-sample ones, NaN before the first. ``logarithm``: whether of the values'.
    """

    last: np.ndarray
    weights: np.ndarray
    beside: np.ndarray
    errors: np.ndarray
    centre: float
    scale: float
    logarithm: bool


class LinearAutoregression(DirectForecaster):
    """A ridge regression of each series on few of its own lags and on what is known ahead, forecast recursively.

    The lags are the last steps and the multiples of each season with their neighbours (`lags_for`): all lags up to a
    season would fit noise. Recent steps weigh more. It is fitted anew to the history that is asked about, in about a
    millisecond a series. Held-out windows choose between values and logarithms (of series that are positive
    throughout), between many lags and few, and what coefficients are drawn to, and how strongly: to zero, which makes
    the mean the forecast, or to the last value or the last season again. Intervals are the past one-step errors times
    the growth of a shock along the recursion.

    References
    ----------
    Box, Jenkins (1970), "Time series analysis: forecasting and control", ch. 5, on recursive forecasts and their
    variance; Hoerl, Kennard (1970), "Ridge regression", Technometrics 12(1). Deviations: the seasons choose the lags,
    not a criterion; weights fall by e in `MEMORY` steps; quantiles are those of past errors (`spread`); covariates
    known only as time goes by are not read.
    """

    @property
    def reach(self) -> int:
        """Steps that weigh anything."""
        return READ

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Choose scale, lags and penalty by held-out windows; the default ones stay where there are none."""
        self.chosen = {**DEFAULT, **self.chosen}
        if held is not None:
            for number, others in enumerate(OTHERS):
                context.progress(number / len(OTHERS), "Comparing lags and penalties")
                ways = [self.chosen, *({**self.chosen, **change} for change in others)]
                losses = {at: self._losses(way, held) for at, way in enumerate(ways)}
                self.chosen = ways[settled(losses, held.history.series)]
        context.progress(1.0, "Fitted per series at forecast time")

    def _losses(self, way: dict[str, Any], held: Held) -> np.ndarray:
        """Return the scaled error of each held-out window (m,) when forecast in this way."""
        self.chosen = way
        middle = self.forecast(held.history, held.truth.shape[1])[:, :, MIDDLE]
        return scaled_errors(middle, held.truth, held.history.scales())

    def quantiles(self, panel: Panel, horizon: int) -> np.ndarray:
        """Return quantiles (n, horizon, levels); those of the naive forecast where a regression fails or runs away."""
        self.chosen = {**DEFAULT, **self.chosen}
        lags = lags_for(panel.seasons, self.chosen["few"])
        fitted = [self._fit(panel, at, lags, horizon) for at in range(len(panel))]
        found = _recursive(fitted, lags, horizon)
        for at in range(len(panel)):
            values = panel.of_series(at)
            if not np.isfinite(found[at]).all() or is_wild(found[at][:, MIDDLE], values):
                season = panel.season if len(values) >= panel.season else 1
                found[at] = repeat_season(panel.take([at]), horizon, season)[0]
        return found

    def _fit(self, panel: Panel, at: int, lags: Sequence[int], horizon: int) -> Regression:
        """Return the regression of the series at position ``at``; its coefficients are 0 where it is too short."""
        values = panel.of_series(at)
        logarithm = self.chosen["logarithm"] and bool((values > 0).all())
        values = np.log(values) if logarithm else values
        centre, scale = float(values.mean()), usual_change(values, panel.season)
        own = (values - centre) / scale
        outside, ahead = _covariates(panel, at, horizon)
        beside = outside.shape[1]
        fitting = [place for place, lag in enumerate(lags) if len(own) - lag >= FEWEST * (place + 1 + beside)]
        weights, constant, errors = np.zeros(len(lags)), np.zeros(horizon), np.full(RECENT, np.nan)
        if fitting:
            rows = np.arange(max(lags[place] for place in fitting), len(own))
            x = np.stack([own[rows - lags[place]] for place in fitting], axis=1)
            x, weight = np.concatenate([x, outside[rows]], axis=1), np.exp((rows - len(own)) / MEMORY)
            to = {"last": 1, "season": max(panel.seasons, default=1)}.get(self.chosen["towards"], 0)
            towards = np.array([float(lags[place] == to) for place in fitting] + [0.0] * beside)
            solved, intercept, rest = _ridge(x, own[rows], weight, towards, self.chosen["penalty"])
            weights[fitting] = solved[: len(fitting)]
            constant += intercept + ahead @ solved[len(fitting) :]
            errors[-min(RECENT, len(rest)) :] = rest[-RECENT:]
        last = np.concatenate([np.zeros(max(0, max(lags) - len(own))), own[-max(lags) :]])
        return Regression(last, weights, constant, errors, centre, scale, logarithm)

    def parameters(self) -> int:
        """Return 4, what held-out windows choose: coefficients are fitted to the history that is asked about."""
        return len(DEFAULT)


def lags_for(seasons: Sequence[int], few: bool = False) -> tuple[int, ...]:
    """Return the lags in steps that a series with these seasons is regressed on, nearest first.

    The last three steps beside several seasons, the last five else; each season with the steps before and after, and
    twice the shortest of several; the multiples of the shortest up to one after the longest, or half and quarter of a
    lone one. ``few``: the last three steps, and each season with the step after it.

    Examples
    --------
    >>> lags_for([52])
    (1, 2, 3, 4, 5, 13, 26, 51, 52, 53)
    >>> lags_for([24, 168], few=True)
    (1, 2, 3, 24, 25, 168, 169)
    """
    if few or not seasons:
        near = range(1, 4 if few else 6)
        return tuple(sorted({*near, *seasons, *(season + 1 for season in seasons)}))
    short, far = min(seasons), max(seasons)
    found = set(range(1, 4 if far > short else 6))
    found |= set(range(3 * short, far + short + 1, short)) if far > short else {short // 4, short // 2}
    for middle in {*seasons, *([2 * short] if far > short else [])}:
        found |= {middle - 1, middle, middle + 1}
    return tuple(sorted(found - {0}))


def _covariates(panel: Panel, at: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the known-ahead covariates of a series (length, f) and of the steps ahead (horizon, f), standardised."""
    if panel.future is None or panel.ahead is None:
        return np.zeros((int(panel.lengths[at]), 0)), np.zeros((horizon, 0))
    known = panel.future[panel.starts[at] : panel.starts[at + 1]].astype(float)
    told = np.zeros((horizon, known.shape[1]))
    steps = panel.ahead[at][:horizon]
    told[: len(steps)] = np.nan_to_num(steps)
    centre, size = known.mean(axis=0), known.std(axis=0)
    moving = size > TINY
    return (known - centre)[:, moving] / size[moving], (told - centre)[:, moving] / size[moving]


def _ridge(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, towards: np.ndarray, penalty: float
) -> tuple[np.ndarray, float, np.ndarray]:
    """Return coefficients (p,), intercept, and what is left (m,) of the regression of y (m,) on x (m, p).

    The penalty is on squared differences of the coefficients from ``towards`` (p,).
    """
    total = weight.sum()
    middle, level = weight @ x / total, weight @ y / total
    centred = x - middle
    square = (centred * weight[:, None]).T @ centred + penalty * np.eye(x.shape[1])
    rest = y - level - centred @ towards
    solved = towards + np.linalg.solve(square, centred.T @ (weight * rest))
    intercept = float(level - middle @ solved)
    return solved, intercept, y - intercept - x @ solved


def _recursive(fitted: Sequence[Regression], lags: Sequence[int], horizon: int) -> np.ndarray:
    """Return quantiles (n, horizon, levels) of all series, each step from those before it."""
    most, back = max(lags), -np.array(lags)
    if not fitted:
        return np.zeros((0, horizon, len(CENTRAL)))
    weights, constant = np.stack([one.weights for one in fitted]), np.stack([one.beside for one in fitted])
    steps = np.pad(np.stack([one.last for one in fitted]), ((0, 0), (0, horizon)))  # (n, most + horizon)
    shock = np.zeros_like(steps)  # what becomes of a unit's surprise at the first step
    shock[:, most] = 1.0
    with np.errstate(over="ignore", invalid="ignore"):  # one that grows without bounds is caught by its result
        for step in range(horizon):
            now = most + step
            steps[:, now] = constant[:, step] + (weights * steps[:, now + back]).sum(axis=1)
            shock[:, now] += (weights * shock[:, now + back]).sum(axis=1)
        growth = np.sqrt(np.cumsum(shock[:, most:] ** 2, axis=1))  # (n, horizon)
        away = spread(np.stack([one.errors for one in fitted]))  # (n, levels)
        found = steps[:, most:, None] + growth[:, :, None] * away[:, None, :]
        found *= np.array([one.scale for one in fitted])[:, None, None]
        found += np.array([one.centre for one in fitted])[:, None, None]
        logarithm = np.array([one.logarithm for one in fitted])
        found[logarithm] = np.exp(found[logarithm])
    return found
