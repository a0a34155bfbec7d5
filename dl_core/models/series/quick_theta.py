"""The Theta method for many series at once, in milliseconds: what slower methods fall back to."""

from __future__ import annotations

import numpy as np

from dl_core.models.series.direct import spread

ALPHAS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])


def quick_theta(values: np.ndarray, horizon: int) -> np.ndarray:
    """Return quantiles (n, horizon, levels) of the standard Theta method.

    Simple exponential smoothing with a drift of half the slope of the straight line through the series; the smoothing
    constant is the one of `ALPHAS` with the smallest one-step error.

    Parameters
    ----------
    values : numpy.ndarray
        (n, t) without a season; NaN before a series' start. Each row has at least one value, the last.
    horizon : int
        Steps ahead.

    References
    ----------
    Assimakopoulos, Nikolopoulos (2000), "The theta model", IJF 16(4); Hyndman, Billah (2003), "Unmasking the Theta
    method", IJF 19(2), whose form this is. Deviation: a grid for the smoothing constant, quantiles from past errors.
    """
    count = (~np.isnan(values)).sum(axis=1)
    half = slopes(values) / 2
    levels, squares = _smooth(values, np.broadcast_to(ALPHAS, (len(values), len(ALPHAS))), half)[:2]
    best = np.argmin(squares, axis=1)
    alpha = ALPHAS[best]
    level, _, errors = _smooth(values, alpha[:, None], half)
    ahead = np.arange(1, horizon + 1)
    lag = (1 - (1 - alpha) ** count) / alpha  # the drift that smoothing had not caught up with
    middle = level[:, :1] + half[:, None] * (ahead[None, :] - 1 + lag[:, None])
    growth = np.sqrt(1 + (ahead[None, :] - 1) * (alpha**2)[:, None])
    return middle[:, :, None] + growth[:, :, None] * spread(errors)[:, None, :]


def slopes(values: np.ndarray) -> np.ndarray:
    """Return the slope per step of the straight line through each row's known values, (n,); 0 for a single one."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=1), 1)
    step = np.arange(values.shape[1])[None, :] * known
    away = (step - (step.sum(axis=1) / count)[:, None]) * known
    power = (away**2).sum(axis=1)
    return (away * np.nan_to_num(values)).sum(axis=1) / np.where(power > 0, power, 1.0)


def _smooth(values: np.ndarray, alpha: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smooth each row by each of its constants alpha (n, a), with the drift ``half`` (n,) that smoothing lags behind.

    Returns the last levels (n, a), the summed squares of one-step errors (n, a), and the errors of the first constant
    (n, t), NaN where there is none.
    """
    n, t = values.shape
    known = ~np.isnan(values)
    level, squares = np.zeros(alpha.shape), np.zeros(alpha.shape)
    begun, errors = np.zeros(n, dtype=bool), np.full((n, t), np.nan)
    lag = np.ones(alpha.shape)  # (1 - (1 - alpha)^k) / alpha after k values
    for at in range(t):
        now, new = known[:, at], known[:, at] & ~begun
        both = (now & begun)[:, None]
        away = np.where(both, np.nan_to_num(values[:, at])[:, None] - level - half[:, None] * lag, 0.0)
        errors[:, at] = np.where(both[:, 0], away[:, 0], np.nan)
        squares += away**2
        # the level follows the values themselves; the drift is only part of the forecast
        level = np.where(both, level + alpha * (values[:, at : at + 1] - level), level)
        level = np.where(new[:, None], values[:, at : at + 1], level)
        lag = np.where(both, 1 + (1 - alpha) * lag, lag)
        begun |= now
    return level, squares, errors
