"""A small patch transformer: the window in overlapping patches, which attend to one another."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.models.series.network import NetShape, NetworkForecaster, Settings
from dl_core.models.series.network_parts import (
    QuantileSpread,
    StepVectors,
    history,
    linear_path,
    put_on,
    without_effects,
)
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.train_network import ForecastPlan

PATCH = 16  # steps of a patch; the next one begins half a patch later
LAYERS, HEADS = 2, 4
DROPOUT = 0.2
LEAST = 1e-5  # added to a window's variance
SCALING = Scaling(size="spread", log=False)
PLAN = ForecastPlan(epochs=6, steps=60, batch_size=128, learning_rate=2e-3)


def build_patches(shape: NetShape) -> keras.Model:
    """Return a transformer encoder over patches of the window, with a linear head.

    Nie et al. 2023, "A time series is worth 64 words" (PatchTST): overlapping patches of one series as tokens,
    normalisation of each window, learned places. Deviations: two layers of pre-normalised attention rather than three,
    patches of a quarter of a short window, covariates of the past in the patches and those known ahead with an effect
    of their own (`without_effects`), a linear path beside (`linear_path`), quantiles around the head's forecast.
    """
    inputs = shape.inputs()
    window, effect = without_effects(inputs, shape.length)
    mean = ops.mean(window, axis=1, keepdims=True)
    spread = ops.sqrt(ops.var(window, axis=1, keepdims=True) + LEAST)
    size = patch_size(shape.length)
    known = {name: part for name, part in inputs.items() if name == "past"}
    patches = Patches(size, max(1, size // 2), name="patches")(history(known, (window - mean) / spread, shape.length))
    x = keras.layers.Dense(shape.width, name="embedded")(patches)
    x = x + StepVectors(patches.shape[1], shape.width, name="places")(x[:, 0])
    for number in range(LAYERS):
        x = _layer(x, shape.width, f"layer_{number}")
    x = keras.layers.LayerNormalization(name="norm")(x)
    flat = keras.layers.Flatten(name="flat")(x)
    small = keras.initializers.RandomNormal(stddev=0.01)
    flat = keras.layers.Dropout(DROPOUT, name="flat_dropped")(flat)
    middle = keras.layers.Dense(shape.horizon, kernel_initializer=small, name="linear")(flat)
    middle = middle + linear_path((window - mean) / spread, shape.horizon)
    state = keras.layers.Dense(shape.width // 2, activation="gelu", name="state")(flat)
    found = QuantileSpread(LEVELS, name="quantiles")([middle, state]) * spread[:, :, None]
    level = mean if effect is None else put_on(mean, effect)
    found = put_on(level[:, :, None], found)
    return keras.Model(inputs, found, name="patches")


def patch_size(length: int) -> int:
    """Return the steps of a patch: `PATCH`, or a quarter of a window that is short."""
    return max(1, min(PATCH, length // 4))


def _layer(x: Any, width: int, name: str) -> Any:
    """Return one layer of a transformer's encoder, normalised before each part."""
    normed = keras.layers.LayerNormalization(name=f"{name}_norm_a")(x)
    attention = keras.layers.MultiHeadAttention(
        HEADS, max(1, width // HEADS), dropout=DROPOUT, name=f"{name}_attention"
    )
    x = x + attention(normed, normed)
    hidden = keras.layers.LayerNormalization(name=f"{name}_norm_b")(x)
    hidden = keras.layers.Dense(2 * width, activation="gelu", name=f"{name}_wide")(hidden)
    hidden = keras.layers.Dense(width, name=f"{name}_narrow")(hidden)
    return x + keras.layers.Dropout(DROPOUT, name=f"{name}_dropped")(hidden)


class Patches(keras.layers.Layer):
    """Cuts steps (b, L, c) into overlapping patches (b, n, size * c), after the last step stood once more at the end.

    Parameters
    ----------
    size, stride : int
        Steps of a patch, and from one to the next. ``stride`` copies of the last step are put at the end, as in the
        paper, so that n = (L - size) // stride + 2.
    """

    def __init__(self, size: int, stride: int, **options: Any) -> None:
        super().__init__(**options)
        self.size, self.stride = size, stride

    def call(self, x: Any) -> Any:
        """Return the patches of x (b, L, c)."""
        count, channels = self._count(x.shape[1]), x.shape[2]
        longer = ops.concatenate([x, ops.repeat(x[:, -1:], self.stride, axis=1)], axis=1)
        places = [[patch * self.stride + step for step in range(self.size)] for patch in range(count)]
        found = ops.take(longer, ops.convert_to_tensor(places, dtype="int32"), axis=1)  # (b, n, size, c)
        return ops.reshape(found, (-1, count, self.size * channels))

    def compute_output_shape(self, input_shape: tuple[int | None, int, int]) -> tuple[int | None, int, int]:
        """Return the shape of the patches."""
        return (input_shape[0], self._count(input_shape[1]), self.size * input_shape[2])

    def _count(self, steps: int) -> int:
        return (steps - self.size) // self.stride + 2


class PatchTransformer(NetworkForecaster):
    """A small transformer over patches of the window: `build_patches`."""

    name = "patches"
    defaults = Settings(width=32, scaling=SCALING, plan=PLAN)
    build = staticmethod(build_patches)
