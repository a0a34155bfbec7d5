"""Parts that several forecasting networks share: effects of covariates, a linear path, segments, quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import keras
import numpy as np
from keras import ops

EFFECT_WIDTH = 16  # units of the small network that turns covariates of one step into an effect
START = 0.5  # spread of the quantiles before any training, in the scaled unit


def history(inputs: dict[str, Any], window: Any, length: int) -> Any:
    """Return what is known of each step of the window, (b, L, 1 + p + f): its value and its covariates."""
    parts = [window[:, :, None]]
    parts += [inputs["past"]] if "past" in inputs else []
    parts += [inputs["future"][:, :length]] if "future" in inputs else []
    return keras.layers.Concatenate(name="history")(parts) if len(parts) > 1 else parts[0]


def without_effects(inputs: dict[str, Any], length: int) -> tuple[Any, Any | None]:
    """Return the window (b, L) less what known-ahead covariates explain of it, and what they add ahead, (b, h).

    One small network turns the covariates of a step into an effect, the same one for every step: regression with a
    forecast of what is left, as in ARIMAX, with both learned at once. Without such covariates the window is returned.
    """
    if "future" not in inputs:
        return inputs["window"], None
    small = keras.initializers.RandomNormal(stddev=0.02)  # plain forecasts first, effects as they are learned
    hidden = keras.layers.Dense(EFFECT_WIDTH, activation="gelu", name="effect_hidden")(inputs["future"])
    effect = keras.layers.Dense(1, use_bias=False, kernel_initializer=small, name="effect")(hidden)[:, :, 0]
    return inputs["window"] - effect[:, :length], effect[:, length:]


def past_effect(inputs: dict[str, Any], horizon: int) -> Any | None:
    """Return what covariates of the past alone say about the steps ahead, (b, h), or None where there are none.

    They are first mixed into one number a step, then a linear layer reads that number's whole window.
    """
    if "past" not in inputs:
        return None
    small = keras.initializers.RandomNormal(stddev=0.02)
    mixed = keras.layers.Dense(1, use_bias=False, name="past_mixed")(inputs["past"])[:, :, 0]
    return keras.layers.Dense(horizon, use_bias=False, kernel_initializer=small, name="past_effect")(mixed)


def linear_path(centred: Any, horizon: int) -> Any:
    """Return a linear forecast (b, h) of a window (b, L) less its level, which a network stands beside.

    Lai et al. 2018 ("LSTNet") put such an autoregressive part beside a recurrent network, which finds the season's
    shape slowly by itself. It starts as a forecast of no change.
    """
    return keras.layers.Dense(horizon, use_bias=False, kernel_initializer="zeros", name="linear_path")(centred)


def put_on(level: Any, forecast: Any) -> Any:
    """Return a forecast (b, h) or (b, h, n_levels) raised by a level that is the same along its last axis.

    The level stands first on purpose: as the second summand, Keras on TensorFlow (`keras.ops.add`, 3.7 and later) takes
    a level (b, 1) for a bias where there happen to be as many cases as steps, and adds it along the wrong axis.
    """
    return level + forecast


def sum_of(parts: Sequence[Any | None]) -> Any:
    """Return the sum of those parts that are there."""
    there = [part for part in parts if part is not None]
    return keras.layers.Add()(there) if len(there) > 1 else there[0]


def segment_size(length: int, most: int) -> int:
    """Return how many steps form a segment so that a window has at most ``most`` of them."""
    return max(1, -(-length // most))


class Segments(keras.layers.Layer):
    """Cuts steps into segments: (b, T, c) to (b, ceil(T / size), size * c).

    Parameters
    ----------
    size : int
        Steps of a segment.
    at_end : bool
        Whether zeros that fill the last segment stand at the end, rather than before the first step.
    """

    def __init__(self, size: int, at_end: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.size, self.at_end = size, at_end

    def call(self, x: Any) -> Any:
        """Return the segments of x (b, T, c)."""
        steps, channels = x.shape[1], x.shape[2]
        more = -steps % self.size
        if more:
            x = ops.pad(x, [[0, 0], [0, more] if self.at_end else [more, 0], [0, 0]])
        return ops.reshape(x, (-1, (steps + more) // self.size, self.size * channels))


class StepVectors(keras.layers.Layer):
    """Learned vectors of the steps ahead, the same for every case: of x (b, k) only the number of cases is read.

    Parameters
    ----------
    steps, size : int
        Vectors, and numbers in each.
    """

    def __init__(self, steps: int, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.steps, self.size = steps, size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the vectors (steps, size)."""
        small = keras.initializers.RandomNormal(stddev=0.1)
        self.vectors = self.add_weight(shape=(self.steps, self.size), initializer=small, name="vectors")

    def call(self, x: Any) -> Any:
        """Return the vectors once for each case, (b, steps, size)."""
        return ops.zeros_like(x[:, :1, None]) + self.vectors[None]


class NormalSpread(keras.initializers.Initializer):
    """Starts biases at the quantiles of a normal distribution, for as many steps as there is room for.

    Parameters
    ----------
    levels : sequence of float
    """

    def __init__(self, levels: Sequence[float]) -> None:
        self.levels = tuple(float(level) for level in levels)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> Any:
        """Return biases (steps * n_levels,)."""
        normal = [START * NormalDist().inv_cdf(level) for level in self.levels]
        return ops.convert_to_tensor(np.tile(normal, shape[0] // len(normal)), dtype=dtype or "float32")


class QuantileSpread(keras.layers.Layer):
    """Puts quantiles around a central forecast: (b, h) and a state (b, k) to (b, h, n_levels).

    The median is the central forecast itself; each other level is a linear map of the state away from it. So the median
    is learned from all levels at once (composite quantile regression, Zou and Yuan 2008). Before training the quantiles
    are those of a normal distribution. Levels may cross; whoever reads them puts them in order.

    Parameters
    ----------
    levels : sequence of float
    """

    def __init__(self, levels: Sequence[float], **options: Any) -> None:
        super().__init__(**options)
        self.levels = tuple(float(level) for level in levels)

    def build(self, input_shape: list[tuple[int | None, int]]) -> None:
        """Make the map (k, h * n_levels) and the biases (h * n_levels,)."""
        (_, horizon), (_, size) = input_shape
        count = len(self.levels)
        away = np.array([level != 0.5 for level in self.levels], dtype=np.float32)
        self.kernel = self.add_weight(shape=(size, horizon * count), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(horizon * count,), initializer=NormalSpread(self.levels), name="bias")
        self._away = away

    def call(self, inputs: list[Any]) -> Any:
        """Return quantiles (b, h, n_levels) of ``[middle, state]``."""
        middle, state = inputs
        horizon, count = middle.shape[1], len(self.levels)
        spread = ops.reshape(ops.matmul(state, self.kernel) + self.bias, (-1, horizon, count))
        return middle[:, :, None] + spread * self._away
