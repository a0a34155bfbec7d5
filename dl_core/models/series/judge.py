"""How networks of forecasting are judged on held windows, and how they answer in blocks of few shapes."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from dl_core.data.series.gaps import TINY

BLOCKS = (1, 32, 256, 1024)  # windows forecast at once: few shapes, filled up


def mean_scaled_error(middle: np.ndarray, truth: np.ndarray, sizes: np.ndarray) -> float:
    """Return the mean over cases of the mean absolute error of (m, h) forecasts in units of ``sizes`` (m,)."""
    error = np.abs(middle - truth) / np.maximum(sizes, TINY)[:, None]
    seen = ~np.isnan(error)
    count = seen.sum(axis=1)
    means = np.where(seen, error, 0.0).sum(axis=1) / np.maximum(count, 1)
    return float(means[count > 0].mean()) if (count > 0).any() else float("nan")


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
