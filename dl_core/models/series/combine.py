"""How several forecasters are put together: weights picked on held windows, drawn towards equal ones."""

from __future__ import annotations

import numpy as np

from dl_core.models.series.judge import mean_scaled_error

ROUNDS = 20  # picks of forward selection
PICKED = 0.3  # share of the picked weights; the rest is equal, as few windows choose by chance
TAUGHT = 1 / 3  # share that members taught on other series have of the equal weights
NEAR = 1.06  # members whose error is within this factor of the best take part in the equal share


def pick_weights(
    middles: np.ndarray, truth: np.ndarray, sizes: np.ndarray, taught: np.ndarray | None = None
) -> np.ndarray:
    """Return weights (members,) that sum to 1, by forward selection with repeats, drawn towards equal ones.

    Caruana et al. 2004, "Ensemble selection from libraries of models". Deviations: selection starts from nothing, and
    the picked weights are averaged with equal ones among members that are not clearly worse than the best.

    Parameters
    ----------
    middles : numpy.ndarray
        (members, m, h) central forecasts of held windows.
    truth : numpy.ndarray
        (m, h), NaN where missing.
    sizes : numpy.ndarray
        (m,) what errors are divided by.
    taught : numpy.ndarray or None
        (members,) bool: which were taught on other series before. They err in other ways than those that know this
        panel only, so together they have a share of their own (`TAUGHT`) of the equal weights, however few they are.
    """
    alone = np.array([mean_scaled_error(one, truth, sizes) for one in middles])
    if not np.isfinite(alone).all():
        return np.full(len(middles), 1 / len(middles))
    near = alone <= NEAR * alone.min()
    counts, total = np.zeros(len(middles)), np.zeros(middles.shape[1:])
    for taken in range(ROUNDS):
        errors = [mean_scaled_error((total + one) / (taken + 1), truth, sizes) for one in middles]
        best = int(np.argmin(errors))
        counts[best] += 1
        total = total + middles[best]
    equal = _equal(near, np.zeros(len(near), dtype=bool) if taught is None else taught)
    return PICKED * counts / counts.sum() + (1 - PICKED) * equal


def _equal(near: np.ndarray, taught: np.ndarray) -> np.ndarray:
    """Return equal weights of the members that are near the best, those taught before with a share of their own."""
    parts = [(near & taught, TAUGHT), (near & ~taught, 1 - TAUGHT)]
    there = [(members, share) for members, share in parts if members.any()]
    total = sum(share for _, share in there)
    return sum(members / members.sum() * share / total for members, share in there)
