"""Linear forecasters: NLinear, DLinear and a seasonal one whose weights are shared by all phases of the season."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.models.series.network import NetShape, NetworkForecaster, Settings
from dl_core.models.series.network_parts import (
    QuantileSpread,
    past_effect,
    put_on,
    sum_of,
    without_effects,
)
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.train_network import ForecastPlan

AVERAGED = 25  # steps of the moving average that is DLinear's trend, as in the paper
SCALING = Scaling(size="spread", log=False)
PLAN = ForecastPlan(epochs=6, steps=100, batch_size=256, learning_rate=2e-3)


def build_nlinear(shape: NetShape) -> keras.Model:
    """Return NLinear: one linear layer from the window, less its last value, to the steps ahead.

    Zeng et al. 2023, "Are transformers effective for time series forecasting?". Deviations: covariates have an effect
    of their own (`without_effects`), and quantiles are spread around the linear forecast, which is their median.
    """
    inputs = shape.inputs()
    window, effect = without_effects(inputs, shape.length)
    last = window[:, -1:]
    centred = window - last
    linear = keras.layers.Dense(shape.horizon, kernel_initializer="zeros", name="linear")(centred)
    return _model(
        "nlinear", shape, inputs, centred, sum_of([put_on(last, linear), effect, past_effect(inputs, shape.horizon)])
    )


def build_dlinear(shape: NetShape) -> keras.Model:
    """Return DLinear: a linear layer each for the window's moving average and for what it leaves.

    Zeng et al. 2023, with the same deviations as `build_nlinear`; the average is over at most half the window.
    """
    inputs = shape.inputs()
    window, effect = without_effects(inputs, shape.length)
    average = MovingAverage(min(AVERAGED, max(1, shape.length // 2)), name="average")(window)
    even = keras.initializers.Constant(1.0 / shape.length)
    trend = keras.layers.Dense(shape.horizon, kernel_initializer=even, name="trend")(average)
    rest = keras.layers.Dense(shape.horizon, kernel_initializer="zeros", name="rest")(window - average)
    return _model("dlinear", shape, inputs, window, sum_of([trend, rest, effect, past_effect(inputs, shape.horizon)]))


def build_seasonal_linear(shape: NetShape) -> keras.Model:
    """Return a linear forecast of each phase of the season, with the same weights for all phases.

    Lin et al. 2024, "SparseTSF": the window, less its mean and smoothed by a learned average over about a season, is
    cut into whole seasons; one small matrix turns the seasons seen into those ahead. A few hundred numbers instead of
    tens of thousands, so little history is enough. Deviations as in `build_nlinear`. Where the window has no two
    seasons this is NLinear's matrix on the window less its mean.
    """
    inputs = shape.inputs()
    season = next((one for one in shape.seasons if shape.length >= 2 * one), 1)
    window, effect = without_effects(inputs, shape.length)
    mean = ops.mean(window, axis=1, keepdims=True)
    centred = window - mean
    smooth = keras.layers.Conv1D(
        1, 2 * (season // 2) + 1, padding="same", use_bias=False, kernel_initializer="zeros", name="smooth"
    )(centred[:, :, None])
    seen = shape.length // season
    phases = (centred + smooth[:, :, 0])[:, shape.length - seen * season :]
    phases = ops.transpose(ops.reshape(phases, (-1, seen, season)), (0, 2, 1))  # (b, season, seen)
    wanted = -(-shape.horizon // season)
    even = keras.initializers.Constant(1.0 / seen)
    later = keras.layers.Dense(wanted, use_bias=False, kernel_initializer=even, name="seasons")(phases)
    later = ops.reshape(ops.transpose(later, (0, 2, 1)), (-1, wanted * season))[:, : shape.horizon]
    parts = [put_on(mean, later), effect, past_effect(inputs, shape.horizon)]
    return _model("seasonal_linear", shape, inputs, centred, sum_of(parts))


def _model(name: str, shape: NetShape, inputs: dict[str, Any], read: Any, middle: Any) -> keras.Model:
    """Return the network with quantiles around ``middle`` (b, h), as wide as the window ``read`` (b, L) suggests."""
    state = keras.layers.Dense(shape.width, activation="gelu", name="state")(read)
    return keras.Model(inputs, QuantileSpread(LEVELS, name="quantiles")([middle, state]), name=name)


class MovingAverage(keras.layers.Layer):
    """Centred moving average of steps (b, L), with the first and last value standing in beyond the ends.

    Parameters
    ----------
    size : int
        Steps that are averaged.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def call(self, x: Any) -> Any:
        """Return the average of x (b, L), (b, L)."""
        before = (self.size - 1) // 2
        first = ops.repeat(x[:, :1], before, axis=1)
        last = ops.repeat(x[:, -1:], self.size - 1 - before, axis=1)
        longer = ops.concatenate([first, x, last], axis=1)
        return ops.average_pool(longer[:, :, None], self.size, strides=1, padding="valid")[:, :, 0]


class NLinear(NetworkForecaster):
    """One linear layer from the window, less its last value, to the steps ahead: `build_nlinear`."""

    name = "nlinear"
    defaults = Settings(width=16, scaling=SCALING, plan=PLAN, calendar=False)
    build = staticmethod(build_nlinear)


class DLinear(NetworkForecaster):
    """A linear layer each for trend and rest of the window: `build_dlinear`."""

    name = "dlinear"
    defaults = Settings(width=16, scaling=SCALING, plan=PLAN, calendar=False)
    build = staticmethod(build_dlinear)


class SeasonalLinear(NetworkForecaster):
    """One small matrix from the seasons seen to those ahead, for every phase: `build_seasonal_linear`."""

    name = "seasonal_linear"
    defaults = Settings(width=16, scaling=SCALING, plan=PLAN, calendar=False)
    build = staticmethod(build_seasonal_linear)
