"""How several forecasters are put together: weights picked on held windows, drawn towards equal ones."""

from __future__ import annotations

import numpy as np

from dl_core.models.series.judge import mean_scaled_error

ROUNDS = 20  # picks of forward selection
PICKED = 0.15  # share of the picked weights; few windows choose by chance, and equal weights are hard to beat
NEAR = 1.1  # members whose error is within this factor of the best take part in the equal share


def pick_weights(middles: np.ndarray, truth: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return weights (members,) that sum to 1, by forward selection with repeats, drawn towards equal ones.

    Caruana et al. 2004, "Ensemble selection from libraries of models"; Smith and Wallis 2009, "A simple explanation of
    the forecast combination puzzle", on why equal weights are hard to beat. Deviations: selection starts from nothing,
    and the picked weights are averaged with equal ones among members that are not clearly worse than the best.

    Parameters
    ----------
    middles : numpy.ndarray
        (members, m, h) central forecasts of held windows.
    truth : numpy.ndarray
        (m, h), NaN where missing.
    sizes : numpy.ndarray
        (m,) what errors are divided by.
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
    equal = near / near.sum()
    return PICKED * counts / counts.sum() + (1 - PICKED) * equal
