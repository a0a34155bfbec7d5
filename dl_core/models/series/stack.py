"""N-BEATS and its plain form: dense blocks, each of which reads what the blocks before it left of the window."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.series.bases import Basis, knots, polynomial, waves
from dl_core.models.series.judge import predict_blocks
from dl_core.models.series.network import NetworkForecaster
from dl_core.models.series.settings import NetShape, Settings
from dl_core.models.series.train_network import ForecastPlan

COVARIATES = 4  # numbers that a step's covariates are brought to
PARTS = ("trend", "season", "rest")


class Fan(keras.layers.Layer):
    """Quantiles in order around a median: medians (b, h) and raw widths (b, h, levels) to (b, h, levels)."""

    def call(self, inputs: list[Any]) -> Any:
        """Return the median minus and plus sums of positive widths."""
        ops = keras.ops
        middle, raw = inputs
        width = ops.softplus(raw)
        below = ops.flip(ops.cumsum(ops.flip(width[:, :, :MIDDLE], axis=2), axis=2), axis=2)
        above = ops.cumsum(width[:, :, MIDDLE + 1 :], axis=2)
        middle = middle[:, :, None]
        return ops.concatenate([middle - below, middle, middle + above], axis=2)


class Stack:
    """A doubly-residual stack while it is built: what is left of the window, and the forecast so far.

    Parameters
    ----------
    shape : NetShape
    calm : bool
        Whether blocks forecast nothing before training.
    """

    def __init__(self, shape: NetShape, calm: bool = False) -> None:
        self.shape, self.inputs = shape, shape.inputs()
        self.first = "zeros" if calm else "glorot_uniform"
        self.rest = self.inputs["window"]  # (b, length)
        self.ahead: dict[str, Any] = {}  # part → (b, horizon)
        self.states: list[Any] = []
        self.beside = self._beside()

    def _beside(self) -> list[Any]:
        """Return covariates of the last season (or horizon) and ahead, each step's in few numbers, (b, steps · few)."""
        layers, shape, found = keras.layers, self.shape, []
        span = max([shape.horizon, *(one for one in shape.seasons if one <= shape.length)])
        first = max(0, shape.length - span)  # what stands before it tells little and costs much
        for name in ("past", "future"):
            if name in self.inputs:
                recent = self.inputs[name][:, first:]  # (b, steps, columns)
                small = layers.Dense(COVARIATES, activation="tanh", name=f"{name}_small")(recent)
                found.append(layers.Flatten(name=f"{name}_flat")(small))
        return found

    def block(self, name: str, part: str, shapes: tuple[np.ndarray, np.ndarray] | None = None, pool: int = 1) -> None:
        """Add a block to ``part`` of the forecast.

        Parameters
        ----------
        name, part : str
        shapes : tuple of numpy.ndarray or None
            What the block's numbers are spread over, (k, length) and (k, horizon); None for steps of their own.
        pool : int
            Steps of the window that are read as one, by their largest.
        """
        layers, shape = keras.layers, self.shape
        read = self.rest
        if pool > 1:
            read = layers.Reshape((shape.length, 1), name=f"{name}_steps")(read)
            read = layers.MaxPooling1D(pool, padding="same", name=f"{name}_pooled")(read)
            read = layers.Flatten(name=f"{name}_flat")(read)
        x = layers.Concatenate(name=f"{name}_read")([read, *self.beside]) if self.beside else read
        for layer in range(shape.depth):
            x = layers.Dense(shape.width, activation="relu", name=f"{name}_{layer}")(x)  # (b, width)
            if shape.dropout:
                x = layers.Dropout(shape.dropout, name=f"{name}_drop_{layer}")(x)
        self.states.append(x)
        if shapes is None:
            back = layers.Dense(shape.length, name=f"{name}_back")(x)
            ahead = layers.Dense(shape.horizon, kernel_initializer=self.first, name=f"{name}_ahead")(x)
        else:
            back, ahead = (
                Basis(one, name=f"{name}_{side}")(layers.Dense(len(one), name=f"{name}_{side}_numbers")(x))
                for side, one in zip(("back", "ahead"), shapes, strict=True)
            )
        self.rest = layers.Subtract(name=f"{name}_rest")([self.rest, back])
        so_far = self.ahead.get(part)
        self.ahead[part] = ahead if so_far is None else layers.Add(name=f"{name}_sum")([so_far, ahead])

    def network(self, name: str) -> keras.Model:
        """Return the network: the parts' sum is the median, and the blocks' states give the widths around it."""
        layers, shape = keras.layers, self.shape
        parts = [layers.Identity(name=part)(value) for part, value in self.ahead.items()]
        middle = layers.Add(name="middle")(parts) if len(parts) > 1 else parts[0]
        few = shape.horizon * shape.levels <= shape.width  # else the widths' layer would be the largest of all
        join = layers.Concatenate(name="states") if few else layers.Add(name="states")
        states = join(self.states) if len(self.states) > 1 else self.states[0]
        raw = layers.Dense(shape.horizon * shape.levels, name="widths")(states)
        raw = layers.Reshape((shape.horizon, shape.levels), name="widths_by_step")(raw)
        return keras.Model(self.inputs, Fan(name="fan")([middle, raw]), name=name)


