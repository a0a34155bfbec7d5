"""Intervals made honest: each quantile's distance from the median is stretched until it held on validation windows.

Conformalised quantile regression (Romano, Patterson and Candès 2019, *Conformalized quantile regression*) moves a
model's quantiles by the empirical quantile of how far truths fell outside of them on rows that the model did not see.

Deviations: the distance of truths from the median is measured in units of the model's own half-width, plus a little of
the series' scale (scores normalised by a local measure of spread, as in Lei et al. 2018, section 5.2), so that one
number serves calm and volatile series. Scores are pooled over series; where there are few cases each step ahead is
drawn towards all steps together, and each side of the median towards both sides together. The theory's promise needs
rows that could be swapped for each other; the future cannot be swapped for the past, so coverage is near the nominal
level and not guaranteed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE, Cases

METHOD = "split conformal"
FLOOR = 0.02  # of the series' scale, added to each half-width, so that a forecast without spread gets one
DRAW = 50  # cases; with so many, what a step alone says and what all steps say count the same
NEAR = 2  # steps before and after that speak for a step
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
    factors = np.ones((cases.truth.shape[1], len(LEVELS)))
    for at, level in enumerate(LEVELS[:MIDDLE]):
        other = len(LEVELS) - 1 - at
        both = np.maximum(ratio[:, :, at], ratio[:, :, other])
        for place in (at, other):
            factors[:, place] = _factors(ratio[:, :, place], both, level)
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
        What `fit_conformal` or `adaptive.rolling_conformal` returned. Empty leaves forecasts as they are.
    """
    if not chosen:
        return quantiles
    factors = np.array(chosen["factors"], dtype=float) * np.exp(chosen.get("stretch", 0.0))
    factors = factors[np.minimum(np.arange(quantiles.shape[1]), len(factors) - 1)]
    middle = quantiles[:, :, MIDDLE : MIDDLE + 1]
    side = np.sign(np.array(LEVELS) - 0.5)
    reach = _reach(quantiles, _usable(scale))
    moved = middle + side * factors * reach
    moved[:, :, MIDDLE:] = np.maximum.accumulate(moved[:, :, MIDDLE:], axis=2)
    moved[:, :, : MIDDLE + 1] = np.minimum.accumulate(moved[:, :, MIDDLE::-1], axis=2)[:, :, ::-1]
    return moved


def floored(quantiles: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Return quantiles (m, h, levels) that do not fall below 0 where the series (m,) never did."""
    return np.where(positive[:, None, None], np.maximum(quantiles, 0.0), quantiles)


def _factors(own: np.ndarray, both: np.ndarray, level: float) -> np.ndarray:
    """Return the factor of each step (h,) for the quantile that ``level`` of truths may lie beyond.

    Parameters
    ----------
    own, both : numpy.ndarray
        (m, h) ratios on the quantile's own side, and the larger one of the two sides.

    Returns
    -------
    numpy.ndarray
        What holds this side, drawn towards what holds both sides together, and each step towards all steps: by how many
        cases there are, as steps of one case are no independent witnesses.
    """
    known = ~np.isnan(own)
    cases = int(known.any(axis=1).sum())
    kept = cases / (cases + DRAW)
    sides = (own, 1 - level), (both, 1 - 2 * level)
    pooled = [upper_quantile(scores[known], share) for scores, share in sides]
    found = np.empty(own.shape[1])
    for step in range(len(found)):
        near = slice(max(0, step - NEAR), step + NEAR + 1)
        here = [upper_quantile(scores[:, near][known[:, near]], share) for scores, share in sides]
        drawn = [kept * (b if np.isnan(a) else a) + (1 - kept) * b for a, b in zip(here, pooled, strict=True)]
        found[step] = kept * drawn[0] + (1 - kept) * drawn[1]
    return found


def upper_quantile(scores: np.ndarray, share: float) -> float:
    """Return the ⌈(n + 1) share⌉-th smallest of n scores, the largest where that is beyond n; NaN without any.

    >>> upper_quantile(np.array([3.0, 1.0, 4.0, 2.0]), 0.75), upper_quantile(np.array([1.0, 2.0]), 0.9)
    (4.0, 2.0)
    """
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
