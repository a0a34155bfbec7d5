"""Intervals made honest: each quantile's distance from the median is stretched until it held on validation windows.

Conformalised quantile regression (Romano, Patterson and Candès 2019, *Conformalized quantile regression*) moves a
model's quantiles by the empirical quantile of how far truths fell outside of them on rows that the model did not see.

Deviations: the distance of truths from the median is measured in units of the model's own half-width, plus a little of
the series' scale (scores normalised by a local measure of spread, as in Lei et al. 2018, section 5.2), so that one
number serves calm and volatile series. Scores are pooled over series, and each step ahead is drawn towards all steps
together where there are few cases. The theory's promise needs rows that could be swapped for each other; the future
cannot be swapped for the past, so coverage is near the nominal level and not guaranteed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dl_core.evaluate.forecasts import LEVELS, MIDDLE, Cases
from dl_core.evaluate.formulas import divide

METHOD = "split conformal"
FLOOR = 0.02  # of the series' scale, added to each half-width, so that a forecast without spread gets one
DRAW = 50  # cases; with so many, a step's own factor and that of all steps count the same
FEWEST = 20  # scores; with fewer nothing is learned
MOST = 1_000.0  # a factor above this is no calibration any more


def fit_conformal(cases: Cases, scale: np.ndarray) -> dict[str, Any]:
    """Return by how much each quantile's distance from the median must be stretched, as plain JSON.

    Parameters
    ----------
    cases : Cases
        Validation windows (m cases, h steps), which the model did not learn from; truths may be missing.
    scale : numpy.ndarray
        (m,) scale of each case's series.

    Returns
    -------
    dict
        ``method``, ``cases`` (m), ``steps`` (h) and ``factors`` (h, n_levels), 1 at the median. Empty where nothing can
        be learned; `apply_conformal` then leaves forecasts as they are.
    """
    scale = _usable(scale)
    ratio = _ratios(cases.truth, cases.quantiles, scale)  # (m, h, n_levels)
    known = ~np.isnan(ratio[:, :, MIDDLE])
    if known.sum() < FEWEST:
        return {}
    kept = divide(known.sum(axis=0), known.sum(axis=0) + DRAW)  # (h,)
    factors = np.ones((cases.truth.shape[1], len(LEVELS)))
    for at, level in enumerate(LEVELS):
        if at == MIDDLE:
            continue
        part = ratio[:, :, at]
        share = max(level, 1 - level)
        pooled = upper_quantile(part[known], share)
        own = np.array([upper_quantile(part[known[:, step], step], share) for step in range(part.shape[1])])
        factors[:, at] = np.where(kept > 0, kept * np.nan_to_num(own) + (1 - kept) * pooled, pooled)
    factors = np.clip(factors, 0.0, MOST)
    return {"method": METHOD, "cases": len(cases), "steps": len(factors), "factors": factors.round(5).tolist()}


def apply_conformal(quantiles: np.ndarray, scale: np.ndarray, chosen: dict[str, Any]) -> np.ndarray:
    """Return forecasts with their quantiles stretched about the median, in order.

    Parameters
    ----------
    quantiles : numpy.ndarray
        (m, h, n_levels); h may be longer than what was learned, the last step's factors then go on.
    scale : numpy.ndarray
        (m,) scale of each case's series.
    chosen : dict
        What `fit_conformal` returned. Empty leaves forecasts as they are.
    """
    if not chosen:
        return quantiles
    factors = np.array(chosen["factors"], dtype=float)
    factors = factors[np.minimum(np.arange(quantiles.shape[1]), len(factors) - 1)]
    middle = quantiles[:, :, MIDDLE : MIDDLE + 1]
    side = np.sign(np.array(LEVELS) - 0.5)
    reach = _reach(quantiles, _usable(scale))
    moved = middle + side * factors * reach
    moved[:, :, MIDDLE:] = np.maximum.accumulate(moved[:, :, MIDDLE:], axis=2)
    moved[:, :, : MIDDLE + 1] = np.minimum.accumulate(moved[:, :, MIDDLE::-1], axis=2)[:, :, ::-1]
    return moved


def upper_quantile(scores: np.ndarray, share: float) -> float:
    """Return the ⌈(n + 1) share⌉-th smallest of n scores, the largest where that is beyond n; NaN without any."""
    n = len(scores)
    if not n:
        return float("nan")
    place = min(int(np.ceil((n + 1) * share - 1e-9)), n) - 1
    return float(np.partition(scores, place)[place])


def _usable(scale: np.ndarray) -> np.ndarray:
    """Return scales with 0 for unknown ones."""
    return np.nan_to_num(np.asarray(scale, dtype=float))


def _reach(quantiles: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return each quantile's distance from the median plus a little of the scale, (m, h, n_levels); 0 at the median."""
    reach = np.abs(quantiles - quantiles[:, :, MIDDLE : MIDDLE + 1]) + FLOOR * scale[:, None, None]
    reach[:, :, MIDDLE] = 0.0
    return reach


def _ratios(truth: np.ndarray, quantiles: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return how far truths lie on each quantile's side of the median, in units of its reach, (m, h, n_levels)."""
    side = np.sign(np.array(LEVELS) - 0.5)
    reach = _reach(quantiles, scale)
    away = side * (truth[:, :, None] - quantiles[:, :, MIDDLE : MIDDLE + 1])
    found = np.divide(away, reach, out=np.zeros_like(away), where=reach > 0)
    return np.where(np.isnan(truth)[:, :, None], np.nan, found)