class DenseStack(NetworkForecaster):
    """A doubly-residual stack of plain dense blocks: the generic N-BEATS.

    Oreshkin et al. 2020, "N-BEATS: neural basis expansion analysis for interpretable time series forecasting".
    Deviations: quantiles around the median, whose widths one layer reads from all blocks; covariates stand beside the
    window; each window is scaled by itself; pinball loss.
    """

    name = "dense_stack"
    defaults = Settings(width=384, depth=2, blocks=3, plan=ForecastPlan(epochs=6, average=0.98))

    @staticmethod
    def build(shape: NetShape) -> keras.Model:
        """Return the network of ``shape.blocks`` plain blocks."""
        stack = Stack(shape)
        for number in range(shape.blocks):
            stack.block(f"block_{number}", "rest")
        return stack.network("dense_stack")


class NBeats(NetworkForecaster):
    """A doubly-residual stack that tells trend, season and rest apart.

    Oreshkin et al. 2020, "N-BEATS". A block for the trend (polynomials), one for the season (sines and cosines of the
    panel's seasons), then plain blocks for the rest. Deviations: interpretable and generic blocks stand in one stack;
    quantiles around the median, whose widths one layer reads from all blocks; covariates stand beside the window;
    pinball loss on windows scaled by themselves.
    """

    name = "nbeats"
    defaults = Settings(width=256, depth=2, blocks=2, plan=ForecastPlan(epochs=6, average=0.98))

    @staticmethod
    def build(shape: NetShape) -> keras.Model:
        """Return the network; ``shape.blocks`` counts the blocks of the rest."""
        stack = Stack(shape)
        stack.block("trend_block", "trend", polynomial(shape.length, shape.horizon))
        stack.block("season_block", "season", waves(shape.length, shape.horizon, shape.seasons))
        for number in range(shape.blocks):
            stack.block(f"block_{number}", "rest")
        return stack.network("nbeats")

    def components(self, panel: Panel) -> dict[str, np.ndarray]:
        """Return ``trend`` (the window's last level among it), ``season`` and ``rest``, each (n, horizon).

        Where logarithms were taken, what season and rest add to what came before them is given, so that all three sum
        to the central forecast.
        """
        inputs = self.inputs(panel)
        scaled, reference = self.settings.scaling.apply(inputs["window"], self.horizon)
        read, sums = {**inputs, "window": scaled}, []
        for network in self.networks:
            parts = keras.ops.stack([network.get_layer(part).output for part in PARTS], axis=2)
            sums.append(predict_blocks(keras.Model(network.inputs, parts), read))
        so_far = np.cumsum(np.mean(sums, axis=0).astype(float), axis=2)  # (n, h, 3)
        levels = self.settings.scaling.back(so_far, reference)
        found = np.diff(levels, axis=2, prepend=0.0)
        return {part: found[:, :, at] for at, part in enumerate(PARTS)}


class NHits(NetworkForecaster):
    """Dense blocks that read the window at several rates and forecast as many knots as suit each rate.

    Challu et al. 2023, "N-HiTS: neural hierarchical interpolation for time series forecasting". The first block reads
    coarsely (largest of 8 steps) and forecasts few knots joined by straight lines, the last reads every step.
    Deviations: quantiles around the median, whose widths one layer reads from all blocks; covariates stand beside the
    window; rates are 8, 4, 2 and 1 steps; pinball loss on windows scaled by themselves.
    """

    name = "nhits"
    defaults = Settings(width=256, depth=2, plan=ForecastPlan(epochs=6, average=0.98))

    @staticmethod
    def build(shape: NetShape) -> keras.Model:
        """Return the network."""
        stack = Stack(shape)
        for rate in (8, 4, 2, 1):
            count = max(1, -(-shape.horizon // rate)), max(2, -(-shape.length // rate))
            shapes = knots(count[1], shape.length), knots(count[0], shape.horizon)
            stack.block(f"rate_{rate}", "rest", shapes if rate > 1 else None, pool=min(rate, shape.length))
        return stack.network("nhits")
