"""How networks of forecasting are judged on held windows, and how they answer in blocks of few shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import keras
import numpy as np

from dl_core.data.series.gaps import TINY
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.series.base import Held

if TYPE_CHECKING:
    from dl_core.models.series.network import NetworkForecaster

BLOCKS = (1, 32, 256, 1024)  # windows forecast at once: few shapes, filled up


class HeldJudge:
    """The mean absolute scaled error of held windows' medians, as the network stands."""

    def __init__(self, model: NetworkForecaster, network: keras.Model, held: Held) -> None:
        self.model, self.network, self.truth = model, network, held.truth
        self.sizes = held.history.scales()
        panel = held.history.until(
            np.arange(len(held.history)), held.history.lengths, most=model.shape.length, keep_ahead=True
        ).filled()
        inputs = model.inputs(panel)
        scaled, self.reference = model.settings.scaling.apply(inputs["window"], model.horizon)
        self.inputs = {**inputs, "window": scaled}

    def __call__(self) -> dict[str, float]:
        found = predict_blocks(self.network, self.inputs).astype(float)
        middle = self.model.settings.scaling.back(found, self.reference)[:, :, MIDDLE]
        return {"val_mase": mean_scaled_error(middle, self.truth, self.sizes)}


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
