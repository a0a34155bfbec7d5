"""N-BEATS and N-HiTS: dense blocks, each of which forecasts what the blocks before it left of the window."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from dl_core.evaluate.forecasts import LEVELS, MIDDLE
from dl_core.models.series.network import NetShape, NetworkForecaster, Settings

COVARIATES = 4  # numbers that a step's covariates are brought to


def joined_covariates(shape: NetShape, inputs: dict[str, Any]) -> list[Any]:
    """Return what blocks read beside the window: covariates of each step in few numbers, flat; empty without any."""
    layers = keras.layers
    found = []
    for name in ("past", "future"):
        if name in inputs:
            small = layers.Dense(COVARIATES, activation="tanh", name=f"{name}_small")(inputs[name])
            found.append(layers.Flatten(name=f"{name}_flat")(small))
    return found


@keras.saving.register_keras_serializable(package="daylight")
class Fan(keras.layers.Layer):
    """Quantiles in order around a median: (b, h) and (b, h, levels) raw widths to (b, h, levels)."""

    def call(self, inputs: list[Any]) -> Any:
        """Return the median plus and minus sums of positive widths."""
        ops = keras.ops
        middle, raw = inputs
        width = ops.softplus(raw)
        below = ops.flip(ops.cumsum(ops.flip(width[:, :, :MIDDLE], axis=2), axis=2), axis=2)
        above = ops.cumsum(width[:, :, MIDDLE + 1 :], axis=2)
        middle = middle[:, :, None]
        return ops.concatenate([middle - below, middle, middle + above], axis=2)


class NBeats(NetworkForecaster):
    """A doubly-residual stack of dense blocks."""

    name = "nbeats"
    defaults = Settings()

    @staticmethod
    def build(shape: NetShape) -> keras.Model:
        """Return the network."""
        layers = keras.layers
        inputs = shape.inputs()
        beside = joined_covariates(shape, inputs)
        rest, total, states = inputs["window"], None, []
        for block in range(shape.blocks):
            x = layers.Concatenate(name=f"read_{block}")([rest, *beside]) if beside else rest
            for layer in range(shape.depth):
                x = layers.Dense(shape.width, activation="relu", name=f"block_{block}_{layer}")(x)
                if shape.dropout:
                    x = layers.Dropout(shape.dropout)(x)
            states.append(x)
            part = layers.Dense(shape.horizon, name=f"ahead_{block}")(x)
            total = part if total is None else layers.Add(name=f"sum_{block}")([total, part])
            if block + 1 < shape.blocks:
                back = layers.Dense(shape.length, name=f"back_{block}")(x)
                rest = layers.Subtract(name=f"rest_{block}")([rest, back])
        x = layers.Concatenate(name="states")(states) if len(states) > 1 else states[0]
        raw = layers.Dense(shape.horizon * shape.levels, name="widths")(x)
        raw = layers.Reshape((shape.horizon, shape.levels), name="widths_by_step")(raw)
        return keras.Model(inputs, Fan(name="fan")([total, raw]), name="nbeats")
