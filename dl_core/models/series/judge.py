"""How networks of forecasting are judged and weighed on held windows, and how they answer in blocks of few shapes."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

BLOCKS = (1, 32, 256, 1024)  # windows forecast at once: few shapes, filled up
ROUNDS = 20  # picks of forward selection
PICKED = 0.15  # share of the picked weights; few windows choose by chance, and equal weights are hard to beat
NEAR = 1.1  # members whose error is within this factor of the best take part in the equal share


def mean_scaled_error(middle: np.ndarray, truth: np.ndarray, sizes: np.ndarray) -> float:
    """Return the mean of `scaled_errors` over the cases that have one; NaN where none has."""
    errors = scaled_errors(middle, truth, sizes)
    known = errors[~np.isnan(errors)]
    return float(known.mean()) if len(known) else float("nan")


def scaled_errors(middle: np.ndarray, truth: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the mean absolute error of (m, h) forecasts in units of ``sizes`` (m,), NaN where all truth is missing."""
    error = np.abs(middle - truth) / np.where(sizes > 0, sizes, 1.0)[:, None]
    seen = ~np.isnan(error)
    count = seen.sum(axis=1)
    return np.where(count > 0, np.where(seen, error, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


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


def predict_blocks(network: keras.Model, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the network's output for (n, …) inputs, float32, in blocks of few shapes."""
    count = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, count, BLOCKS[-1]):
        rows = min(BLOCKS[-1], count - start)
        size = next(block for block in BLOCKS if block >= rows)
        padded = {}
        for name, values in inputs.items():
            block = np.zeros((size, *values.shape[1:]), dtype=np.float32)
            block[:rows] = values[start : start + rows]
            padded[name] = block
        parts.append(np.asarray(network.predict_on_batch(padded))[:rows])
    return np.concatenate(parts) if parts else np.zeros((0, *network.output_shape[1:]), dtype=np.float32)
