"""Losses of forecasts step by step: plain functions from truths and quantiles to arrays, NaN where a truth is missing.

Shapes: m cases (a window of a series), h steps ahead, the levels of `LEVELS`. Errors are forecast minus truth, so that
a positive one is an over-forecast.
"""

from __future__ import annotations

import numpy as np

from dl_core.evaluate.series.forecasts import LEVELS, level_at


def absolute(truth: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return |f − y| (m, h) in the series' unit."""
    return np.abs(middle - truth)


def symmetric_percentage(truth: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return 200 |y − f| / (|y| + |f|), (m, h) in per cent, 0 where both are 0 (M4's sMAPE, Makridakis 2020).

    >>> symmetric_percentage(np.array([[3.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]])).tolist()
    [[100.0, 0.0, 200.0]]
    """
    size = np.abs(truth) + np.abs(middle)
    share = np.divide(200 * np.abs(truth - middle), size, out=np.zeros(truth.shape), where=size > 0)
    return np.where(np.isnan(truth), np.nan, share)


def pinball(truth: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return twice the pinball loss (m, h, levels), at the median the absolute error (Koenker and Bassett 1978)."""
    gap = truth[:, :, None] - quantiles
    level = np.array(LEVELS)
    return 2 * np.maximum(level * gap, (level - 1) * gap)


def quantile_loss(truth: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return the mean over the levels of twice the pinball loss, (m, h) in the series' unit."""
    return pinball(truth, quantiles).mean(axis=2)


def level_widths() -> np.ndarray:
    """Return how much of 0…1 each level stands for: up to half way to its neighbours; the outer ones to the ends."""
    edges = np.concatenate([[0.0], (np.array(LEVELS[1:]) + np.array(LEVELS[:-1])) / 2, [1.0]])
    return np.diff(edges)


def crps(truth: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return the continuous ranked probability score (m, h) in the series' unit, from its quantiles.

    The score is twice the pinball loss, integrated over all levels (Gneiting and Ranjan 2011); the integral is a sum in
    which each level stands for the levels about it (`level_widths`). For a forecast without spread it is the absolute
    error. Levels beyond 2.5 and 97.5 % count like these, so that tails further out are not judged.
    """
    return pinball(truth, quantiles) @ level_widths()


def interval_ends(quantiles: np.ndarray, percent: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper end (m, h) of the central interval of ``percent`` per cent."""
    low, high = level_at([round((100 - percent) / 200, 4), round((100 + percent) / 200, 4)])
    return quantiles[:, :, low], quantiles[:, :, high]


def inside(truth: np.ndarray, quantiles: np.ndarray, percent: int) -> np.ndarray:
    """Return 1 where the truth lies in the central interval of ``percent`` per cent, else 0, (m, h); ends count."""
    low, high = interval_ends(quantiles, percent)
    return np.where(np.isnan(truth), np.nan, (truth >= low) & (truth <= high))


def width(truth: np.ndarray, quantiles: np.ndarray, percent: int) -> np.ndarray:
    """Return the width (m, h) of the central interval of ``percent`` per cent where there is a truth."""
    low, high = interval_ends(quantiles, percent)
    return np.where(np.isnan(truth), np.nan, high - low)


def below(truth: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return 1 where the truth lies at or under each quantile, else 0, (m, h, levels); half where it is a tie of many.

    A truth that equals several quantiles (zeros of a series that often is 0) counts as a half.
    """
    gap = truth[:, :, None] - quantiles
    found = np.where(gap < 0, 1.0, np.where(gap == 0, 0.5, 0.0))
    return np.where(np.isnan(gap), np.nan, found)
