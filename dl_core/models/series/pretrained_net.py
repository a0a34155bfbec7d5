"""The network of the pretrained forecaster: a mixture of simple forecasts, a correction, and quantiles around it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.series.pretrained_features import CANDIDATES, PLACE, SERIES, STEPS, Reading, read_windows

CLIPPED = 60.0  # spreads: learning looks no further, so that one wild series does not drown the others


@dataclass(frozen=True)
class NetSize:
    """How large the network is: numbers read of a series, of a step, simple forecasts, width and residual blocks."""

    series: int
    steps: int
    candidates: int
    width: int = 192
    blocks: int = 3

    def as_dict(self) -> dict[str, int]:
        """Return plain JSON."""
        return asdict(self)


def build_network(size: NetSize) -> keras.Model:
    """Return the network: what was read of each series and step ahead -> quantiles (n, h, levels), scaled.

    Each step ahead is a row of its own, so that any horizon works. The median is a convex combination of simple
    forecasts plus a correction; the other quantiles lie around it in order.
    """
    series = keras.Input((size.series,), name=SERIES)
    steps = keras.Input((None, size.steps), name=STEPS)
    candidates = keras.Input((None, size.candidates), name=CANDIDATES)
    whole = keras.layers.Dense(size.width, kernel_initializer="he_normal", name="of_series")(series)
    x = keras.layers.Dense(size.width, kernel_initializer="he_normal", name="of_steps")(steps)
    x = keras.layers.Activation("silu")(x + ops.expand_dims(whole, 1))  # (n, h, width)
    for number in range(size.blocks):
        inner = keras.layers.LayerNormalization(name=f"even{number}")(x)
        inner = keras.layers.Dense(size.width, "silu", kernel_initializer="he_normal", name=f"wide{number}")(inner)
        x = x + keras.layers.Dense(size.width, kernel_initializer="zeros", name=f"back{number}")(inner)
    x = keras.layers.LayerNormalization(name="even")(x)
    shares = keras.layers.Dense(size.candidates, "softmax", name="shares")(x)
    middle = ops.sum(shares * candidates, axis=-1, keepdims=True)
    middle = middle + keras.layers.Dense(1, kernel_initializer="zeros", name="correction")(x)
    gaps = keras.layers.Dense(len(LEVELS), name="gaps")(x)
    return keras.Model([series, steps, candidates], Around(name="quantiles")([middle, gaps]), name="pretrained")


class Around(keras.layers.Layer):
    """Turn a median (n, h, 1) and gaps (n, h, levels) into rising quantiles; one of the gaps is the common width."""

    def call(self, inputs: list[Any]) -> Any:
        """Return quantiles (n, h, levels)."""
        middle, gaps = inputs
        width = ops.exp(ops.clip(gaps[..., MIDDLE : MIDDLE + 1], -6.0, 6.0))
        below = ops.softplus(gaps[..., :MIDDLE] - 1.5) * width  # from the lowest level up to the median
        above = ops.softplus(gaps[..., MIDDLE + 1 :] - 1.5) * width
        down = ops.flip(ops.cumsum(ops.flip(below, -1), axis=-1), -1)
        return ops.concatenate([middle - down, middle, middle + ops.cumsum(above, axis=-1)], axis=-1)


class ReadWindow(keras.layers.Layer):
    """`read_windows` as a layer without weights: from a window (n, length) to what the network reads of it."""

    def __init__(self, reading: Reading, horizon: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reading, self.horizon = reading, horizon

    def call(self, window: Any) -> dict[str, Any]:
        """Return the parts by name."""
        return read_windows(window, self.reading, np.arange(1, self.horizon + 1), ops)


def window_graph(network: keras.Model, reading: Reading, horizon: int) -> keras.Model:
    """Return the graph from ``window`` (n, length) to quantiles (n, horizon, levels), both in the series' unit."""
    window = keras.Input((reading.length,), name="window")
    read = ReadWindow(reading, horizon, name="read")(window)
    scaled = network([read[SERIES], read[STEPS], read[CANDIDATES]])
    anchor, scale = read[PLACE][:, None, :1], read[PLACE][:, None, 1:]
    # the smaller summand first: Keras on TensorFlow may take the second for a bias where shapes meet by chance
    return keras.Model({"window": window}, anchor + scaled * scale, name="pretrained_forecast")


def quantile_loss(y_true: Any, y_pred: Any) -> Any:
    """Return twice the mean pinball loss over levels, (n, h): for the median alone it is the absolute error."""
    levels = np.asarray(LEVELS, dtype=np.float32)
    apart = y_true[..., None] - y_pred
    return 2.0 * ops.mean(ops.maximum(levels * apart, (levels - 1.0) * apart), axis=-1)


def scaled_truth(truth: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return truths (n, h) in the scaled unit, clipped to what learning looks at."""
    return np.clip((truth - place[:, :1]) / place[:, 1:], -CLIPPED, CLIPPED).astype(np.float32)
