"""One linear layer from the scaled window to the steps ahead, solved rather than trained: an ensemble's linear path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Held
from dl_core.models.series.network import NetworkForecaster
from dl_core.models.series.settings import NetShape, Settings
from dl_core.models.series.stack import DenseStack, Stack
from dl_core.models.series.windows import Windows

MOST = 30_000  # windows that are solved for
NEAR = 20.0  # scaled values beyond this are cut, so that no outlier bends the layer
ROUNDS = 3  # of weighing windows by their error, so that it is absolute errors that become small
RIDGES = (1e-3, 1e-2, 1e-1)  # penalties that held windows choose from, in units of the mean squared input
TINY = 1e-3


class Spread(keras.layers.Layer):
    """Quantiles (b, horizon, levels) at fixed distances from medians (b, horizon)."""

    def __init__(self, horizon: int, levels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offsets = self.add_weight(shape=(horizon, levels), initializer="zeros", trainable=False, name="offsets")

    def call(self, middle: Any) -> Any:
        """Return the medians with the distances added."""
        return middle[:, :, None] + self.offsets


class LinearPath(NetworkForecaster):
    """A global linear regression of the steps ahead on the scaled window.

    Zeng et al. 2023, "Are transformers effective for time series forecasting?", show how far one linear layer goes.
    Deviations: it is solved as a ridge regression, windows reweighed by their errors so that absolute errors count;
    quantiles are those of the errors; covariates are not read.
    """

    name = "linear_path"
    defaults = Settings(calendar=False)

    @staticmethod
    def build(shape: NetShape) -> keras.Model:
        """Return the layer with distances for quantiles."""
        inputs = shape.inputs()
        near = keras.layers.Lambda(_near, output_shape=(shape.length,), name="near")(inputs["window"])
        middle = keras.layers.Dense(shape.horizon, kernel_initializer="zeros", name="ahead")(near)
        return keras.Model(inputs, Spread(shape.horizon, shape.levels, name="spread")(middle), name="linear_path")

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Solve for the layer; held windows choose the penalty."""
        if held is not None or not self.networks:
            self._start(known, replace(context, options={**context.options, "seeds": 1}))
        windows = Windows(known, self.shape.length, self.horizon, self.covariates, self.settings.recent)
        if not len(windows):
            context.emit({"event": "warning", "text": "No series is long enough to train on"})
            return
        x, y = solvable(self, windows, context.seed)
        context.progress(0.5, "Fitting the linear component")
        if not len(x):
            return
        if held is None:
            self._solve(x, y, float(self.chosen.get("ridge", RIDGES[1])))
            return
        judge, found = self._judge(self.networks[0], held), {}
        for ridge in RIDGES:
            self._solve(x, y, ridge)
            found[ridge] = judge()["val_mase"]
        best = min(found, key=found.__getitem__)
        self.chosen |= {"ridge": best, "mase": found[best]}
        self._solve(x, y, best)

    def _solve(self, x: np.ndarray, y: np.ndarray, ridge: float) -> None:
        """Set the layer's weights from windows (m, length) and targets (m, horizon)."""
        kernel, bias, rest = solve_linear(x, y, ridge)
        offsets = np.quantile(rest, LEVELS, axis=0).T  # (h, levels)
        self.networks[0].set_weights([kernel, bias + offsets[:, MIDDLE], offsets - offsets[:, MIDDLE, None]])


class LinearStart(DenseStack):
    """A stack of dense blocks beside a linear layer that starts at the solution of `LinearPath`.

    Training then begins where the linear path ends, and all of it goes on to be trained.
    """

    name = "linear_start"

    @staticmethod
    def build(shape: NetShape) -> keras.Model:
        """Return the network; before training it is the linear layer alone."""
        stack = Stack(shape, calm=True)
        near = keras.layers.Lambda(_near, output_shape=(shape.length,), name="near")(stack.inputs["window"])
        stack.ahead["linear"] = keras.layers.Dense(shape.horizon, name="linear_ahead")(near)
        for number in range(shape.blocks):
            stack.block(f"block_{number}", "rest")
        return stack.network("linear_start")

    def _start(self, known: Panel, context: FitContext) -> None:
        super()._start(known, context)
        windows = Windows(known, self.shape.length, self.horizon, self.covariates, self.settings.recent)
        x, y = solvable(self, windows, context.seed) if len(windows) else (np.zeros((0, 0)),) * 2
        if len(x):
            kernel, bias, _ = solve_linear(x, y, RIDGES[0])
            for network in self.networks:
                network.get_layer("linear_ahead").set_weights([kernel, bias])


def solvable(model: NetworkForecaster, windows: Windows, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scaled windows (m, length) and targets (m, horizon) without missing or far values, drawn at random."""
    inputs, targets = model._batch(windows, np.random.default_rng(seed), int(min(MOST, 2 * len(windows))))
    whole = ~np.isnan(targets).any(axis=1)
    return np.clip(inputs["window"][whole], -NEAR, NEAR), np.clip(targets[whole], -NEAR, NEAR)


def solve_linear(x: np.ndarray, y: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return kernel (length, horizon), bias (horizon,) and what is left (m, horizon) of the ridge regression of y on x.

    Windows are reweighed by their errors, so that absolute errors become small rather than squared ones.
    """
    wide = np.concatenate([x, np.ones((len(x), 1), dtype=x.dtype)], axis=1)  # (m, length + 1)
    weight, solved = np.ones((len(x), 1), dtype=x.dtype), np.zeros((wide.shape[1], y.shape[1]))
    for _ in range(ROUNDS):
        weighed = wide * (weight / weight.sum())
        square = (weighed.T @ wide).astype(float)
        penalty = ridge * np.trace(square[:-1, :-1]) / x.shape[1] * np.eye(len(square))
        penalty[-1, -1] = 0.0
        solved = np.linalg.solve(square + penalty + 1e-9 * np.eye(len(square)), weighed.T @ y)
        error = np.abs(wide @ solved - y).mean(axis=1, keepdims=True)
        weight = (1.0 / (error + TINY + 0.1 * np.median(error))).astype(x.dtype)
    return solved[:-1], solved[-1], y - wide @ solved


def _near(window: Any) -> Any:
    return keras.ops.clip(window, -NEAR, NEAR)
