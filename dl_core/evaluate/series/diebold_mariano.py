"""Are two forecasters of one series alike? The Diebold-Mariano test, corrected for few forecasts.

Diebold and Mariano (1995), *Comparing predictive accuracy*, look at the differences of two forecasters' losses over
time; errors of forecasts h steps ahead are related over h − 1 steps, so the variance of the mean must count that.
Harvey, Leybourne and Newbold (1997) shrink the statistic for few forecasts and take Student's t instead of the normal.

Deviations: the differences are those of all steps ahead of all windows, in order of time, rather than of one step; the
variance has Bartlett's weights over h − 1 lags (Newey and West 1987), so that it cannot be negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tested:
    """What the test says of the mean of differences: ``mean``, its 95 % interval, ``p`` and ``n`` differences.

    ``low``, ``high`` are NaN and ``p`` is 1 where so few differences tell nothing.
    """

    mean: float
    low: float
    high: float
    p: float
    n: int


def diebold_mariano(differences: np.ndarray, horizon: int, level: float = 0.95, mean: float | None = None) -> Tested:
    """Test whether the mean of loss differences is 0.

    Parameters
    ----------
    differences : numpy.ndarray
        (n,) in order of time, NaN where one is missing; positive where one forecaster is better.
    horizon : int
        Steps ahead of the longest forecast; differences nearer than that are related.
    level : float
        Of the interval, mean ± t · standard error, which leaves out 0 exactly where p is under 1 − level.
    mean : float or None
        To be tested in place of the mean of the differences, where these only tell its variance.
    """
    from scipy.stats import t

    known = differences[~np.isnan(differences)]
    n = len(known)
    if not n:
        return Tested(math.nan, math.nan, math.nan, 1.0, 0)
    mean = float(known.mean()) if mean is None else mean
    shrink = correction(n, horizon)
    error = math.sqrt(long_run_variance(known, horizon - 1) / n)
    if n < 2 or shrink <= 0:
        return Tested(mean, math.nan, math.nan, 1.0, n)
    if error == 0:
        return Tested(mean, mean, mean, 0.0 if mean else 1.0, n)
    statistic = shrink * mean / error
    reach = float(t.ppf((1 + level) / 2, n - 1)) * error / shrink
    return Tested(mean, mean - reach, mean + reach, float(2 * t.sf(abs(statistic), n - 1)), n)


def correction(n: int, horizon: int) -> float:
    """Return the factor of Harvey, Leybourne and Newbold for ``n`` forecasts; 0 where there are too few."""
    square = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    return math.sqrt(square) if square > 1e-9 else 0.0


def long_run_variance(values: np.ndarray, lags: int) -> float:
    """Return the variance of ``values`` (n,) plus twice their weighted autocovariances up to ``lags`` (Bartlett)."""
    centred = values - values.mean()
    n, lags = len(values), min(lags, len(values) - 1)
    found = float(centred @ centred) / n
    for lag in range(1, lags + 1):
        found += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / n
    return max(found, 0.0)
