"""How a window is brought to a common size before a network sees it, and how a forecast is brought back.

The same formulas run in NumPy, for training and forecasting, and in Keras, for graphs whose gradients are those of the
forecast in the series' own unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np

POSITIVE = 0.01  # logarithms are taken where the smallest value of a window is above this share of its mean
FLOOR = 1e-4  # least size of a window: this share of its mean value, or of a factor where logarithms are taken
LEAST = 1e-12
FAR = 100.0  # scaled values beyond this are cut
FACTOR = 5.0  # a forecast moves by at most the factor exp(FACTOR) where logarithms are taken


class Reference(NamedTuple):
    """What a window was scaled by.

    ``base`` (b, 1) or (b, horizon) stands for a forecast of 0, ``size`` (b, 1) for a step of 1, and ``positive``
    (b, 1) says where logarithms were taken.
    """

    base: Any
    size: Any
    positive: Any


@dataclass(frozen=True)
class Scaling:
    """One way to scale windows; all are indifferent to the unit of a series.

    Parameters
    ----------
    centre : str
        What becomes 0 in a window: its ``"last"`` value, its ``"mean"``, or ``"zero"`` itself.
    size : str
        What becomes 1: the mean absolute ``"change"`` from step to step, the same over ``lag`` steps (``"lagged"``),
        the standard deviation (``"spread"``) or the mean absolute value (``"level"``).
    log : bool
        Take logarithms of windows that are clearly positive, so that changes are ratios.
    lag : int
        Above 0, a forecast of 0 is the value ``lag`` steps before (the season before); else it is the centre.
    span : int
        Steps at the window's end that mean and level are taken over; 0 for all.
    """

    centre: str = "last"
    size: str = "change"
    log: bool = True
    lag: int = 0
    span: int = 0

    def apply(self, window: Any, horizon: int, xp: Any = np) -> tuple[Any, Reference]:
        """Return scaled windows (b, length) and what they were scaled by.

        Parameters
        ----------
        window : array
            (b, length) in the series' unit, without missing values.
        horizon : int
        xp : module
            `numpy` or `keras.ops`.
        """
        mean = xp.mean(xp.abs(window), axis=1, keepdims=True)  # (b, 1)
        positive = xp.min(window, axis=1, keepdims=True) > POSITIVE * mean + LEAST
        positive = positive if self.log else xp.logical_and(positive, False)
        values = xp.where(positive, xp.log(xp.where(positive, window, 1.0)), window)
        recent = values[:, -self.span :] if self.span else values
        centre = values[:, -1:] if self.centre == "last" else xp.mean(recent, axis=1, keepdims=True)
        centre = centre * 0.0 if self.centre == "zero" else centre
        size = xp.where(positive, xp.maximum(self._size(values, recent, xp), FLOOR), 1.0)
        plain = xp.maximum(xp.maximum(self._size(values, recent, xp), FLOOR * mean), LEAST)
        size = xp.where(positive, size, plain)
        base = centre
        if 0 < self.lag <= window.shape[1]:
            base = xp.take(values, window.shape[1] - self.lag + np.arange(horizon) % self.lag, axis=1)  # (b, h)
        return xp.clip((values - centre) / size, -FAR, FAR), Reference(base, size, positive)

    def target(self, truth: np.ndarray, reference: Reference) -> np.ndarray:
        """Return truths (b, horizon) in the scaled unit; NaN stays, and so does nothing that has no logarithm."""
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = np.log(np.where(truth > 0, truth, np.nan))
        values = np.where(reference.positive, logs, truth)
        low = np.where(reference.positive & (truth <= 0), -FAR, np.nan)  # a fall to nothing is a far fall
        scaled = np.clip((values - reference.base) / reference.size, -FAR, FAR)
        return np.where(np.isnan(low), scaled, low)

    def back(self, scaled: Any, reference: Reference, xp: Any = np) -> Any:
        """Return forecasts (b, horizon, levels) in the series' unit."""
        base, size, positive = (part[:, :, None] for part in reference)
        moved = scaled * size
        ratio = xp.exp(xp.where(positive, base + xp.clip(moved, -FACTOR, FACTOR), 0.0))
        return xp.where(positive, ratio, base + moved)

    def _size(self, values: Any, recent: Any, xp: Any) -> Any:
        if self.size == "level":
            return xp.mean(xp.abs(recent), axis=1, keepdims=True)
        if self.size == "spread":
            return xp.std(recent, axis=1, keepdims=True)
        step = self.lag if self.size == "lagged" and 0 < self.lag < values.shape[1] else 1
        change = xp.abs(values[:, step:] - values[:, :-step])
        seen = xp.cumsum(change, axis=1) > 0  # the constant stretch that fills a short series up does not count
        count = xp.sum(xp.where(seen, 1.0, 0.0), axis=1, keepdims=True)
        return xp.sum(change, axis=1, keepdims=True) / xp.maximum(count, 1.0)


class ScaledWindow(keras.layers.Layer):
    """Scale windows (b, length) inside a graph; returns the scaled window and the three parts of its reference."""

    def __init__(self, scaling: Scaling, horizon: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scaling, self.horizon = scaling, horizon

    def call(self, window: Any) -> list[Any]:
        """Return scaled (b, length), base (b, 1 or horizon), size (b, 1), positive (b, 1) bool."""
        scaled, reference = self.scaling.apply(window, self.horizon, keras.ops)
        return [scaled, *reference]


class UnscaledForecast(keras.layers.Layer):
    """Bring forecasts (b, horizon, levels) back into the series' unit inside a graph."""

    def __init__(self, scaling: Scaling, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scaling = scaling

    def call(self, inputs: list[Any]) -> Any:
        """Return (b, horizon, levels) from the scaled forecast and the three parts of the reference."""
        scaled, base, size, positive = inputs
        return self.scaling.back(scaled, Reference(base, size, positive), keras.ops)
